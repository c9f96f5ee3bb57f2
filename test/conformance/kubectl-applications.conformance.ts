import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok } from "./support/cluster.ts";
import { describeKubectl } from "./support/kubectl.ts";
import { deployment, deploymentsOf, podsOf, replicaSetsOf, rollOut } from "./support/workload.ts";

describeKubectl("kubectl and applications", (tool) => {
  const { cluster, done, run } = tool;
  const apply = (name: string, spec: Record<string, unknown> = {}) => done(["apply", "-f", "-"], JSON.stringify(deployment(name, spec)));

  it("applies, shows and describes a deployment with what belongs to it", async () => {
    assert.match(await apply("shown"), /deployment.apps\/shown created/);
    await rollOut(cluster, "shown");
    assert.match(await done(["get", "deploy", "shown"]), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\s+shown +2\/2 +2 +2 +/);
    assert.match(await done(["get", "rs", "-l", "app=shown"]), /^NAME +DESIRED +CURRENT +READY +AGE\s+shown-\S+ +2 +2 +2 +/);
    assert.match(await done(["get", "deploy", "shown", "-o", "wide"]), /CONTAINERS +IMAGES +SELECTOR\s[\s\S]*main +example.org\/app:1 +app=shown/);
    const text = await done(["describe", "deploy", "shown"]);
    assert.match(text, /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable/);
    assert.match(text, /NewReplicaSet: +shown-\S+ \(2\/2 replicas created\)/);
    assert.match(await done(["get", "all", "-o", "name"]), /pod\/shown[\s\S]*deployment.apps\/shown[\s\S]*replicaset.apps\/shown/);
  });

  it("follows a rollout to its end", async () => {
    await apply("followed", { replicas: 1 });
    const status = done(["rollout", "status", "deploy/followed", "--timeout=50s"]);
    await rollOut(cluster, "followed");
    assert.match(await status, /deployment "followed" successfully rolled out/);
  });

  it("sets an image, shows the history and goes back", async () => {
    await apply("changed", { replicas: 1 });
    await rollOut(cluster, "changed");
    await done(["annotate", "deploy", "changed", "kubernetes.io/change-cause=first"]);
    await done(["set", "image", "deploy/changed", "main=example.org/app:2"]);
    await done(["annotate", "deploy", "changed", "kubernetes.io/change-cause=second", "--overwrite"]);
    await rollOut(cluster, "changed");
    await eventually("both causes are told", async () => /1 +first\s+2 +second/.test(await done(["rollout", "history", "deploy/changed"])));
    assert.match(await done(["rollout", "history", "deploy/changed", "--revision=1"]), /example.org\/app:1/);
    assert.match(await done(["rollout", "undo", "deploy/changed"]), /rolled back/);
    const back = await rollOut(cluster, "changed");
    assert.equal(textAt(back, "spec.template.spec.containers.0.image"), "example.org/app:1");
    assert.equal(listAt(ok(await cluster.api.get(`${replicaSetsOf(cluster)}?labelSelector=app%3Dchanged`)), "items").length, 2);
  });

  it("restarts, pauses and resumes", async () => {
    await apply("restarted", { replicas: 1 });
    await rollOut(cluster, "restarted");
    const [before] = await podsOf(cluster, "app=restarted");
    assert.match(await done(["rollout", "restart", "deploy/restarted"]), /restarted/);
    await eventually("a pod of the new template is there", async () => {
      const pods = await podsOf(cluster, "app=restarted");
      return pods.some((pod) => at(pod, "metadata.uid") !== at(before, "metadata.uid"));
    });
    await done(["rollout", "pause", "deploy/restarted"]);
    assert.equal(at(ok(await cluster.api.get(`${deploymentsOf(cluster)}/restarted`)), "spec.paused"), true);
    assert.notEqual((await run(["rollout", "pause", "deploy/restarted"])).code, 0);
    await done(["rollout", "resume", "deploy/restarted"]);
    await rollOut(cluster, "restarted");
  });

  it("scales, and refuses where the present number is another", async () => {
    await apply("scaled", { replicas: 1 });
    await done(["scale", "deploy/scaled", "--replicas=3"]);
    await eventually("there are three pods", async () => (await podsOf(cluster, "app=scaled")).length === 3);
    const refused = await run(["scale", "deploy/scaled", "--current-replicas=1", "--replicas=2"]);
    assert.deepEqual([refused.code, /Expected replicas to be 1, was 3/.test(refused.err)], [1, true]);
    if (tool.minor >= 31) assert.match(await done(["get", "deploy", "scaled", "--subresource=scale"]), /^NAME +DESIRED +AVAILABLE/);
  });

  it("makes a deployment and a Service by command, and describes where the Service leads", async () => {
    await done(["create", "deployment", "made", "--image=example.org/app:1", "--replicas=0", "--port=8080"]);
    assert.match(await done(["expose", "deploy", "made", "--port=80", "--target-port=8080"]), /service\/made exposed/);
    assert.match(await done(["get", "svc", "made"]), /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\s+made +ClusterIP +\S+ +<none> +80\/TCP/);
    const text = await done(["describe", "svc", "made"]);
    assert.match(text, /Selector: +app=made/);
    assert.match(text, /TargetPort: +8080\/TCP/);
  });

  it("deletes a deployment with everything below it", async () => {
    await apply("gone", { replicas: 1 });
    await rollOut(cluster, "gone");
    assert.match(await done(["delete", "deploy", "gone", "--cascade=foreground", "--timeout=30s"]), /deleted/);
    assert.equal((await podsOf(cluster, "app=gone")).length, 0);
  });
});
