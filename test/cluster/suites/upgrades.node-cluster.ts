import assert from "node:assert/strict";
import { type Run, RunKind } from "../../../crds/index.ts";
import { expectExit } from "../../e2e/support/program.ts";
import { assertHappenedOnce, strayWrites, tenures, writes } from "./support/audit.ts";
import { at, CHART, installed, NAMESPACE } from "./support/installed.ts";
import { ending, eventually, hasEnded } from "./support/seen.ts";

const LOAD = 40;
/** Runs begin evenly over the time that an upgrade takes. */
const EVERY_MS = 500;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Creates Runs of one pod each, one after the other. */
async function load(): Promise<void> {
  for (let number = 0; number < LOAD; number += 1) {
    await installed.createRun(`load-${number}`, { task: "zero" });
    await pause(EVERY_MS);
  }
}

const loadRuns = async () =>
  (await installed.client.list<Run>(RunKind, { namespace: NAMESPACE })).items.filter(({ metadata }) => metadata.name.startsWith("load-"));

describe("upgraded while it works", function () {
  this.timeout(400_000);
  before(() => installed.ready());

  it(`rolls both Deployments under ${LOAD} Runs that begin meanwhile: every one succeeds once`, async () => {
    const before = { controller: tenures("flyteops-controller").length, sync: tenures("flyteops-sync").length };
    await installed.startSteps("in-flight");
    const began = performance.now();
    const loading = load();
    await pause(2 * EVERY_MS);
    await installed.upgrade(CHART, "--set", "controller.podAnnotations.upgrade=now,sync.podAnnotations.upgrade=now");
    const rolled = performance.now();
    const unfinishedThen = (await loadRuns()).filter((run) => !hasEnded(run)).length;
    await loading;
    const runs = await eventually("every Run has ended", loadRuns, (all) => all.length === LOAD && all.every(hasEnded));
    const ended = performance.now();
    assert.deepEqual([...new Set(runs.map(({ status }) => status?.phase))], ["Succeeded"]);
    assert.equal((await ending(installed.client, at("in-flight"))).status?.phase, "Succeeded");
    const all = writes();
    for (const { metadata } of runs) assertHappenedOnce(metadata.name, all);
    assertHappenedOnce("in-flight", all);
    assert.ok(tenures("flyteops-controller").length > before.controller, "the controllers changed hands");
    assert.ok(tenures("flyteops-sync").length > before.sync, "the sync changed hands");
    assert.deepEqual(strayWrites(), []);
    const seconds = (from: number, to: number) => ((to - from) / 1_000).toFixed(0);
    console.log(
      `    ${LOAD} Runs in ${seconds(began, ended)} s, ${LOAD} pods, none twice; the upgrade took ${seconds(began, rolled)} s and ended with ${unfinishedThen} of them unfinished`,
    );
  });

  it("says what is missing after somebody deleted a role, and is whole again after a rollback", async () => {
    const roles = (await installed.kubectl("get", "clusterroles", "-l", "app.kubernetes.io/part-of=flyteops", "-o", "name")).trim().split("\n");
    const role = roles.find((name) => /flyteops-controller$/.test(name)) ?? roles.find((name) => name.includes("controller"));
    await installed.kubectl("delete", role ?? "");
    const { out } = await expectExit(1, installed.cli("check"));
    assert.match(out, /rights of flyteops-controller: lacks /);
    assert.match(out, /flyteops install .*kubectl apply|helm upgrade/);
    await installed.helm("rollback", "flyteops", "1", "--wait", "--timeout", "3m");
    await expectExit(0, installed.cli("check"));
    assert.doesNotMatch(await installed.kubectl("get", "deployments", "-n", "flyteops-system", "-o", "yaml"), /upgrade: now/);
    await installed.createRun("rolled-back", { task: "zero" });
    assert.equal((await ending(installed.client, at("rolled-back"))).status?.phase, "Succeeded");
  });
});
