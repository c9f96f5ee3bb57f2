import assert from "node:assert/strict";
import fc from "fast-check";
import { type JsonObject, LABEL } from "../../base/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { CheckResult } from "../check/check-result.ts";
import type { RepositoryObject } from "../repository-object.ts";
import { checkResult, ModelCluster, repositoryObject } from "../testing/model-cluster.ts";
import { type Plan, planChanges, type PlanOptions } from "./plan.ts";

const options: PlanOptions = {
  self: { uid: "sync-1", namespace: "flyteops-system", name: "main", exists: (uid) => uid === "sync-2" },
  revision: "main@sha1:aaaa",
  prune: true,
  runs: "Create",
  namespace: () => "ready",
};

const plan = (cluster: ModelCluster, checked: CheckResult, more: Partial<PlanOptions> = {}): Plan =>
  planChanges(checked, cluster.inventory, cluster.objects, { ...options, ...more });

function sync(cluster: ModelCluster, objects: readonly RepositoryObject[], more: Partial<PlanOptions> = {}): Plan {
  const made = plan(cluster, checkResult(objects), more);
  cluster.carryOut(made);
  return made;
}

const summary = ({ applies, endings, removals, deferred, gone, problems }: Plan): string[] => [
  ...endings.map(({ kind, entry }) => `${kind} ${entry.kind} ${entry.name}`),
  ...applies.map(({ object }) => `apply ${object.kind} ${object.name}`),
  ...removals.map(({ kind, entry }) => `${kind} ${entry.kind} ${entry.name}`),
  ...deferred.map(({ object }) => `defer ${object.kind} ${object.name}`),
  ...gone.map((key) => `gone ${key}`),
  ...problems.map(({ code, object }) => `${code} ${object?.name}`),
];

const task = (name: string, spec: JsonObject = { type: "container" }) => repositoryObject("Task", name, spec);
const run = (name: string, spec: JsonObject = {}, annotations?: Record<string, string>) =>
  repositoryObject("Run", name, { workflow: "iris", ...spec }, annotations ? { annotations } : {});
const RUN = "Run/ml-development/first";

/** A cluster in which these objects have been applied. */
function synced(...objects: RepositoryObject[]): ModelCluster {
  const cluster = new ModelCluster();
  sync(cluster, objects);
  return cluster;
}

function finish(cluster: ModelCluster, key = RUN): void {
  cluster.write(key, (object) => (object["status"] = { phase: "Succeeded" }));
}

