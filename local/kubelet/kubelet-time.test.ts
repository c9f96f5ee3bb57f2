import assert from "node:assert/strict";
import { fastClock, sh, startWorld, type World } from "./fixtures/world.ts";

/** What takes the kubelet tens of seconds, on a clock that runs fifty times as fast. */
describe("kubelet over time", function () {
  this.timeout(10_000);
  let world: World;
  before(async () => (world = await startWorld({ capability: { kind: "plain", reason: "asked for" }, clock: fastClock(50) })));
  after(() => world?.close());

  it("evicts a pod whose emptyDir outgrows its limit", async () => {
    const volumes = [{ name: "v", emptyDir: { sizeLimit: "1Mi" } }];
    const env = [{ name: "V", value: "/flyteops-v" }];
    const volumeMounts = [{ name: "v", mountPath: "/flyteops-v" }];
    await world.pod("large", { volumes, containers: [sh('head -c 3000000 /dev/zero >"$V/x"; sleep 1000', { env, volumeMounts })] });
    const status = await world.finished("large");
    assert.deepEqual([status.phase, status.reason], ["Failed", "Evicted"]);
    assert.match(status.message ?? "", /EmptyDir volume "v" exceeds the limit "1Mi"/);
    assert.equal(
      status.conditions?.some(({ type, reason }) => type === "DisruptionTarget" && reason === "TerminationByKubelet"),
      true,
    );
  });

  it("restarts a failing container after the back-off, again and again", async () => {
    await world.pod("again", { restartPolicy: "OnFailure", containers: [sh("exit 1")] });
    const pod = await world.when("again", ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) >= 4);
    assert.equal(pod.status?.containerStatuses?.[0]?.lastState.terminated?.reason, "Error");
  });
});
