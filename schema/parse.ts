import type { AnyKind } from "./kind.ts";
export function parseObject(_kind: AnyKind, _object: unknown): unknown {
  throw new Error("not yet");
}
