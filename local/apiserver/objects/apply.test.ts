import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/index.ts";
import { compileStructural } from "../../../schema/structural/index.ts";
import { type Apply, applyPatch } from "./apply.ts";
import { builtinSchema } from "./builtin.ts";
import { keepTimes, trackUpdate } from "./track-update.ts";

const item = { type: "object", properties: { name: { type: "string" }, count: { type: "integer" } } } as const;
const schema = compileStructural({
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        size: { type: "integer" },
        tags: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
        parts: { type: "array", items: item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] },
        labels: { type: "object", additionalProperties: { type: "string" } },
        open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
  },
});

const NOON = Date.UTC(2026, 0, 1, 12);

const thing = (spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: "x/v1",
  kind: "Thing",
  metadata: { name: "a", ...metadata },
  spec,
});

function write(manager: string, changes: Partial<Apply> = {}): Apply {
  return { manager, schema, subresource: "", apiVersion: "x/v1", now: NOON, reset: [["status"]], force: false, ...changes };
}

function applied(live: KubeObject | undefined, spec: Record<string, unknown>, manager: string, changes: Partial<Apply> = {}): KubeObject {
  const result = applyPatch(live, thing(spec), write(manager, changes));
  assert.equal(result.kind, "applied", JSON.stringify(result));
  return (result as Extract<typeof result, { kind: "applied" }>).object;
}

function refusedBecause(live: KubeObject, spec: Record<string, unknown>, manager: string): string {
  const result = applyPatch(live, thing(spec), write(manager));
  assert.equal(result.kind, "conflicts");
  return (result as Extract<typeof result, { kind: "conflicts" }>).message;
}

const fieldsOf = (object: KubeObject, manager: string) => object.metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;

describe("server-side apply", () => {
  it("records what was applied, when, and nothing that names the object", () => {
    const object = applied(undefined, { size: 1 }, "one");
    assert.deepEqual(object.metadata.managedFields, [
      {
        manager: "one",
        operation: "Apply",
        apiVersion: "x/v1",
        time: "2026-01-01T12:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: { "f:spec": { "f:size": {} } },
      },
    ]);
  });

  it("does not touch the time of an apply that changes nothing", () => {
    const first = applied(undefined, { size: 1, parts: [{ name: "a" }] }, "one");
    const again = applied(first, { size: 1, parts: [{ name: "a" }] }, "one", { now: NOON + 60_000 });
    assert.deepEqual(again, first);
  });

  it("names each conflicting field under its owner", () => {
    const live = applied(applied(undefined, { size: 1 }, "one"), { parts: [{ name: "a", count: 1 }] }, "two");
    assert.equal(refusedBecause(live, { size: 2 }, "three"), 'Apply failed with 1 conflict: conflict with "one": .spec.size');
    assert.equal(
      refusedBecause(live, { size: 2, parts: [{ name: "a", count: 2 }] }, "three"),
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.size\nconflicts with "two":\n- .spec.parts[name="a"].count',
    );
  });

  it("lets an applier's silence about a field others own be no conflict", () => {
    const live = applied(undefined, { size: 1, labels: { a: "1" } }, "one");
    assert.deepEqual(applied(live, { labels: { b: "2" } }, "two")["spec"], { size: 1, labels: { a: "1", b: "2" } });
  });

  it("removes an item only when nobody else says anything about it", () => {
    const live = applied(applied(undefined, { parts: [{ name: "a", count: 1 }, { name: "b" }] }, "one"), { parts: [{ name: "b" }] }, "two");
    assert.deepEqual(applied(live, {}, "one")["spec"], { parts: [{ name: "b" }] });
  });

  it("leaves what an updater changed in an abandoned field alone", () => {
    const live = applied(undefined, { size: 1, tags: ["a"] }, "one");
    const updated = trackUpdate(live, { ...live, spec: { size: 5, tags: ["a"] } }, write("person"));
    assert.deepEqual(applied(updated, { tags: ["a"] }, "one")["spec"], { size: 5, tags: ["a"] });
  });

  it("calls the fields of an object without managers before-first-apply", () => {
    const object = applied(thing({ size: 1 }), { tags: ["a"] }, "one");
    assert.deepEqual(fieldsOf(object, "before-first-apply"), { "f:spec": { ".": {}, "f:size": {} } });
  });

  it("lets kubectl take over what its client-side apply wrote, and keeps its annotation true", () => {
    const annotation = "kubectl.kubernetes.io/last-applied-configuration";
    const last = JSON.stringify(thing({ size: 1 }));
    const created = trackUpdate(undefined, thing({ size: 1 }, { annotations: { [annotation]: last } }), write("kubectl-client-side-apply"));
    const result = applied(created, { size: 2 }, "kubectl");
    assert.deepEqual(result["spec"], { size: 2 });
    assert.equal(JSON.parse(result.metadata.annotations?.[annotation] ?? "").spec.size, 2);
    assert.match(refusedBecause(created, { size: 2 }, "other"), /conflict with "kubectl-client-side-apply" using x\/v1/);
  });

  it("does not give the status to an applier of the object", () => {
    const result = applyPatch(
      undefined,
      { ...thing({ size: 1 }), status: { phase: "x" } },
      write("one", { schema: compileStructural({ type: "object", "x-kubernetes-preserve-unknown-fields": true }) }),
    );
    assert.equal(result.kind, "applied");
    assert.deepEqual(result.kind === "applied" && fieldsOf(result.object, "one"), { "f:spec": { ".": {}, "f:size": {} } });
  });

  it("says what it cannot understand", () => {
    const problem = (spec: Record<string, unknown>) => {
      const result = applyPatch(undefined, thing(spec), write("one"));
      return result.kind === "invalid" ? result.message.replace(/^.*?\): /, "") : result.kind;
    };
    assert.equal(problem({ bogus: 1 }), ".spec.bogus: field not declared in schema");
    assert.equal(problem({ parts: [{ name: "a" }, { name: "a" }] }), '.spec.parts: duplicate entries for key [name="a"]');
    assert.equal(problem({ size: "x" }), ".spec.size: expected numeric (int or float), got string");
    assert.match(problem({ parts: [{ count: 1 }] }), /element 0: associative list with keys has an element that omits all key fields \["name"\]/);
  });

  it("fills in key defaults of built-in lists", () => {
    const pod = builtinSchema("", "v1", "Pod");
    assert.ok(pod);
    const body: KubeObject = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c", ports: [{ containerPort: 80 }] }] } };
    const result = applyPatch(undefined, body, write("one", { schema: pod, apiVersion: "v1" }));
    assert.ok(result.kind === "applied" && JSON.stringify(fieldsOf(result.object, "one")).includes('\\"protocol\\":\\"TCP\\"'));
  });
});

