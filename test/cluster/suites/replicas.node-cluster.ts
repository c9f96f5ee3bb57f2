import assert from "node:assert/strict";
import { SERVICE_ADDRESS } from "../control-plane/start.ts";
import { assertHappenedOnce, strayWrites } from "./support/audit.ts";
import { at, installed } from "./support/installed.ts";
import { SYSTEM } from "./support/installation.ts";
import { cutOff, deafen } from "./support/pod-network.ts";
import { processesOf } from "./support/pod-processes.ts";
import { ending, eventually } from "./support/seen.ts";

/** The Run succeeds, and the API server has seen each of its actions start once and end once. */
async function succeedsOnce(name: string): Promise<void> {
  const run = await ending(installed.client, at(name));
  assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
  const again = (await installed.actionsOf(name)).filter(({ status }) => (status?.attempts ?? 1) > 1);
  assert.deepEqual(
    again.map(({ metadata, status }) => [metadata.name, status?.attempts]),
    [],
  );
  assertHappenedOnce(name);
}

const anotherTakesOver = (before: string) =>
  eventually(
    "another replica has the Lease",
    () => installed.holder(),
    (now) => now !== "" && now !== before,
  );

/** The container has ended by itself and is started again. @param restarts how often it had been before */
const endsItself = (pod: string, restarts: number) =>
  eventually(
    `${pod} has ended`,
    () => installed.systemPod(pod),
    (found) => (found?.status?.containerStatuses?.[0]?.restartCount ?? 0) > restarts,
  );

const isReadyAgain = (pod: string) =>
  eventually(
    `${pod} is ready again`,
    () => installed.systemPod(pod),
    (found) => found?.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True",
  );

const restartsOf = async (pod: string) => (await installed.systemPod(pod))?.status?.containerStatuses?.[0]?.restartCount ?? 0;

describe("two replicas of the controller, one of which is lost", function () {
  this.timeout(400_000);
  before(() => installed.ready());

  it("lose no Run and repeat no action when the one that works is killed", async () => {
    await installed.startSteps("orphaned");
    for (const pid of processesOf(await installed.holder())) process.kill(pid, "SIGKILL");
    await succeedsOnce("orphaned");
  });

  it("have one writer at a time: one that hung until the other took over does nothing when it wakes", async () => {
    await installed.startSteps("hung");
    const before = await installed.holder();
    const pids = processesOf(before);
    assert.ok(pids.length > 0, `no process of ${before}`);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      await anotherTakesOver(before);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await succeedsOnce("hung");
  });

  /** Pods that were cut off and are not any more. */
  const lost: string[] = [];
  const cuts = [
    { title: "is cut off from everything", name: "cut-off", cut: cutOff },
    { title: "is heard by the API server and hears nothing", name: "deaf", cut: (pod: string) => deafen(pod, SERVICE_ADDRESS) },
  ] as const;
  for (const { title, name, cut } of cuts) {
    it(`lose no Run and repeat no action when the one that works ${title}: it stops writing and ends`, async () => {
      await installed.startSteps(name);
      const before = await installed.holder();
      const restarts = await restartsOf(before);
      const { mend } = cut(before);
      try {
        await anotherTakesOver(before);
        await installed.createRun(`${name}-meanwhile`, { task: "zero" });
        await endsItself(before, restarts);
        await succeedsOnce(`${name}-meanwhile`);
      } finally {
        mend();
      }
      await succeedsOnce(name);
      const said = await installed.kubectl("logs", "--namespace", SYSTEM, before, "--previous");
      assert.match(said, /lease/i);
      lost.push(before);
    });
  }

  it("come back when they can", async () => {
    assert.notDeepEqual(lost, []);
    await Promise.all(lost.map(isReadyAgain));
  });

  it("never wrote while another had the Lease, as the API server recorded all of it", () => {
    assert.deepEqual(strayWrites(), []);
  });
});
