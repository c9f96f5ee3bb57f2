import type { Cause } from "./cause.ts";
import { checkValue } from "./check-value.ts";
import { defaultObject } from "./default-object.ts";
import { invalid } from "./field-error.ts";
import type { JsonSchema } from "./json-schema.ts";
import { checkListKeys } from "./list-key.ts";
import { prune } from "./prune.ts";
import { compileStructural, type Structural } from "./structural.ts";

function checkDefault(node: Structural, path: string): Cause[] {
  const value = node.source.default;
  if (value === undefined || value === null) return [];
  const wrapped = { value: structuredClone(value) };
  const unknown = prune(compileStructural({ type: "object", properties: { value: node.source } }), wrapped);
  if (unknown.length > 0) return [invalid(path, value, "must not have unknown fields")];
  defaultObject(node, wrapped.value);
  const causes = [...checkValue(node, wrapped.value, "", undefined), ...checkListKeys(node, wrapped.value)];
  return causes.map((cause) => ({ ...cause, field: cause.field === "<nil>" ? path : `${path}.${cause.field}` }));
}

function visit(node: Structural, path: string): Cause[] {
  const causes = checkDefault(node, `${path}.default`);
  for (const [name, child] of node.properties) causes.push(...visit(child, `${path}.properties[${name}]`));
  if (node.items) causes.push(...visit(node.items, `${path}.items`));
  if (node.additional !== undefined && node.additional !== "any") causes.push(...visit(node.additional, `${path}.additionalProperties`));
  return causes;
}

/** Every default must itself be valid, with nothing that would be pruned. */
export function checkDefaults(schema: JsonSchema, path: string): Cause[] {
  return visit(compileStructural(schema), path);
}