describe("tracking of updates", () => {
  it("credits the creator with everything, and a later writer with what changed", () => {
    const created = trackUpdate(undefined, thing({ size: 1, tags: ["a"] }), write("creator"));
    const updated = trackUpdate(created, { ...created, spec: { size: 2, tags: ["a"] } }, write("editor", { now: NOON + 1_000 }));
    assert.deepEqual(fieldsOf(updated, "creator"), { "f:spec": { ".": {}, "f:tags": { ".": {}, 'v:"a"': {} } } });
    assert.deepEqual(fieldsOf(updated, "editor"), { "f:spec": { "f:size": {} } });
  });

  it("forgets who owned what is gone", () => {
    const created = trackUpdate(undefined, thing({ size: 1 }), write("creator"));
    const updated = trackUpdate(created, { ...created, spec: {} }, write("editor"));
    assert.deepEqual(fieldsOf(updated, "creator"), { "f:spec": {} });
    assert.equal(fieldsOf(updated, "editor"), undefined);
  });

  it("changes nothing for a write that changes nothing", () => {
    const created = trackUpdate(undefined, thing({ size: 1 }), write("creator"));
    assert.deepEqual(trackUpdate(created, structuredClone(created), write("creator", { now: NOON + 60_000 })), created);
  });

  it("keeps live's times when only times differ", () => {
    const live = trackUpdate(undefined, thing({ size: 1 }), write("creator"));
    const later = trackUpdate(undefined, thing({ size: 1 }), write("creator", { now: NOON + 60_000 }));
    assert.deepEqual(keepTimes(live, later), live);
    assert.notDeepEqual(keepTimes(live, { ...later, spec: { size: 2 } }).metadata.managedFields, live.metadata.managedFields);
  });

  it("forgets every manager when the writer asks for it", () => {
    const live = trackUpdate(undefined, thing({ size: 1 }), write("creator"));
    const reset = trackUpdate(live, { ...live, metadata: { ...live.metadata, managedFields: [] } }, write("editor"));
    assert.equal(reset.metadata.managedFields, undefined);
  });

  it("starts no bookkeeping on an object that has none", () => {
    const live = thing({ size: 1 });
    assert.equal(trackUpdate(live, thing({ size: 2 }), write("editor")).metadata.managedFields, undefined);
  });

  it("folds the oldest of more than ten updaters into one", () => {
    let live = trackUpdate(undefined, thing({ labels: { start: "x" } }), write("creator"));
    for (let index = 0; index < 14; index++) {
      const labels = { ...(live["spec"] as { labels: Record<string, string> }).labels, [`k${index}`]: "v" };
      live = trackUpdate(live, { ...live, spec: { labels } }, write(`writer-${index}`, { now: NOON + index * 1_000 }));
    }
    const managers = live.metadata.managedFields?.map((entry) => entry.manager) ?? [];
    assert.equal(managers.length, 10);
    assert.ok(managers.includes("ancient-changes"));
  });
});