describe("planning", () => {
  it("applies what is new, changes what changed, deletes what left, and then rests", () => {
    const cluster = synced(task("a"), task("b"), task("c"));
    const after = [task("a"), task("b", { type: "container", timeout: "5m" }), task("d")];
    assert.deepEqual(summary(sync(cluster, after)), ["apply Task b", "apply Task d", "delete Task c"]);
    assert.deepEqual(summary(plan(cluster, checkResult(after))), []);
  });

  it("does not rewrite an object because the commit moved", () => {
    const cluster = synced(task("a"));
    assert.deepEqual(summary(sync(cluster, [task("a")], { revision: "main@sha1:bbbb" })), []);
    const moved = repositoryObject("Task", "a", { type: "container" }, { file: "elsewhere.yaml" });
    const [apply] = sync(cluster, [moved], { revision: "main@sha1:bbbb" }).applies;
    assert.equal(apply?.body.metadata.annotations?.["flyte.org/revision"], "main@sha1:aaaa");
    assert.equal(apply?.body.metadata.annotations?.["flyte.org/source"], "elsewhere.yaml:1");
  });

  it("repairs drift", () => {
    const cluster = synced(task("a"));
    cluster.write("Task/ml-development/a", (object) => (object["spec"] = { type: "spark" }));
    assert.deepEqual(summary(sync(cluster, [task("a")])), ["apply Task a"]);
    assert.deepEqual(cluster.objects.get("Task/ml-development/a")?.["spec"], { type: "container" });
  });

  it("makes again what somebody deleted", () => {
    const cluster = synced(task("a"));
    cluster.objects.clear();
    assert.deepEqual(summary(sync(cluster, [task("a")])), ["apply Task a"]);
  });

  it("waits for a namespace that does not exist", () => {
    const cluster = new ModelCluster();
    assert.deepEqual(summary(plan(cluster, checkResult([repositoryObject("Project", "ml", {}), task("a")]), { namespace: () => "absent" })), [
      "apply Project ml",
      "defer Task a",
    ]);
  });

  it("leaves an object alone whose manifest is invalid now", () => {
    const cluster = synced(task("a"), task("b"));
    assert.deepEqual(summary(plan(cluster, checkResult([task("b")], { held: new Set(["Task/ml-development/a"]) }))), []);
  });

  it("prunes nothing that came from a file which cannot be read, nor from one that may be it under a new name", () => {
    const cluster = synced(task("a"), task("b"));
    assert.deepEqual(summary(plan(cluster, checkResult([task("b")], { brokenFiles: new Set(["a.yaml"]) }))), []);
    assert.deepEqual(summary(plan(cluster, checkResult([task("b")], { brokenFiles: new Set(["renamed.yaml"]) }))), []);
    assert.deepEqual(summary(plan(cluster, checkResult([task("b")], { brokenFiles: new Set(["b.yaml"]) }))), ["delete Task a"]);
  });

  it("keeps everything when prune is off", () => {
    const cluster = synced(task("a"));
    assert.deepEqual(summary(sync(cluster, [], { prune: false })), ["forget Task a"]);
    assert.equal(cluster.objects.size, 1);
  });

  it("never deletes what has another uid or another owner", () => {
    for (const change of [(object: Stored) => (object.metadata.uid = "other"), (object: Stored) => (object.metadata.labels = { [LABEL.syncUid]: "sync-2" })]) {
      const cluster = synced(task("a"));
      cluster.write("Task/ml-development/a", change);
      assert.deepEqual(summary(plan(cluster, checkResult([]))), ["forget Task a"]);
    }
  });

  it("refuses an object that another sync, Argo CD or Flux manages", () => {
    for (const metadata of [
      { labels: { [LABEL.syncUid]: "sync-2", [LABEL.sync]: "ml.other" } },
      { annotations: { "argocd.argoproj.io/tracking-id": "app:flyte.org/Task:ml/a" } },
      { labels: { "kustomize.toolkit.fluxcd.io/name": "flows" } },
    ]) {
      const cluster = new ModelCluster();
      cluster.write("Task/ml-development/a", (object) => Object.assign(object.metadata, metadata));
      assert.deepEqual(summary(plan(cluster, checkResult([task("a")]))), ["OwnedByAnother a"]);
    }
  });

  it("takes over what people made, and what a sync left behind that is no more", () => {
    for (const labels of [{}, { [LABEL.syncUid]: "sync-0" }]) {
      const cluster = new ModelCluster();
      cluster.write("Task/ml-development/a", (object) => (object.metadata.labels = labels));
      assert.deepEqual(summary(plan(cluster, checkResult([task("a")]))), ["apply Task a"]);
    }
  });
});

