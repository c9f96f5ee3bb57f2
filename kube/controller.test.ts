import assert from "node:assert/strict";
import { type Outcome, RetryableFailure, seededRandom, settled, silentLogger, TerminalFailure, waiting } from "../base/index.ts";
import { settle } from "../test/support/virtual-clock.ts";
import { type TestCluster, testCluster } from "../test/support/test-cluster.ts";
import type { ObjectClient } from "./client.ts";
import { conditionOf } from "./conditions.ts";
import { type Controller, controller, type ControllerDeps, type ObservedPass, type Watch } from "./controller.ts";
import type { PassResult } from "./metrics.ts";
import { informerSet } from "./informer-set.ts";
import { Kinds } from "./kinds.ts";
import type { KindRef, KubeObject, Stored } from "./object.ts";
import type { Reconciler, ReconcileRun } from "./reconcile-pass.ts";

const Widget: KindRef = { group: "example.dev", version: "v1", kind: "Widget", plural: "widgets", namespaced: true };
interface WidgetObject extends KubeObject {
  spec: { size: number };
  status?: { size?: number; [field: string]: unknown };
}

const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
const definition: KubeObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.dev" },
  spec: {
    group: "example.dev",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets", singular: "widget", listKind: "WidgetList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", properties: { spec: open, status: open } } },
      },
    ],
  },
};

/** Counts the writes of a client. */
function counting(client: ObjectClient): ObjectClient & { readonly writes: string[] } {
  const writes: string[] = [];
  const wrapped: ObjectClient = {
    ...client,
    create: (kind, object, how) => (writes.push(`create ${kind.kind}`), client.create(kind, object, how)),
    patch: (kind, ref, patch, how) => (writes.push(`patch ${kind.kind}${how?.subresource ? `/${how.subresource}` : ""}`), client.patch(kind, ref, patch, how)),
    delete: (kind, ref, how) => (writes.push(`delete ${kind.kind}`), client.delete(kind, ref, how)),
  };
  return Object.assign(wrapped, { writes });
}

