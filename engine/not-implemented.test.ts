import assert from "node:assert/strict";
import { RunKind, TaskKind, WorkflowKind } from "../crds/index.ts";
import { type FieldRules, RUN_FIELDS, TASK_FIELDS, WORKFLOW_FIELDS } from "./not-implemented.ts";

interface SchemaLike {
  readonly properties?: Readonly<Record<string, SchemaLike>>;
  readonly additionalProperties?: SchemaLike | boolean;
  readonly items?: SchemaLike;
}

function* fieldsOf(schema: SchemaLike, prefix = ""): Iterable<string> {
  const children: [string, SchemaLike][] = Object.entries(schema.properties ?? {});
  if (typeof schema.additionalProperties === "object") children.push(["*", schema.additionalProperties]);
  if (schema.items) children.push(["*", schema.items]);
  for (const [name, child] of children) {
    yield prefix + name;
    yield* fieldsOf(child, `${prefix}${name}.`);
  }
}

function specOf(kind: { crd(): object }): SchemaLike {
  const crd = kind.crd() as { spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: SchemaLike } } } }[] } };
  return crd.spec.versions[0]!.schema.openAPIV3Schema.properties.spec;
}

describe("fields that do not work yet", () => {
  const kinds: readonly (readonly [string, { crd(): object }, FieldRules])[] = [
    ["Task", TaskKind, TASK_FIELDS],
    ["Workflow", WorkflowKind, WORKFLOW_FIELDS],
    ["Run", RunKind, RUN_FIELDS],
  ];
  for (const [name, kind, rules] of kinds) {
    it(`are decided one by one for ${name}`, () => {
      assert.deepEqual(
        [...fieldsOf(specOf(kind))].filter((field) => rules[field] === undefined),
        [],
      );
    });
  }
});
