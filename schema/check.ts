import type { AnyKind } from "./kind.ts";
import type { Problem } from "./problem.ts";
export function checkObject(_kind: AnyKind, _object: unknown, _old?: unknown): Problem[] {
  throw new Error("not yet");
}
