import type { JsonType } from "./structural.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Whether the real server would hold the value as an integer: anything else numeric is a float there. */
export function isInteger(value: unknown): value is number | bigint {
  if (typeof value === "bigint") return value >= INT64_MIN && value <= INT64_MAX;
  return Number.isSafeInteger(value);
}

/** The JSON type of a value and the format its Go representation has, in the words of error messages. */
export function goTypeOf(value: unknown): { readonly type: JsonType; readonly format: string } {
  switch (typeof value) {
    case "string":
      return { type: "string", format: "" };
    case "boolean":
      return { type: "boolean", format: "" };
    case "number":
    case "bigint":
      return isInteger(value) ? { type: "integer", format: "int64" } : { type: "number", format: "float64" };
    default:
      return { type: Array.isArray(value) ? "array" : "object", format: "" };
  }
}
