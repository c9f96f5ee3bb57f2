import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Fields } from "../base/index.ts";
import { allKinds } from "./all-kinds.ts";
import { schemaTightenings, tightenings } from "./testing/tightening.ts";

const ROOT = "crds/released";

/** What a change of a schema is called, by the change: empty for those that only loosen. */
const CHANGES: Readonly<Record<string, readonly [before: Fields, after: Fields, ...said: string[]]>> = {
  "a new optional field": [{ properties: {} }, { properties: { a: { type: "string" } } }],
  "a new required field": [{ properties: {} }, { required: ["a"], properties: { a: { type: "string" } } }, "x: a is required now"],
  "a new required field with a default": [{ properties: {} }, { required: ["a"], properties: { a: { type: "string", default: "b" } } }],
  "an optional field that becomes required": [
    { properties: { a: { type: "string" } } },
    { required: ["a"], properties: { a: { type: "string" } } },
    "x: a is required now",
  ],
  "a required field that becomes optional": [{ required: ["a"], properties: { a: {} } }, { properties: { a: {} } }],
  "a field that is gone": [{ properties: { a: {} } }, { properties: {} }, "x.a: is gone"],
  "a field that an open object swallows": [{ properties: { a: {} } }, { "x-kubernetes-preserve-unknown-fields": true }],
  "an open object that is closed": [
    { "x-kubernetes-preserve-unknown-fields": true },
    { properties: { a: {} } },
    "x: unknown fields are dropped",
    "x.a: anything was allowed here",
  ],
  "another type": [{ type: "string" }, { type: "integer" }, "x: type is integer, was string"],
  "integers that become numbers": [{ type: "integer" }, { type: "number" }],
  "numbers that become integers": [{ type: "number" }, { type: "integer" }, "x: type is integer, was number"],
  "text that becomes a quantity": [{ type: "string" }, { "x-kubernetes-int-or-string": true }],
  "a wider enum": [{ enum: ["a"] }, { enum: ["b", "a"] }],
  "a narrower enum": [{ enum: ["a", "b"] }, { enum: ["b"] }, 'x: enum has no "a" any more'],
  "an enum where there was none": [{}, { enum: ["a"] }, "x: enum is new"],
  "an enum that goes": [{ enum: ["a"] }, {}],
  "a larger limit": [
    { maxLength: 5, minimum: 3 },
    { maxLength: 6, minimum: 2 },
  ],
  "a smaller limit": [{ maxLength: 6, minimum: 2 }, { maxLength: 5, minimum: 3 }, "x: maxLength is 5, was 6", "x: minimum is 3, was 2"],
  "a limit where there was none": [{}, { maxItems: 5 }, "x: maxItems 5 is new"],
  "another pattern": [{ pattern: "^a$" }, { pattern: "^[ab]$" }, "x: pattern is another one"],
  "a pattern where there was none": [{}, { pattern: "a" }, "x: pattern is new"],
  "a pattern that goes": [{ pattern: "a" }, {}],
  "a new rule": [{}, { "x-kubernetes-validations": [{ rule: "self > 0" }] }, "x: rule is new: self > 0"],
  "a rule that goes": [{ "x-kubernetes-validations": [{ rule: "self > 0" }] }, {}],
  "a rule with other words for people": [
    { "x-kubernetes-validations": [{ rule: "self > 0", message: "a" }] },
    { "x-kubernetes-validations": [{ rule: "self > 0", message: "b" }] },
  ],
  "another default": [{ default: 1 }, { default: 2 }, "x: default is 2, was 1"],
  "a default that goes": [{ default: 1 }, {}, "x: default is undefined, was 1"],
  "a default where there was none": [{}, { default: 1 }],
  "null that is refused": [{ nullable: true }, {}, "x: null is refused"],
  "another merging of a list": [
    { "x-kubernetes-list-type": "atomic" },
    { "x-kubernetes-list-type": "set" },
    'x: x-kubernetes-list-type is "set", was "atomic"',
  ],
  "tighter entries of a list and a map": [
    { items: { maxLength: 2 }, additionalProperties: { maxLength: 2 } },
    { items: { maxLength: 1 }, additionalProperties: { maxLength: 1 } },
    "x[]: maxLength is 1, was 2",
    "x.*: maxLength is 1, was 2",
  ],
  "a map that takes no keys any more": [{ additionalProperties: { type: "string" } }, {}, "x.*: is gone"],
};

const definition = (version: Fields, spec: Fields = {}): Fields => ({
  spec: {
    group: "flyte.org",
    scope: "Namespaced",
    names: { kind: "A", plural: "as" },
    versions: [{ name: "v1", served: true, storage: true, ...version }],
    ...spec,
  },
});

describe("a kind after a release", () => {
  for (const [title, [before, after, ...said]] of Object.entries(CHANGES)) {
    it(`${said.length === 0 ? "may have" : "may not have"} ${title}`, () => assert.deepEqual(schemaTightenings(before, after, "x"), said));
  }

  it("may not lose a version, its storage, a subresource, a selectable field, or what it is called", () => {
    const before = definition({ subresources: { status: {} }, selectableFields: [{ jsonPath: ".spec.a" }] });
    assert.deepEqual(tightenings(before, definition({ name: "v2" })), ["version v1 is gone"]);
    assert.deepEqual(tightenings(before, definition({ served: false, storage: false })), [
      "version v1 is not served",
      "version v1 is not stored: objects of it need a migration",
      "version v1 has no subresource status",
      "version v1 cannot be selected by .spec.a",
    ]);
    assert.deepEqual(tightenings(before, { spec: { ...(before["spec"] as Fields), scope: "Cluster", names: { kind: "A", plural: "bs" } } }), [
      "scope is another one",
      "plural is another one",
    ]);
  });

  for (const version of readdirSync(ROOT)) {
    for (const file of readdirSync(join(ROOT, version))) {
      it(`takes every ${file.replace(".yaml", "")} that ${version} took`, () => {
        const released = parse(readFileSync(join(ROOT, version, file), "utf8")) as { metadata: { name: string } };
        const kind = allKinds.find(({ plural, group }) => `${plural}.${group}` === released.metadata.name);
        assert.ok(kind, `${released.metadata.name} is gone`);
        assert.deepEqual(tightenings(released as unknown as Fields, JSON.parse(JSON.stringify(kind.crd())) as Fields), []);
      });
    }
  }
});
