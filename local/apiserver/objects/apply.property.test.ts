import assert from "node:assert/strict";
import fc from "fast-check";
import type { KubeObject } from "../../../kube/index.ts";
import { compileStructural } from "../../../schema/structural/index.ts";
import { type Apply, applyPatch } from "./apply.ts";
import { trackUpdate } from "./track-update.ts";

const text = { type: "string" } as const;
const schema = compileStructural({
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        size: { type: "integer" },
        tags: { type: "array", items: text, "x-kubernetes-list-type": "set" },
        steps: { type: "array", items: text },
        parts: {
          type: "array",
          items: { type: "object", properties: { name: text, value: text } },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
        },
        labels: { type: "object", additionalProperties: text },
        open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
  },
});

const letter = fc.constantFrom("a", "b", "c");
const part = fc.record({ name: letter, value: letter }, { requiredKeys: ["name"] });
/** Without empty sets and keyed lists: nobody owns those, and the real server drops one that it emptied and takes it back at the next apply. */
const spec = fc.record(
  {
    size: fc.integer({ min: 1, max: 3 }),
    tags: fc.uniqueArray(letter, { minLength: 1 }),
    steps: fc.array(letter, { maxLength: 2 }),
    parts: fc.uniqueArray(part, { minLength: 1, selector: (one) => one.name }),
    labels: fc.dictionary(letter, letter),
    open: fc.dictionary(letter, fc.oneof(letter, fc.dictionary(letter, letter))),
  },
  { requiredKeys: [] },
);
const step = fc.record({ manager: fc.constantFrom("one", "two"), spec, how: fc.constantFrom("apply", "update") });

const write = (manager: string): Apply => ({ manager, schema, subresource: "", apiVersion: "x/v1", now: 0, reset: [], force: true });
const thing = (body: unknown): KubeObject => ({ apiVersion: "x/v1", kind: "Thing", metadata: { name: "a" }, spec: body });

function applied(live: KubeObject | undefined, body: unknown, manager: string): KubeObject {
  const result = applyPatch(live, thing(body), write(manager));
  assert.equal(result.kind, "applied");
  return (result as Extract<typeof result, { kind: "applied" }>).object;
}

function history(steps: readonly { manager: string; spec: unknown; how: string }[]): KubeObject | undefined {
  let live: KubeObject | undefined;
  for (const { manager, spec: body, how } of steps) {
    live = how === "apply" ? applied(live, body, manager) : trackUpdate(live, { ...(live ?? thing({})), spec: body }, write(manager));
  }
  return live;
}

describe("server-side apply, after any history", () => {
  const histories = fc.array(step, { maxLength: 4 });

  it("is idempotent: applying the same again changes nothing", () => {
    fc.assert(
      fc.property(histories, spec, (steps, body) => {
        const once = applied(history(steps), body, "one");
        // What an applier empties becomes null, which validation refuses: no such object is ever stored.
        fc.pre(!JSON.stringify(once).includes("null"));
        // Who applies nothing but empty lists owns nothing, and then nobody does.
        fc.pre(once.metadata.managedFields !== undefined);
        assert.deepEqual(applied(once, body, "one"), once);
      }),
      { numRuns: 300 },
    );
  });

  it("gives the applier every value it applied", () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 3 }), fc.array(letter, { maxLength: 2 }), (steps, size, list) => {
        const { spec: merged } = applied(history(steps), { size, steps: list }, "one") as unknown as { spec: { size: number; steps: string[] } };
        assert.deepEqual([merged.size, merged.steps], [size, list]);
      }),
      { numRuns: 200 },
    );
  });

  it("never conflicts with itself", () => {
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 4 }), (specs) => {
        let live: KubeObject | undefined;
        for (const body of specs) {
          const result = applyPatch(live, thing(body), { ...write("one"), force: false });
          assert.equal(result.kind, "applied");
          if (result.kind === "applied") live = result.object;
        }
      }),
      { numRuns: 200 },
    );
  });

  it("leaves no trace of a manager that applies nothing", () => {
    fc.assert(
      fc.property(spec, (body) => {
        const emptied = applied(applied(undefined, body, "one"), undefined, "one");
        assert.equal(
          emptied.metadata.managedFields?.some((entry) => JSON.stringify(entry.fieldsV1) === "{}"),
          undefined,
        );
      }),
      { numRuns: 100 },
    );
  });
});
