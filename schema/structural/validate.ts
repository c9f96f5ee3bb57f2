import type { Fields } from "../../base/index.ts";
import type { Cause } from "./cause.ts";
import { checkEmbedded } from "./check-embedded.ts";
import { checkValue } from "./check-value.ts";
import { invalid } from "./field-error.ts";
import { checkListKeys } from "./list-key.ts";
import { checkRules } from "./rules.ts";
import type { Structural } from "./structural.ts";

export interface ValidateOptions {
  /** The stored object, on update: rules about change are run, and what did not change may stay invalid. */
  readonly old?: Fields | undefined;
  /** A write to /status checks the schema of `status` only; rules always see the whole object. */
  readonly subresource?: string;
  /** Causes found already (of metadata): some of them stop rules from being run. */
  readonly earlier?: readonly Cause[];
}

/** After these an expression might see what its types forbid, so none is evaluated. */
const BLOCKING: ReadonlySet<string> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);
const NOT_CHECKED = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

function checkSchema(schema: Structural, object: Fields, options: ValidateOptions): Cause[] {
  const root = options.subresource === "status" ? "status" : "";
  const node = root === "" ? schema : schema.properties.get("status");
  const value = root === "" ? object : object["status"];
  if (!node || value === undefined) return [];
  const causes = checkValue(node, value, root, undefined);
  const old = root === "" ? options.old : options.old?.["status"];
  return causes.length === 0 || old === undefined ? causes : checkValue(node, value, root, { schema: node, value, old });
}

/** Repeated keys are refused unless the stored object had some already. */
function checkKeys(schema: Structural, object: Fields, old: Fields | undefined): Cause[] {
  const causes = checkListKeys(schema, object);
  return causes.length > 0 && old && checkListKeys(schema, old).length > 0 ? [] : causes;
}

/**
 * Everything a structural schema demands of an object, after defaulting and pruning, in the real server's words. Returns
 * only what it found itself, `earlier` not repeated. An empty array means valid.
 */
export function validateStructural(schema: Structural, object: Fields, options: ValidateOptions = {}): Cause[] {
  const causes = [...checkSchema(schema, object, options), ...checkKeys(schema, object, options.old), ...checkEmbedded(schema, object)];
  if (!schema.hasRules) return causes;
  const blocked = [...(options.earlier ?? []), ...causes].some((cause) => BLOCKING.has(cause.reason));
  if (blocked) return [...causes, invalid("<nil>", null, NOT_CHECKED)];
  return [...causes, ...checkRules(schema, object, options.old)];
}
