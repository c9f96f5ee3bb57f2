import { isFields } from "../../../base/index.ts";

/** The Go type that holds a JSON value, as `%T` names it. */
export function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (isFields(value)) return "map[string]interface {}";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return Number.isInteger(value) || typeof value === "bigint" ? "int64" : "float64";
}

/** A JSON value as `%v` shows it. */
export function goText(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isFields(value)) return String(value);
  const fields = Object.keys(value).sort();
  return `map[${fields.map((name) => `${name}:${goText(value[name])}`).join(" ")}]`;
}

/** A JSON value as `%#v` shows it. */
export function goSyntax(value: unknown): string {
  if (value === null) return "interface {}(nil)";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `${goTypeName(value)}{${value.map(goSyntax).join(", ")}}`;
  if (!isFields(value)) return String(value);
  const fields = Object.keys(value).sort();
  return `${goTypeName(value)}{${fields.map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`).join(", ")}}`;
}
