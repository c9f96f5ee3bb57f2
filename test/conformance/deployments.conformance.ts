import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";
import { conditionOf, deployment, deploymentsOf, makeReady, podsOf, podSpec, replicaSetsOf, rollOut } from "./support/workload.ts";

describe("conformance: Deployments and ReplicaSets", function () {
  this.timeout(60_000);
  const cluster = useCluster();

  const causes = (body: unknown) =>
    listAt(body, "details.causes")
      .map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`)
      .sort();
  const setsOf = async (name: string) => listAt(ok(await cluster.api.get(`${replicaSetsOf(cluster)}?labelSelector=app%3D${name}`)), "items");
  const sizes = async (name: string) =>
    Object.fromEntries((await setsOf(name)).map((set) => [textAt(set, "spec.template.spec.containers.0.image"), Number(at(set, "spec.replicas"))]));
  const create = async (body: Record<string, unknown>) => ok(await cluster.api.create(deploymentsOf(cluster), body));
  const image = (to: string) => ({ spec: { template: { spec: { containers: [{ name: "main", image: to }] } } } });
  const condition = (object: unknown, type: string) => ["status", "reason", "message"].map((field) => textAt(conditionOf(object, type), field));

  it("fills in what a deployment leaves open", async () => {
    const spec = at(ok(await cluster.api.create(`${deploymentsOf(cluster)}?dryRun=All`, deployment("defaults", { replicas: undefined }))), "spec");
    assert.deepEqual(
      [at(spec, "replicas"), at(spec, "revisionHistoryLimit"), at(spec, "progressDeadlineSeconds"), at(spec, "strategy")],
      [1, 10, 600, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } }],
    );
    assert.deepEqual(
      [at(spec, "template.spec.restartPolicy"), at(spec, "template.spec.enableServiceLinks"), at(spec, "template.spec.containers.0.ports.0.protocol")],
      ["Always", undefined, "TCP"],
    );
  });

  it("names every mistake in a deployment", async () => {
    const bad = deployment("bad", {
      replicas: -1,
      minReadySeconds: -1,
      selector: { matchLabels: { app: "other" } },
      template: { metadata: { labels: { app: "bad" } }, spec: { restartPolicy: "Never", containers: [{ name: "main" }] } },
    });
    const { status, body } = await cluster.api.create(deploymentsOf(cluster), bad);
    assert.equal(status, 422);
    assert.deepEqual(causes(body), [
      "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
      "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
      'spec.template.metadata.labels: Invalid value: {"app":"bad"}: `selector` does not match template `labels`',
      "spec.template.spec.containers[0].image: Required value",
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ]);
  });

  it("refuses a rolling update that may neither add nor remove a pod", async () => {
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } };
    const { body } = await cluster.api.create(deploymentsOf(cluster), deployment("stuck", { strategy }));
    assert.deepEqual(causes(body), ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0']);
    const recreate = { type: "Recreate", rollingUpdate: { maxSurge: 1 } };
    const other = await cluster.api.create(deploymentsOf(cluster), deployment("both", { strategy: recreate }));
    assert.deepEqual(causes(other.body), ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]);
  });

  it("makes a ReplicaSet, and that makes its pods, each owned by the one above", async () => {
    const made = await create(deployment("first"));
    const done = await rollOut(cluster, "first");
    const [set] = await setsOf("first");
    const pods = await podsOf(cluster, "app=first");
    const hash = textAt(set, "metadata.labels.pod-template-hash");
    assert.equal(textAt(set, "metadata.name"), `first-${hash}`);
    assert.deepEqual(
      [at(set, "metadata.ownerReferences.0.uid"), at(set, "metadata.ownerReferences.0.controller"), at(set, "metadata.ownerReferences.0.blockOwnerDeletion")],
      [at(made, "metadata.uid"), true, true],
    );
    assert.deepEqual(at(set, "spec.selector"), { matchLabels: { app: "first", "pod-template-hash": hash } });
    const notes = at(set, "metadata.annotations") as Record<string, string>;
    assert.deepEqual(
      ["desired-replicas", "max-replicas", "revision"].map((name) => notes[`deployment.kubernetes.io/${name}`]),
      ["2", "3", "1"],
    );
    assert.equal(pods.length, 2);
    for (const pod of pods) {
      assert.equal(at(pod, "metadata.ownerReferences.0.uid"), at(set, "metadata.uid"));
      assert.equal(textAt(pod, "metadata.generateName"), `first-${hash}-`);
    }
    assert.equal((at(done, "metadata.annotations") as Record<string, string>)["deployment.kubernetes.io/revision"], "1");
  });

  it("says how far it is", async () => {
    await create(deployment("told"));
    await eventually("both pods are there", async () => (await podsOf(cluster, "app=told")).length === 2);
    let waiting: unknown;
    await eventually("the pods are counted", async () => {
      waiting = ok(await cluster.api.get(`${deploymentsOf(cluster)}/told`));
      return at(waiting, "status.replicas") === 2;
    });
    assert.deepEqual(
      ["updatedReplicas", "unavailableReplicas", "readyReplicas", "availableReplicas"].map((field) => at(waiting, `status.${field}`)),
      [2, 2, undefined, undefined],
    );
    assert.deepEqual(condition(waiting, "Available"), ["False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."]);
    const name = textAt((await setsOf("told"))[0], "metadata.name");
    assert.deepEqual(condition(waiting, "Progressing"), ["True", "ReplicaSetUpdated", `ReplicaSet "${name}" is progressing.`]);
    const done = await rollOut(cluster, "told");
    assert.deepEqual(
      ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"].map((field) => at(done, `status.${field}`)),
      [2, 2, 2, 2, undefined],
    );
    assert.deepEqual(condition(done, "Available"), ["True", "MinimumReplicasAvailable", "Deployment has minimum availability."]);
    assert.deepEqual(condition(done, "Progressing"), ["True", "NewReplicaSetAvailable", `ReplicaSet "${name}" has successfully progressed.`]);
  });

  it("makes a pod again when one goes", async () => {
    await create(deployment("again", { replicas: 1 }));
    await rollOut(cluster, "again");
    const [pod] = await podsOf(cluster, "app=again");
    ok(await cluster.api.delete(`${cluster.pods}/${textAt(pod, "metadata.name")}`));
    await eventually("another pod is there", async () => {
      const pods = await podsOf(cluster, "app=again");
      return pods.length === 1 && at(pods[0], "metadata.uid") !== at(pod, "metadata.uid");
    });
  });

  it("rolls a new template out within maxSurge and maxUnavailable", async () => {
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await create(deployment("roll", { replicas: 3, strategy }));
    await rollOut(cluster, "roll");
    ok(await cluster.api.patch("strategic", `${deploymentsOf(cluster)}/roll`, image("example.org/app:2")));
    await eventually("one new pod is there", async () => (await podsOf(cluster, "app=roll")).length === 4);
    assert.deepEqual(await sizes("roll"), { "example.org/app:1": 3, "example.org/app:2": 1 });
    const fresh = (await podsOf(cluster, "app=roll")).filter((pod) => at(pod, "status.phase") === "Pending");
    assert.equal(fresh.length, 1);
    await makeReady(cluster, fresh[0]);
    await eventually("one old pod has made room", async () => {
      const now = await sizes("roll");
      return now["example.org/app:1"] === 2 && now["example.org/app:2"] === 2;
    });
    await rollOut(cluster, "roll");
    assert.deepEqual(await sizes("roll"), { "example.org/app:1": 0, "example.org/app:2": 3 });
  });

  it("ends all old pods before it starts new ones when told to recreate", async () => {
    await create(deployment("renew", { replicas: 1, strategy: { type: "Recreate" } }));
    await rollOut(cluster, "renew");
    const [old] = await podsOf(cluster, "app=renew");
    ok(await cluster.api.patch("strategic", `${deploymentsOf(cluster)}/renew`, image("example.org/app:2")));
    await rollOut(cluster, "renew");
    const pods = await podsOf(cluster, "app=renew");
    assert.deepEqual([pods.length, textAt(pods[0], "spec.containers.0.image")], [1, "example.org/app:2"]);
    assert.ok(textAt(pods[0], "metadata.creationTimestamp") >= textAt(old, "metadata.creationTimestamp"));
  });

  it("counts revisions, goes back to an old template with its old ReplicaSet, and keeps no more history than it should", async () => {
    await create(deployment("history", { replicas: 1, revisionHistoryLimit: 1 }));
    await rollOut(cluster, "history");
    const [first] = await setsOf("history");
    for (const version of ["2", "1", "3"]) {
      ok(await cluster.api.patch("strategic", `${deploymentsOf(cluster)}/history`, image(`example.org/app:${version}`)));
      const done = await rollOut(cluster, "history");
      if (version !== "1") continue;
      assert.equal((at(done, "metadata.annotations") as Record<string, string>)["deployment.kubernetes.io/revision"], "3");
      const back = ok(await cluster.api.get(`${replicaSetsOf(cluster)}/${textAt(first, "metadata.name")}`));
      const notes = at(back, "metadata.annotations") as Record<string, string>;
      assert.deepEqual([notes["deployment.kubernetes.io/revision"], notes["deployment.kubernetes.io/revision-history"]], ["3", "1"]);
    }
    await eventually("the oldest set is forgotten", async () => (await setsOf("history")).length === 2);
    assert.deepEqual(Object.keys(await sizes("history")).sort(), ["example.org/app:1", "example.org/app:3"]);
  });

  it("stands still while it is paused, but scales", async () => {
    await create(deployment("paused", { replicas: 1 }));
    await rollOut(cluster, "paused");
    ok(await cluster.api.patch("merge", `${deploymentsOf(cluster)}/paused`, { spec: { paused: true } }));
    ok(await cluster.api.patch("strategic", `${deploymentsOf(cluster)}/paused`, image("example.org/app:2")));
    ok(await cluster.api.patch("merge", `${deploymentsOf(cluster)}/paused`, { spec: { replicas: 2 } }));
    await eventually("there are two pods", async () => (await podsOf(cluster, "app=paused")).length === 2);
    assert.deepEqual(await sizes("paused"), { "example.org/app:1": 2 });
    const held = ok(await cluster.api.get(`${deploymentsOf(cluster)}/paused`));
    assert.deepEqual(condition(held, "Progressing"), ["Unknown", "DeploymentPaused", "Deployment is paused"]);
    ok(await cluster.api.patch("merge", `${deploymentsOf(cluster)}/paused`, { spec: { paused: null } }));
    await rollOut(cluster, "paused");
    assert.deepEqual(await sizes("paused"), { "example.org/app:1": 0, "example.org/app:2": 2 });
  });

  it("says when it makes no progress before its deadline", async () => {
    await create(deployment("late", { replicas: 1, progressDeadlineSeconds: 1 }));
    let late: unknown;
    await eventually("the deadline has passed", async () => {
      late = ok(await cluster.api.get(`${deploymentsOf(cluster)}/late`));
      return textAt(conditionOf(late, "Progressing"), "reason") === "ProgressDeadlineExceeded";
    });
    const name = textAt((await setsOf("late"))[0], "metadata.name");
    assert.deepEqual(condition(late, "Progressing"), ["False", "ProgressDeadlineExceeded", `ReplicaSet "${name}" has timed out progressing.`]);
  });

  it("shows and takes its number of replicas at the scale subresource", async () => {
    const { api } = cluster;
    const path = `${deploymentsOf(cluster)}/scaled`;
    await create(deployment("scaled", { replicas: 1 }));
    const scale = ok(await api.get(`${path}/scale`));
    assert.deepEqual(
      [at(scale, "kind"), at(scale, "apiVersion"), at(scale, "spec"), at(scale, "status.selector")],
      ["Scale", "autoscaling/v1", { replicas: 1 }, "app=scaled"],
    );
    const patched = ok(await api.patch("merge", `${path}/scale`, { spec: { replicas: 3 } }));
    assert.deepEqual(at(patched, "spec"), { replicas: 3 });
    await eventually("there are three pods", async () => (await podsOf(cluster, "app=scaled")).length === 3);
    const negative = await api.patch("merge", `${path}/scale`, { spec: { replicas: -1 } });
    assert.deepEqual(
      [negative.status, at(negative.body, "details.kind"), causes(negative.body)],
      [422, "Scale", ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]],
    );
    const stale = await api.replace(`${path}/scale`, { ...(scale as object), spec: { replicas: 5 } });
    assert.deepEqual([stale.status, at(stale.body, "reason"), at(stale.body, "details.kind")], [409, "Conflict", "deployments"]);
    const fresh = ok(await api.get(`${path}/scale`)) as Record<string, unknown>;
    assert.deepEqual(at(ok(await api.replace(`${path}/scale`, { ...fresh, spec: {} })), "spec"), {});
    assert.equal(at(ok(await api.get(path)), "spec.replicas"), 0);
    assert.equal((await api.get(`${deploymentsOf(cluster)}/none/scale`)).status, 404);
  });

  it("lets no selector change", async () => {
    await create(deployment("chosen", { replicas: 0 }));
    const { status, body } = await cluster.api.patch("merge", `${deploymentsOf(cluster)}/chosen`, {
      spec: { selector: { matchLabels: { app: "chosen", more: "x" } }, template: { metadata: { labels: { more: "x" } } } },
    });
    assert.equal(status, 422);
    assert.deepEqual(causes(body), ['spec.selector: Invalid value: {"matchLabels":{"app":"chosen","more":"x"}}: field is immutable']);
  });

  const replicaSet = (name: string, replicas: number) => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: podSpec() } },
  });

  it("lets a ReplicaSet adopt the orphans it selects and let go of pods it selects no longer", async () => {
    const { api, pods } = cluster;
    ok(await api.create(pods, { metadata: { name: "orphan", labels: { app: "adopts" } }, spec: podSpec() }));
    const set = ok(await api.create(replicaSetsOf(cluster), replicaSet("adopts", 1)));
    await eventually(
      "the orphan is adopted",
      async () => at(ok(await api.get(`${pods}/orphan`)), "metadata.ownerReferences.0.uid") === at(set, "metadata.uid"),
    );
    assert.equal((await podsOf(cluster, "app=adopts")).length, 1);
    ok(await api.patch("merge", `${pods}/orphan`, { metadata: { labels: { app: "free" } } }));
    await eventually("the pod is let go", async () => at(ok(await api.get(`${pods}/orphan`)), "metadata.ownerReferences") === undefined);
    await eventually("another takes its place", async () => (await podsOf(cluster, "app=adopts")).length === 1);
  });

  it("counts the pods of a ReplicaSet as its status says", async () => {
    const { api } = cluster;
    ok(await api.create(replicaSetsOf(cluster), replicaSet("counted", 2)));
    await eventually("both pods are there", async () => (await podsOf(cluster, "app=counted")).length === 2);
    await makeReady(cluster, (await podsOf(cluster, "app=counted"))[0]);
    let status: unknown;
    await eventually("one is ready", async () => {
      status = at(ok(await api.get(`${replicaSetsOf(cluster)}/counted`)), "status");
      return at(status, "readyReplicas") === 1;
    });
    assert.deepEqual(status, {
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 1,
      availableReplicas: 1,
      observedGeneration: 1,
      terminatingReplicas: 0,
    });
  });

  it("gives up the pod that is not ready when a ReplicaSet shrinks", async () => {
    const { api } = cluster;
    ok(await api.create(replicaSetsOf(cluster), replicaSet("shrinks", 2)));
    await eventually("both pods are there", async () => (await podsOf(cluster, "app=shrinks")).length === 2);
    const [keep] = await podsOf(cluster, "app=shrinks");
    await makeReady(cluster, keep);
    ok(await api.patch("merge", `${replicaSetsOf(cluster)}/shrinks/scale`, { spec: { replicas: 1 } }));
    await eventually("one is left", async () => (await podsOf(cluster, "app=shrinks")).length === 1);
    assert.equal(at((await podsOf(cluster, "app=shrinks"))[0], "metadata.uid"), at(keep, "metadata.uid"));
  });

  it("leaves the pods when a ReplicaSet is deleted with orphans", async () => {
    const { api } = cluster;
    ok(await api.create(replicaSetsOf(cluster), replicaSet("leaves", 1)));
    await eventually("the pod is there", async () => (await podsOf(cluster, "app=leaves")).length === 1);
    ok(await api.delete(`${replicaSetsOf(cluster)}/leaves?propagationPolicy=Orphan`));
    await eventually("the set is gone", async () => (await api.get(`${replicaSetsOf(cluster)}/leaves`)).status === 404);
    const [pod] = await podsOf(cluster, "app=leaves");
    assert.deepEqual([textAt(pod, "metadata.deletionTimestamp"), at(pod, "metadata.ownerReferences")], ["", undefined]);
  });

  it("takes its sets and pods along when it is deleted", async () => {
    await create(deployment("leaving", { replicas: 1 }));
    await rollOut(cluster, "leaving");
    ok(await cluster.api.delete(`${deploymentsOf(cluster)}/leaving?propagationPolicy=Foreground`));
    await eventually("everything is gone", async () => {
      const left = (await cluster.api.get(`${deploymentsOf(cluster)}/leaving`)).status !== 404;
      return !left && (await setsOf("leaving")).length + (await podsOf(cluster, "app=leaving")).length === 0;
    });
  });

  it("tells in Events what it does", async () => {
    await create(deployment("events", { replicas: 1 }));
    await rollOut(cluster, "events");
    const name = textAt((await setsOf("events"))[0], "metadata.name");
    const events = `/api/v1/namespaces/${cluster.namespace}/events`;
    const messages = async (of: string) =>
      listAt(ok(await cluster.api.get(`${events}?fieldSelector=involvedObject.name%3D${of}`)), "items").map((event) => textAt(event, "message"));
    await eventually("both have told", async () => (await messages("events")).length > 0 && (await messages(name)).length > 0);
    assert.deepEqual(await messages("events"), [`Scaled up replica set ${name} from 0 to 1`]);
    const pod = textAt((await podsOf(cluster, "app=events"))[0], "metadata.name");
    assert.deepEqual(await messages(name), [`Created pod: ${pod}`]);
  });
});