describe("Runs in git", () => {
  it("runs once: a Run that is gone is not made again", () => {
    const cluster = synced(run("first"));
    cluster.objects.clear();
    assert.deepEqual(summary(sync(cluster, [run("first")])), [`gone ${RUN}`]);
    cluster.write(RUN, () => undefined);
    assert.deepEqual(summary(plan(cluster, checkResult([run("first")]))), [`gone ${RUN}`]);
    assert.deepEqual(cluster.created, [RUN]);
  });

  it("sends the uid with every later apply", () => {
    const cluster = synced(run("first"));
    const [apply] = plan(cluster, checkResult([run("first", { ttl: "1d" })])).applies;
    assert.equal(apply?.body.metadata.uid, cluster.objects.get(RUN)?.metadata.uid);
    assert.deepEqual([apply?.resolve, apply?.force], [false, true]);
  });

  it("does not run again because a data file changed", () => {
    const cluster = synced(run("first"));
    const [apply] = plan(cluster, checkResult([{ ...run("first"), digest: "sha256:another" }])).applies;
    assert.deepEqual(apply?.body["spec"], { workflow: "iris" });
  });

  it("sends the live inputs back, with the digests they were created with", () => {
    const cluster = synced(run("first", { inputs: { data: { file: "a.csv" } } }));
    const resolved = { data: { file: "a.csv", digest: "sha256:1", revision: "main@sha1:aaaa" } };
    cluster.write(RUN, (object) => ((object["spec"] as Record<string, unknown>)["inputs"] = resolved), "flyteops");
    const [apply] = plan(cluster, checkResult([run("first", { inputs: { data: { file: "a.csv" } }, ttl: "1d" })])).applies;
    assert.deepEqual(apply?.body["spec"], { workflow: "iris", inputs: resolved, ttl: "1d" });
  });

  it("refuses a change of what cannot change, with the ways out", () => {
    const cluster = synced(run("first"));
    const changed = plan(cluster, checkResult([run("first", { inputs: { folds: 10 } }), task("a")]));
    assert.deepEqual(summary(changed), ["apply Task a", "RunImmutable first"]);
    assert.match(changed.problems[0]?.message ?? "", /new name.*reuse.*flyteops run iris/);
    assert.deepEqual(summary(plan(cluster, checkResult([run("first", { inputs: { folds: 10 } }, { "flyte.org/drift": "Enforce" })]))), ["RunImmutable first"]);
  });

  it("refuses a name that somebody else's Run has", () => {
    const cluster = new ModelCluster();
    cluster.write(RUN, () => undefined);
    assert.deepEqual(summary(plan(cluster, checkResult([run("first")]))), ["RunNameTaken first"]);
  });

  it("recognises its own Run after a crash between creating and recording", () => {
    const cluster = synced(run("first"));
    cluster.inventory.set(RUN, { kind: "Run", namespace: "ml-development", name: "first" });
    assert.deepEqual(summary(sync(cluster, [run("first")])), ["apply Run first"]);
    cluster.inventory.clear();
    assert.deepEqual(summary(sync(cluster, [run("first")])), ["apply Run first"]);
    assert.deepEqual(cluster.created, [RUN]);
  });

  it("never undoes an abort, whoever aborted", () => {
    const cluster = synced(run("first", { desiredState: "Running" }));
    assert.equal(Object.hasOwn(cluster.objects.get(RUN)?.["spec"] as object, "desiredState"), false);
    cluster.write(RUN, (object) => Object.assign(object["spec"] as object, { desiredState: "Aborted", abortReason: "by hand" }));
    const [apply] = sync(cluster, [run("first", { desiredState: "Running" })]).applies;
    assert.equal(Object.hasOwn(apply?.body["spec"] as object, "desiredState"), false);
    const byGit = synced(run("first"));
    sync(byGit, [run("first", { desiredState: "Aborted", abortReason: "by git" })]);
    const [again] = sync(byGit, [run("first", { ttl: "1d" })]).applies;
    assert.deepEqual(again?.body["spec"], { workflow: "iris", ttl: "1d", desiredState: "Aborted", abortReason: "by git" });
  });

  it("gives a signal once: the first writer wins", () => {
    const cluster = synced(run("first"));
    cluster.write(RUN, (object) => ((object["spec"] as Record<string, unknown>)["signals"] = { ok: { value: true } }));
    const made = plan(cluster, checkResult([run("first", { signals: { ok: { value: false }, go: { value: 1 } } })]));
    assert.deepEqual(summary(made), ["apply Run first", "SignalAlreadyGiven first"]);
    assert.equal(made.problems[0]?.severity, "warning");
    assert.deepEqual((made.applies[0]?.body["spec"] as JsonObject)["signals"], { go: { value: 1 } });
  });

  it("keeps a value that a person changed until a commit changes it", () => {
    const cluster = synced(run("first", { suspend: true }));
    cluster.write(RUN, (object) => ((object["spec"] as Record<string, unknown>)["suspend"] = false), "kubectl-patch");
    const [apply] = sync(cluster, [run("first", { suspend: true })]).applies;
    assert.equal(Object.hasOwn(apply?.body["spec"] as object, "suspend"), false);
    assert.deepEqual(apply?.overridden, [{ field: "spec.suspend", manager: "kubectl-patch", time: "2026-01-01T00:00:00Z" }]);
    assert.deepEqual(summary(plan(cluster, checkResult([run("first", { suspend: true })]))), []);
    sync(cluster, [run("first", { suspend: false })]);
    sync(cluster, [run("first", { suspend: true })]);
    assert.equal((cluster.objects.get(RUN)?.["spec"] as JsonObject)["suspend"], true);
  });

  it("gives git the last word where the manifest enforces it", () => {
    const enforced = repositoryObject("Trigger", "t", { active: true }, { annotations: { "flyte.org/drift": "Enforce" } });
    const cluster = synced(enforced);
    cluster.write("Trigger/ml-development/t", (object) => (object["spec"] = { active: false }));
    assert.deepEqual(sync(cluster, [enforced]).applies[0]?.body["spec"], { active: true });
  });

  it("lets go of an unfinished Run whose manifest is removed, and deletes a finished one", () => {
    const unfinished = synced(run("first"), repositoryObject("Workflow", "iris", {}));
    assert.deepEqual(summary(sync(unfinished, [])), ["release Run first", "delete Workflow iris"]);
    assert.deepEqual([unfinished.objects.has(RUN), unfinished.inventory.size], [true, 0]);
    const finished = synced(run("first"));
    finish(finished);
    assert.deepEqual(summary(sync(finished, [])), ["delete Run first"]);
  });

  it("aborts a removed Run that asks for it", () => {
    const cluster = synced(run("first", {}, { "flyte.org/on-remove": "Abort" }));
    assert.deepEqual(
      plan(cluster, checkResult([])).endings.map((ending) => ending.kind === "release" && ending.abort),
      [true],
    );
  });

  it("leaves Runs alone when told to", () => {
    assert.deepEqual(summary(plan(new ModelCluster(), checkResult([run("first"), task("a")]), { runs: "Ignore" })), ["apply Task a"]);
  });
});

