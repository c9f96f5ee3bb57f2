import assert from "node:assert/strict";
import fc from "fast-check";
import { copyJson, parseJson, stringifyJson } from "./json.ts";

describe("JSON", () => {
  it("keeps integers that a double cannot hold, both ways", () => {
    const text = '{"small":1,"big":[9007199254740993],"float":0.1}';
    assert.deepEqual(parseJson(text), { small: 1, big: [9007199254740993n], float: 0.1 });
    assert.equal(stringifyJson(parseJson(text)), text);
  });

  it("writes what JSON.stringify writes where there is no bigint", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => stringifyJson(value) === JSON.stringify(value)));
  });

  it("still refuses a cycle", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    assert.throws(() => stringifyJson(cyclic));
  });

  it("copies deeply: equal, and nothing shared", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const frozen = JSON.stringify(value);
        const copy = copyJson({ value });
        assert.deepEqual(copy, { value });
        (copy as { value: unknown }).value = null;
        return JSON.stringify(value) === frozen;
      }),
    );
  });

  it("copies a field named __proto__ as a field", () => {
    const copy = copyJson(JSON.parse('{"a":{"__proto__":{"b":1}}}') as { a: object });
    assert.deepEqual(Object.keys(copy.a), ["__proto__"]);
    assert.equal(JSON.stringify(copy), '{"a":{"__proto__":{"b":1}}}');
  });
});
