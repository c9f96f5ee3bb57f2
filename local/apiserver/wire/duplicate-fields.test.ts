import assert from "node:assert/strict";
import fc from "fast-check";
import { duplicateFields } from "./duplicate-fields.ts";

describe("repeated fields", () => {
  const cases: Readonly<Record<string, string[]>> = {
    '{"a":1,"b":{"a":2}}': [],
    '{"a":1,"a":2,"a":3}': ["a"],
    '{"a":{"b":[{"c":1},{"c":1,"c":2}]}}': ["a.b[1].c"],
    '{"a":"a","b":["a","a"],"c":"\\"a\\":"}': [],
    '{"a":1,"\\u0061":2}': ["a"],
    '[{"x":1,"x":1}]': ["[0].x"],
    "1": [],
  };
  for (const [json, expected] of Object.entries(cases))
    it(`finds ${expected.length === 0 ? "none" : expected.join()} in ${json}`, () => assert.deepEqual(duplicateFields(json), expected));

  it("finds none in what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.json(), (json) => assert.deepEqual(duplicateFields(JSON.stringify(JSON.parse(json))), [])),
      { numRuns: 300 },
    );
  });
});
