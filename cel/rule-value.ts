/** The part of a structural schema that decides how a JSON value reads in CEL. */
export interface RuleSchema {
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly properties?: Readonly<Record<string, RuleSchema>> | undefined;
  readonly additionalProperties?: RuleSchema | boolean | undefined;
  readonly items?: RuleSchema | undefined;
  readonly "x-kubernetes-int-or-string"?: boolean | undefined;
}

function numberValue(value: number, schema: RuleSchema | undefined): bigint | number {
  if (schema?.type === "number") return value;
  return Number.isInteger(value) ? BigInt(value) : value;
}

function fieldSchema(schema: RuleSchema | undefined, key: string): RuleSchema | undefined {
  const own = schema?.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  return own ?? (typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined);
}

/**
 * A JSON value as CEL reads it under a structural schema: integers are bigint, numbers stay doubles, `format: date-time`
 * is a timestamp. Without a schema a whole number is an integer. Objects become Maps, so no key is special.
 */
export function ruleValue(value: unknown, schema?: RuleSchema): unknown {
  if (typeof value === "number") return numberValue(value, schema);
  if (typeof value === "bigint") return schema?.type === "number" ? Number(value) : value;
  if (typeof value === "string" && schema?.format === "date-time") return new Date(value);
  if (Array.isArray(value)) return value.map((item) => ruleValue(item, schema?.items));
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, field]) => [key, ruleValue(field, fieldSchema(schema, key))]));
}
