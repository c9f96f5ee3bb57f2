import fc from "fast-check";
import type { KeyRule, Node } from "../../schema/index.ts";

type Value = fc.Arbitrary<unknown>;

const SCALARS = fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.double({ noNaN: true }), fc.constant(null));
/** Values of every JSON type: what a person may write in the wrong place. */
const STRAY: Value = fc.oneof(
  { weight: 4, arbitrary: SCALARS },
  fc.array(SCALARS, { maxLength: 2 }),
  fc.dictionary(fc.string({ maxLength: 4 }), SCALARS, { maxKeys: 2 }),
);
const FORMS = fc.oneof(
  SCALARS,
  fc.constantFrom<unknown>(
    { from: "inputs.x" },
    { file: "a.csv" },
    { value: { a: 1 } },
    { uri: "s3://b/c" },
    { expr: "1" },
    [1, 2],
    { frm: 1 },
    { a: 1, b: 2 },
  ),
);

function text(node: Extract<Node, { kind: "string" }>): Value {
  if (node.enum) return fc.constantFrom(...node.enum);
  if (node.format === "date-time") return fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+02:00", "2026-13-01T00:00:00Z", "today");
  if (node.format === "byte") return fc.constantFrom("", "AAAA", "CgA=", "no!");
  if (node.pattern === undefined) return fc.string({ maxLength: 12 });
  return fc.oneof({ weight: 9, arbitrary: fc.stringMatching(new RegExp(node.pattern, "u"), { size: "-1" }) }, fc.string({ maxLength: 6 }));
}

function numeric(node: Extract<Node, { kind: "integer" | "number" }>): Value {
  const near = [node.minimum ?? 0, node.maximum ?? 7, (node.minimum ?? 1) - 1, (node.maximum ?? 9) + 1, 1];
  return node.kind === "integer" ? fc.constantFrom(...near) : fc.constantFrom(...near, 0.5, 1.5);
}

function keys(rule: KeyRule | undefined): fc.Arbitrary<string> {
  return rule
    ? fc.oneof({ weight: 9, arbitrary: fc.stringMatching(new RegExp(rule.pattern, "u"), { size: "-1" }) }, fc.string({ maxLength: 4 }))
    : fc.string({ minLength: 1, maxLength: 8 });
}

function fields(node: Extract<Node, { kind: "object" }>): Value {
  const entries = Object.entries(node.fields);
  const required = entries.filter(([, field]) => !field.optional && field.default === undefined).map(([name]) => name);
  const record = fc.record(Object.fromEntries(entries.map(([name, field]) => [name, arbitraryValue(field)])), { requiredKeys: required });
  return fc
    .tuple(
      record,
      fc.subarray(
        entries.map(([name]) => name),
        { maxLength: Math.min(4, entries.length) },
      ),
    )
    .map(([all, kept]) => {
      return Object.fromEntries(Object.entries(all).filter(([name]) => required.includes(name) || kept.includes(name)));
    });
}

function shaped(node: Node): Value {
  switch (node.kind) {
    case "string":
      return text(node);
    case "integer":
    case "number":
      return numeric(node);
    case "boolean":
      return fc.boolean();
    case "quantity":
      return fc.constantFrom("1", "500m", "2Gi", 1, 0.5, "256MB");
    case "text-or-object":
      return fc.oneof(text(node.text), fields(node.object));
    case "object":
      return fields(node);
    case "list":
      return fc.array(arbitraryValue(node.items), { minLength: node.minItems ?? 0, maxLength: 2 });
    case "map":
      return fc.dictionary(keys(node.keys), arbitraryValue(node.values), { minKeys: node.minProperties ?? 0, maxKeys: 2 });
    case "open":
      return fc.dictionary(keys(node.keys), node.values ? FORMS : SCALARS, { maxKeys: 2 });
    case "any":
      return FORMS;
  }
}

/** Mostly what the declaration allows, now and then something else: both sides of every limit. */
export function arbitraryValue(node: Node): Value {
  return fc.oneof({ weight: 60, arbitrary: shaped(node) }, { weight: 1, arbitrary: STRAY });
}