describe("planning, whatever happens", () => {
  const spec = fc.record({ type: fc.constant("container"), timeout: fc.constantFrom("1m", "2m", "3m") }, { noNullPrototype: true });
  const taskArbitrary = fc.tuple(fc.constantFrom("a", "b", "c", "d"), spec).map(([name, value]) => task(name, value));
  const runArbitrary = fc.tuple(fc.constantFrom("first", "second"), fc.constantFrom("1d", "2d")).map(([name, ttl]) => run(name, { ttl }));
  const repository = fc.uniqueArray(fc.oneof(taskArbitrary, runArbitrary), { selector: ({ kind, name }) => `${kind}/${name}`, maxLength: 6 });
  const stranger = fc.constantFrom("x", "y", "a");

  it("reaches what git says, then does nothing, and never touches a stranger", () => {
    fc.assert(
      fc.property(fc.array(repository, { minLength: 1, maxLength: 5 }), fc.uniqueArray(stranger), (revisions, strangers) => {
        const cluster = new ModelCluster();
        for (const name of strangers)
          cluster.write(`Task/ml-development/${name}`, (object) => Object.assign(object.metadata, { labels: { [LABEL.syncUid]: "sync-2" } }));
        const before = new Map([...cluster.objects].map(([key, object]) => [key, structuredClone(object)]));
        for (const objects of revisions) {
          sync(cluster, objects);
          const again = plan(cluster, checkResult(objects));
          assert.deepEqual([again.applies.length, again.removals.length, again.endings.length], [0, 0, 0]);
          for (const object of objects.filter(({ kind, name }) => kind === "Task" && !strangers.some((each) => each === name))) {
            assert.deepEqual(cluster.objects.get(`Task/ml-development/${object.name}`)?.["spec"], object.object["spec"]);
          }
        }
        for (const [key, object] of before) assert.deepEqual(cluster.objects.get(key), object);
        const last = new Set(revisions.at(-1)?.map(({ kind, name }) => `${kind}/ml-development/${name}`));
        for (const [key, object] of cluster.objects) assert.ok(last.has(key) || before.has(key) || object.kind === "Run", `${key} was left behind`);
      }),
      { numRuns: 100 },
    );
  });

  it("creates a Run at most once while its manifest stays, whoever deletes it", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("sync", "delete", "touch", "crash"), { maxLength: 12 }), (steps) => {
        const cluster = new ModelCluster();
        sync(cluster, [run("first")]);
        for (const step of steps) {
          if (step === "delete") cluster.objects.delete(RUN);
          if (step === "touch" && cluster.objects.has(RUN)) cluster.write(RUN, (object) => ((object["spec"] as Record<string, unknown>)["ttl"] = "9d"));
          if (step === "crash" && cluster.objects.has(RUN)) cluster.inventory.delete(RUN);
          if (step === "sync") sync(cluster, [run("first")]);
        }
        assert.ok(cluster.created.length <= 1 || steps.includes("crash"));
      }),
      { numRuns: 100 },
    );
  });
});
