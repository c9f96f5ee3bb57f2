import { type Fields, isFields, jsonEqual } from "../../base/index.ts";
import { listMapKey } from "./list-key.ts";
import type { Structural } from "./structural.ts";

/** A value beside what it was before the update, where the two can be told to be the same thing. */
export interface Correlation {
  readonly schema: Structural;
  readonly value: unknown;
  readonly old: unknown;
}

const fieldsOf = (value: unknown): Fields | undefined => (isFields(value) ? value : undefined);

/** Undefined when there was no such field. */
export function correlateField(correlation: Correlation | undefined, name: string): Correlation | undefined {
  if (!correlation) return undefined;
  const value = fieldsOf(correlation.value);
  const old = fieldsOf(correlation.old);
  const { properties, additional } = correlation.schema;
  const schema = properties.get(name) ?? (additional === "any" ? undefined : additional);
  if (!value || !old || !schema || !Object.hasOwn(old, name)) return undefined;
  return { schema, value: value[name], old: old[name] };
}

/** Items are the same thing only in lists with keys. */
export function correlateItem(correlation: Correlation | undefined, index: number): Correlation | undefined {
  if (!correlation?.schema.items || correlation.schema.listType !== "map") return undefined;
  const { schema, value, old } = correlation;
  if (!Array.isArray(value) || !Array.isArray(old)) return undefined;
  const key = listMapKey(schema, value[index]);
  const previous: unknown = key === undefined ? undefined : old.find((item) => listMapKey(schema, item) === key);
  return previous === undefined ? undefined : { schema: correlation.schema.items, value: value[index], old: previous };
}

export function unchanged(correlation: Correlation | undefined): boolean {
  return correlation !== undefined && jsonEqual(correlation.value, correlation.old);
}
