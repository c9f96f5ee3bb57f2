import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson, copyJson, jsonEqual, parseJson, stringifyJson } from "./json.ts";

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

  it("finds equal what differs only in the order of fields or in undefined ones, and nothing else", () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries([
        ["absent", undefined] as const,
        ...Object.entries(value)
          .filter(([key]) => key !== "absent")
          .reverse()
          .map(([key, field]) => [key, reversed(field)] as const),
      ]);
    };
    fc.assert(fc.property(fc.jsonValue(), (value) => jsonEqual(value, reversed(value)) || JSON.stringify(value).includes('"absent"')));
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => jsonEqual(left, right) === (canonicalJson(left) === canonicalJson(right))));
    assert.equal(jsonEqual({ a: 1 }, { a: 1, b: 2 }), false);
    assert.equal(jsonEqual({ a: 1, b: 2 }, { a: 1 }), false);
    assert.equal(jsonEqual({ a: undefined }, {}), true);
    assert.equal(jsonEqual({ a: null }, {}), false);
  });
});
