import type { Cause } from "../../../schema/structural/index.ts";
import { badRequest, invalid, unexplained } from "../status.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";
export type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions";

export interface WriteOptions {
  readonly dryRun: boolean;
  /** "" when the request names none. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["", true],
  ["1", true],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["t", true],
  ["T", true],
  ["0", false],
  ["false", false],
  ["False", false],
  ["FALSE", false],
  ["f", false],
  ["F", false],
]);

/** A boolean of a query as Go reads it: absent is undefined, present without value is true, anything unreadable is true. */
export function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : (BOOLEANS.get(text) ?? true);
}

function unsupported(field: string, value: string, supported: readonly string[]): Cause {
  const names = supported.map((one) => JSON.stringify(one)).join(", ");
  return { reason: "FieldValueNotSupported", message: `Unsupported value: ${value}: supported values: ${names}`, field };
}

/** Refuses a dryRun that is not `All`. */
export function dryRunOf(values: readonly string[], kind: OptionsKind): boolean {
  const wrong = values.filter((value) => value !== "All");
  if (wrong.length === 0) return values.length > 0;
  throw invalid({ group: "meta.k8s.io", kind }, "", [unsupported("dryRun", JSON.stringify(values), ["All"])]);
}

/** The options that a write carries in its query. Throws 422 for values that the real server refuses. */
export function writeOptions(query: URLSearchParams, kind: OptionsKind, isApply = false): WriteOptions {
  const causes: Cause[] = [];
  const fieldManager = query.get("fieldManager") ?? "";
  if ([...fieldManager].length > 128) causes.push({ reason: "FieldValueTooLong", message: "Too long: may not be more than 128 bytes", field: "fieldManager" });
  if (!/^\P{C}*$/u.test(fieldManager))
    causes.push({
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(fieldManager)}: should only contain printable characters`,
      field: "fieldManager",
    });
  const validation = query.get("fieldValidation") ?? "";
  if (kind === "PatchOptions" && !isApply && query.has("force"))
    causes.unshift({ reason: "FieldValueForbidden", message: "Forbidden: may not be specified for non-apply patch", field: "force" });
  if (!["", "Ignore", "Warn", "Strict"].includes(validation))
    causes.push(unsupported("fieldValidation", JSON.stringify(validation), ["", "Ignore", "Strict", "Warn"]));
  const dryRun = dryRunOf(query.getAll("dryRun"), kind);
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", causes);
  return { dryRun, fieldManager, fieldValidation: validation === "" ? "Warn" : (validation as FieldValidation), force: flag(query, "force") === true };
}

/** A resourceVersion of a query: undefined when absent or empty. Throws 400, or 500 where the real server does: for anything but a list. */
export function resourceVersionOf(query: URLSearchParams, lists = false): number | undefined {
  const text = query.get("resourceVersion");
  if (text === null || text === "") return undefined;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  const why = /^[0-9]+$/.test(text) ? "value out of range" : "invalid syntax";
  const message = `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`;
  throw lists ? badRequest(`invalid resource version: ${message}`) : unexplained(500, message);
}

/** A non-negative integer of a query; undefined when absent. Throws 400. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (/^-?[0-9]{1,15}$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}
