import type { AnyKind } from "./kind.ts";
export function editorSchema(_kind: AnyKind): Record<string, unknown> {
  throw new Error("not yet");
}
