import assert from "node:assert/strict";
import { jsonPath } from "./json-path.ts";

describe("JSONPath of columns and selectable fields", () => {
  const value = {
    spec: { size: 3, list: ["a", "b", "c"], "dotted.name": 1, on: false },
    status: {
      conditions: [
        { type: "Ready", status: "True", n: 1 },
        { type: "Other", status: "False", n: 2 },
      ],
    },
    metadata: { annotations: { "a/b": "slash" } },
  };
  const cases: Readonly<Record<string, unknown[]>> = {
    ".spec.size": [3],
    "$.spec.size": [3],
    ".spec.list[0]": ["a"],
    ".spec.list[-1]": ["c"],
    ".spec.list[*]": ["a", "b", "c"],
    ".spec.dotted\\.name": [1],
    ".metadata.annotations['a/b']": ["slash"],
    '.metadata.annotations["a/b"]': ["slash"],
    '.status.conditions[?(@.type=="Ready")].status': ["True"],
    ".status.conditions[?(@.type!='Ready')].status": ["False"],
    ".status.conditions[?(@.n==2)].type": ["Other"],
    ".spec.missing.deeper": [],
    ".spec.size.deeper": [],
    ".spec.constructor": [],
    ".spec.on": [false],
  };
  for (const [path, expected] of Object.entries(cases))
    it(`finds ${JSON.stringify(expected)} at ${path}`, () => assert.deepEqual(jsonPath(path)(value), expected));

  for (const path of [".spec[", ".a[?(@.x>1)]", ".a..b", ".a[x]"]) it(`refuses ${path}`, () => assert.throws(() => jsonPath(path), SyntaxError));
});