describe("controller", () => {
  let cluster: TestCluster;
  let stop: AbortController;
  let running: Promise<unknown>[];
  const results: PassResult[] = [];

  before(async () => {
    cluster = await testCluster({ namespaces: ["ns"] });
    await cluster.client.create(Kinds.CustomResourceDefinition, definition);
    await cluster.clock.advance(1_000);
  });
  after(() => cluster.close());
  beforeEach(() => {
    stop = new AbortController();
    running = [];
    results.length = 0;
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
    for (const { metadata } of (await cluster.client.list(Widget)).items) {
      await cluster.client.patch(Widget, metadata, { type: "merge", body: { metadata: { finalizers: null } } });
      await cluster.client.delete(Widget, metadata);
    }
  });

  function run(
    reconcile: (widget: Stored<WidgetObject>, run: ReconcileRun) => Promise<Outcome>,
    more: Partial<Reconciler<WidgetObject>> = {},
    watches: Watch[] = [],
    shared: Partial<ControllerDeps> = {},
  ) {
    const client = counting(cluster.client);
    const { clock } = cluster;
    const informers = informerSet({ client, clock, random: seededRandom(1), logger: silentLogger });
    const made: Controller = controller<WidgetObject>(
      { informers, clock, random: seededRandom(1), logger: silentLogger, ...shared },
      { reconciler: { kind: Widget, reconcile, ...more }, watches, observe: ({ result }) => results.push(result) },
    );
    running.push(informers.run(stop.signal), made.run(stop.signal));
    return { client, made };
  }

  const create = (name: string, size = 1) =>
    cluster.client.create<WidgetObject>(Widget, { apiVersion: "example.dev/v1", kind: "Widget", metadata: { namespace: "ns", name }, spec: { size } });
  const read = (name: string) => cluster.client.get<WidgetObject>(Widget, { namespace: "ns", name });
  const ready = async (name: string) => {
    const condition = conditionOf(await read(name), "Ready");
    return condition && `${condition.status}/${condition.reason}`;
  };
  const copySize = async (widget: Stored<WidgetObject>): Promise<Outcome> => {
    (widget.status ??= {}).size = widget.spec.size;
    return settled();
  };

  it("writes the status once, with conditions and the generation it saw", async () => {
    const { client } = run(copySize);
    await create("a", 3);
    await settle(30);
    const { status, metadata } = await read("a");
    assert.equal(status?.size, 3);
    assert.equal(status?.["observedGeneration"], metadata.generation);
    assert.equal(await ready("a"), "True/Succeeded");
    assert.deepEqual(client.writes, ["patch Widget/status", "create Event"]);
  });

  it("writes nothing when a settled world is looked at again", async () => {
    const { client, made } = run(copySize);
    await create("a");
    await settle(30);
    client.writes.length = 0;
    made.wake("ns/a");
    await settle(30);
    assert.deepEqual(client.writes, []);
  });

  it("says why it waits, and looks again when it was told to", async () => {
    let passes = 0;
    run(async () => ((passes += 1) < 3 ? waiting("NoRoom", "a node", 1_000) : settled()));
    await create("a");
    await settle(30);
    assert.equal(await ready("a"), "Unknown/NoRoom");
    await cluster.clock.advance(5_000);
    assert.equal(await ready("a"), "True/Succeeded");
    assert.equal(conditionOf(await read("a"), "Reconciling"), undefined);
  });

  it("stalls on a terminal failure until the object changes", async () => {
    let passes = 0;
    run(async (widget) => {
      passes += 1;
      if (widget.spec.size < 0) throw new TerminalFailure("Negative", "size must not be negative");
      return settled();
    });
    await create("a", -1);
    await cluster.clock.advance(60_000);
    assert.equal(conditionOf(await read("a"), "Stalled")?.reason, "Negative");
    assert.ok(passes <= 2, `${passes} passes`);
    await cluster.client.patch(Widget, { namespace: "ns", name: "a" }, { type: "merge", body: { spec: { size: 1 } } });
    await settle(30);
    assert.equal(await ready("a"), "True/Succeeded");
    assert.equal(conditionOf(await read("a"), "Stalled"), undefined);
  });

  it("tries again with growing delays after a failure that may pass, and records one Event with a count", async () => {
    let passes = 0;
    run(async () => {
      passes += 1;
      if (passes % 2 === 1 && passes < 6) throw new RetryableFailure("Away", "no answer");
      return settled();
    });
    await create("flappy");
    for (let round = 0; round < 6; round += 1) {
      await cluster.clock.advance(10_000);
      await cluster.client.patch(Widget, { namespace: "ns", name: "flappy" }, { type: "merge", body: { spec: { size: round } } });
    }
    await cluster.clock.advance(10_000);
    const events = (await cluster.client.list<KubeObject & { reason?: string; count?: number }>(Kinds.Event, { namespace: "ns" })).items;
    const away = events.filter(({ reason, involvedObject }) => reason === "Away" && (involvedObject as { name?: string }).name === "flappy");
    assert.equal(away.length, 1);
    assert.ok((away[0]?.count ?? 0) >= 2);
  });

  it("treats an unexpected throw as a bug and keeps trying", async () => {
    let passes = 0;
    run(async () => {
      passes += 1;
      if (passes === 1) throw new TypeError("boom");
      return settled();
    });
    await create("a");
    await settle(30);
    await cluster.clock.advance(1_000);
    assert.ok(results.includes("bug"));
    assert.equal(await ready("a"), "True/Succeeded");
  });

  it("survives a conflicting write without a word in the conditions", async () => {
    let first = true;
    run(async (widget) => {
      if (first) {
        first = false;
        await cluster.client.patch(Widget, { namespace: "ns", name: "a" }, { type: "merge", body: { spec: { size: 9 } } });
      }
      return copySize(widget);
    });
    await create("a");
    await cluster.clock.advance(100);
    assert.ok(results.includes("conflict"));
    assert.equal((await read("a")).status?.size, 9);
  });

  it("says what a pass did although somebody put an annotation on the object meanwhile", async () => {
    let passes = 0;
    run(async (widget, { event }) => {
      passes += 1;
      if (passes > 1) return settled();
      widget.status = { ...widget.status, size: 7 };
      event({ type: "Normal", reason: "Applied", message: "all of it" });
      await cluster.client.patch(Widget, { namespace: "ns", name: "a" }, { type: "merge", body: { metadata: { annotations: { seen: "yes" } } } });
      return settled();
    });
    await create("a");
    await cluster.clock.advance(1_000);
    const { status, metadata } = await read("a");
    assert.deepEqual([status?.size, metadata.annotations, results.includes("conflict")], [7, { seen: "yes" }, false]);
    const events = (await cluster.client.list<KubeObject & { reason?: string }>(Kinds.Event, { namespace: "ns" })).items;
    assert.ok(events.some(({ reason }) => reason === "Applied"));
  });

  it("puts its finalizer on before the first pass and takes it off when finalizing has settled", async () => {
    const seen: string[] = [];
    let leftovers = 2;
    run(
      async (widget) => {
        seen.push(`reconcile ${(widget.metadata.finalizers ?? []).join()}`);
        return settled();
      },
      {
        finalizer: "example.dev/cleanup",
        async finalize() {
          seen.push("finalize");
          return (leftovers -= 1) > 0 ? waiting("Cleaning", "leftovers", 100) : settled();
        },
      },
    );
    await create("a");
    await settle(30);
    await cluster.client.delete(Widget, { namespace: "ns", name: "a" });
    await cluster.clock.advance(1_000);
    assert.equal(seen[0], "reconcile example.dev/cleanup");
    assert.deepEqual(
      seen.filter((word) => word === "finalize"),
      ["finalize", "finalize"],
    );
    await assert.rejects(read("a"), { code: 404 });
  });

  it("leaves suspended objects alone", async () => {
    const { client } = run(copySize, { suspended: () => true });
    await create("a");
    await settle(30);
    assert.deepEqual(client.writes, []);
  });

  it("writes nothing about a pass that was cut short because the program ends", async () => {
    const { client } = run(
      (_, { signal, mark }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => {
            mark("Ready", "Stopped", "stopped", "False");
            reject(new RetryableFailure("Stopped", "stopped"));
          }),
        ),
    );
    await create("a");
    await settle(30);
    stop.abort();
    await Promise.all(running);
    assert.deepEqual(client.writes, []);
  });

  it("is woken by what it watches", async () => {
    let passes = 0;
    run(
      async () => {
        passes += 1;
        return settled();
      },
      {},
      [{ kind: Kinds.ConfigMap, keysOf: (map) => [`${map.metadata.namespace}/${map.metadata.name}`] }],
    );
    await create("a");
    await settle(30);
    const before = passes;
    await cluster.client.create(Kinds.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "ns", name: "a" } });
    await settle(30);
    assert.equal(passes, before + 1);
  });

  /** A gate that a test opens. */
  function gate() {
    let isOpen = false;
    let inside = 0;
    const listeners = new Set<(isOurs: (text: string) => boolean) => void>();
    const shards: NonNullable<ControllerDeps["shards"]> = {
      enter(text) {
        if (!isOpen) return undefined;
        inside += 1;
        texts.push(text);
        return () => void (inside -= 1);
      },
      onGain: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const texts: string[] = [];
    const open = () => {
      isOpen = true;
      for (const listener of listeners) listener(() => true);
    };
    return { shards, texts, open, close: () => (isOpen = false), inside: () => inside };
  }

  it("leaves alone what another replica works on, and looks at all of it when it becomes ours", async () => {
    const { shards, open, close, inside, texts } = gate();
    const { client } = run(copySize, {}, [], { shards });
    await create("a", 1);
    await create("b", 2);
    await settle(30);
    assert.deepEqual(client.writes, []);
    open();
    await settle(30);
    assert.equal(client.writes.filter((write) => write === "patch Widget/status").length, 2);
    assert.deepEqual([(await read("a")).status?.size, (await read("b")).status?.size], [1, 2]);
    assert.deepEqual([...new Set(texts)], ["ns"]);
    assert.equal(inside(), 0);
    close();
    await cluster.client.patch(Widget, { namespace: "ns", name: "a" }, { type: "merge", body: { spec: { size: 9 } } });
    await settle(30);
    assert.equal((await read("a")).status?.size, 1);
  });

  it("tells of each pass with its phases, whether they failed or not", async () => {
    const passes: ObservedPass[] = [];
    const reconcile = async (widget: Stored<WidgetObject>, pass: ReconcileRun): Promise<Outcome> => {
      const size = await pass.phase("measure", async () => widget.spec.size);
      if (size === 2) await pass.phase("break", () => Promise.reject(new TerminalFailure("TooLarge", "too large")));
      return settled();
    };
    run(reconcile, {}, [], { onPass: (pass) => passes.push(pass) });
    await create("fine", 1);
    await create("large", 2);
    await settle(30);
    const told = (name: string) => passes.find(({ object }) => object.metadata.name === name);
    assert.deepEqual(
      told("fine")?.phases.map((phase) => [phase.name, phase.failed]),
      [["measure", false]],
    );
    assert.deepEqual(
      told("large")?.phases.map((phase) => [phase.name, phase.failed]),
      [
        ["measure", false],
        ["break", true],
      ],
    );
    assert.deepEqual([told("fine")?.error, told("large")?.error, told("large")?.result], [undefined, "too large", "terminal"]);
  });
});
