import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { type AnyKind, checkStructuralSchema } from "../schema/index.ts";

import { allKinds, RunKind, TaskActionKind } from "./index.ts";
import { changed, exampleOf } from "./testing/examples.ts";

type Schema = Record<string, unknown>;
interface Crd {
  metadata: { name: string };
  spec: {
    names: { shortNames: string[]; categories: string[] };
    scope: string;
    versions: [
      {
        subresources: unknown;
        schema: { openAPIV3Schema: Schema };
        additionalPrinterColumns: { name: string; type: string; jsonPath: string; priority?: number }[];
      },
    ];
  };
}

const crdOf = (kind: { crd(): object }) => kind.crd() as Crd;
const versionOf = (kind: { crd(): object }) => crdOf(kind).spec.versions[0];
const schemaOf = (kind: { crd(): object }) => versionOf(kind).schema.openAPIV3Schema;

/** Every schema of a CRD with its path. */
function* schemas(schema: Schema, path: string): Generator<[string, Schema]> {
  yield [path, schema];
  for (const [name, child] of Object.entries((schema["properties"] ?? {}) as Record<string, Schema>)) yield* schemas(child, `${path}.${name}`);
  for (const name of ["items", "additionalProperties"]) if (typeof schema[name] === "object") yield* schemas(schema[name] as Schema, `${path}[]`);
}

function walk(kind: { crd(): object }): [string, Schema][] {
  return [...schemas(schemaOf(kind), "")];
}

describe("generated CustomResourceDefinitions", () => {
  for (const kind of allKinds) {
    it(`of ${kind.kind} is the committed one`, () => {
      assert.deepEqual(kind.crd(), parse(readFileSync(`crds/generated/${kind.plural}.yaml`, "utf8")));
    });

    it(`of ${kind.kind} is a structural schema`, () => {
      assert.deepEqual(checkStructuralSchema(schemaOf(kind) as never), []);
    });

    it(`of ${kind.kind} documents every field`, () => {
      for (const [path, schema] of walk(kind))
        for (const [name, child] of Object.entries((schema["properties"] ?? {}) as Record<string, Schema>))
          if (`${path}.${name}` !== ".metadata") assert.ok(child["description"], `${path}.${name}`);
    });

    it(`of ${kind.kind} bounds every string, list and map, because CEL is priced by them`, () => {
      for (const [path, schema] of walk(kind)) {
        if (path === ".apiVersion" || path === ".kind") continue;
        if (schema["type"] === "string" && !schema["enum"]) assert.ok(schema["maxLength"], path);
        if (schema["type"] === "array") assert.ok(schema["maxItems"], path);
        if (schema["additionalProperties"]) assert.ok(schema["maxProperties"], path);
      }
    });

    it(`of ${kind.kind} lists it in the category flyte and has a status subresource`, () => {
      assert.deepEqual(crdOf(kind).spec.names.categories, ["flyte"]);
      assert.deepEqual(versionOf(kind).subresources, { status: {} });
    });
  }

  it("have the short names that are printed everywhere", () => {
    assert.deepEqual(allKinds.flatMap((kind) => kind.shortNames).sort(), ["fapp", "fpq", "fproj", "frun", "fsync", "fta", "ftask", "ftrig", "fwf"]);
  });

  const columns = (kind: { crd(): object }) => versionOf(kind).additionalPrinterColumns.filter(({ priority }) => !priority);
  it("print a Run in one line", () => {
    assert.deepEqual(
      columns(RunKind).map(({ name, type, jsonPath }) => [name, type, jsonPath]),
      [
        ["Of", "string", ".status.of"],
        ["Phase", "string", ".status.phase"],
        ["Done", "string", ".status.done"],
        ["Failed", "integer", ".status.counts.failed"],
        ["Revision", "string", ".status.revisionShort"],
        ["Started", "date", ".status.startTime"],
        ["Duration", "string", ".status.duration"],
      ],
    );
  });

  it("print a TaskAction in one line", () => {
    assert.deepEqual(
      columns(TaskActionKind).map(({ name }) => name),
      ["Node", "Type", "Phase", "Attempt", "Cache", "Duration"],
    );
  });
});

describe("editor schemas", () => {
  const editorOf = (kind: AnyKind) => {
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictTypes: false, strictRequired: false });
    addFormats.default(ajv, ["date-time"]);
    ajv.addKeyword({ keyword: "errorMessage", schemaType: "string" });
    return ajv.compile(parse(readFileSync(`crds/generated/schemas/${kind.singular}.json`, "utf8")) as object);
  };

  for (const kind of allKinds) {
    it(`of ${kind.kind} is valid against the meta-schema and accepts the example`, () => {
      const validate = editorOf(kind);
      assert.equal(validate(exampleOf(kind)), true, JSON.stringify(validate.errors));
    });
  }

  it("give one error for one mistake, besides the frame around it", () => {
    const workflow = allKinds.find((kind) => kind.kind === "Workflow");
    assert.ok(workflow);
    const validate = editorOf(workflow);
    for (const [path, value] of [
      ["spec.nodes.split.inputs.dataset", { frm: "x" }],
      ["spec.nodes.split.inputs.dataset", { from: 5 }],
      ["spec.nodes.split.retries", { limt: 5 }],
      ["spec.inputs.folds", 5],
      ["spec.inputs.folds.defualt", 5],
      ["spec.inputs.folds.type", "Integer"],
      ["spec.nodes.train.map.failed", "drop"],
      ["spec.nodes.Up", { sleep: "1s" }],
    ] as const) {
      assert.equal(validate(changed(workflow, path, value)), false, path);
      const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== "if" && keyword !== "propertyNames");
      assert.equal(errors.length, 1, `${path}: ${JSON.stringify(errors)}`);
    }
  });
});
