import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { allKinds, type Run, RunKind } from "../../../crds/index.ts";
import { Kinds, type KubeObject, type Stored } from "../../../kube/index.ts";
import { expectExit } from "../../e2e/support/program.ts";
import { assertHappenedOnce, strayWrites } from "./support/audit.ts";
import { at, CHART, installed, SINGLE_CHART } from "./support/installed.ts";
import { values } from "./support/chart-values.ts";
import { SYSTEM } from "./support/installation.ts";
import { previousChart, unlikeReleased } from "./support/previous-chart.ts";
import { ending, eventually, find, sees } from "./support/seen.ts";

const LABEL = "app.kubernetes.io/part-of=flyteops";

async function everyObject(): Promise<Stored[]> {
  const lists = await Promise.all(allKinds.map((kind) => installed.client.list(kind)));
  return lists.flatMap(({ items }) => [...items]);
}

const ours = ({ metadata }: Stored) => (metadata.finalizers ?? []).filter((name) => name.startsWith("flyte.org/"));
/** What an installation leaves in the cluster beside its kinds; Helm's own records and people's Secrets are not among it. */
const programsLeft = () =>
  installed.kubectl("get", "all,clusterroles,clusterrolebindings,flowschemas,networkpolicies,poddisruptionbudgets", "-A", "-l", LABEL, "-o", "name");

describe("uninstalled, and installed again", function () {
  this.timeout(400_000);
  before(() => installed.ready());

  it("ends what runs and lets go of every object before helm takes the controllers away: objects and kinds stay, nothing holds them", async () => {
    await installed.startSteps("last");
    const before = await everyObject();
    await installed.helm("uninstall", "flyteops", "--wait", "--timeout", "4m");
    assert.equal((await programsLeft()).trim(), "");
    const after = await everyObject();
    const names = (objects: readonly Stored[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual(
      names(before).filter((name) => !name.startsWith("TaskAction") && !names(after).includes(name)),
      [],
    );
    assert.deepEqual(
      after.flatMap((object) => ours(object).map((finalizer) => `${object.kind} ${object.metadata.name}: ${finalizer}`)),
      [],
    );
    const last = await find<Run>(installed.client, RunKind, at("last"));
    assert.equal(last?.status?.phase, "Aborted");
    assert.deepEqual(
      (await installed.podsOf("last")).flatMap((pod) => ours(pod)),
      [],
    );
    // Nobody is there to let go of it, and nobody has to.
    await installed.kubectl("delete", "runs.flyte.org", "last", "--namespace", at("").namespace, "--wait", "--timeout=20s");
  });

  it("takes up kept objects again with the chart before this one, and is upgraded with Runs in flight", async () => {
    const previous = previousChart(installed.on.path("previous"));
    console.log(`    the previous chart: ${previous.origin}`);
    assert.deepEqual(unlikeReleased(previous), []);
    await installed.helm("install", "flyteops", previous.path, "--values", installed.values, "--wait", "--timeout", "3m");
    await installed.startSteps("over-versions");
    await installed.upgrade(CHART);
    const run = await ending(installed.client, at("over-versions"));
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    assertHappenedOnce("over-versions");
    assert.deepEqual(strayWrites(), []);
    await expectExit(0, installed.cli("check"));
  });

  it("goes with everything that was made of it by flyteops uninstall --yes", async () => {
    await installed.startSteps("very-last");
    const plan = await expectExit(0, installed.cli("uninstall", "--dry-run"));
    assert.match(plan.out, /abort unfinished Runs[^]*delete .*runs[^]*delete the kinds/);
    await installed.uninstall();
    await eventually("the last pod of the programs has ended", programsLeft, (names) => names.trim() === "");
    const kinds = (await installed.client.list(Kinds.CustomResourceDefinition)).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(
      kinds.filter((name) => name.endsWith(".flyte.org")),
      [],
    );
    await sees(installed.client, Kinds.Namespace, { name: at("").namespace }, ({ metadata }) => metadata.deletionTimestamp === undefined);
  });
});

describe("the chart of one Deployment, with its own PostgreSQL on a volume", function () {
  this.timeout(400_000);

  before(async () => {
    await installed.prepared();
    await installed.helm("uninstall", "flyteops", "--no-hooks", "--ignore-not-found", "--wait");
  });

  it("is installed, brings the keys of the store to Projects, runs what git declares, restarts on its volume, and is uninstalled", async () => {
    await installed.makeVolume();
    const file = installed.on.path("single.yaml");
    writeFileSync(
      file,
      stringify({ ...values({ database: { embedded: true }, storage: { copySecret: "projects" } }), volume: { storageClassName: "local", size: "1Gi" } }),
    );
    await installed.helm("lint", "--strict", SINGLE_CHART, "--values", file);
    await installed.helm("template", "flyteops", SINGLE_CHART, "--values", file, "--validate");
    await installed.helm("install", "flyteops", SINGLE_CHART, "--values", file, "--wait", "--timeout", "3m");
    await installed.kubectl("delete", "secret", "flyteops-storage", "--namespace", at("").namespace, "--ignore-not-found");
    // A namespace outlives its Project, and another Project of the same name gets it only when somebody says so.
    const stayed = await installed.kubectl("get", "namespace", at("").namespace, "--ignore-not-found", "-o", "name");
    if (stayed !== "") await installed.kubectl("annotate", "namespace", at("").namespace, "flyte.org/adopt=ml");
    await installed.follow();
    await sees(installed.client, Kinds.Secret, { namespace: at("").namespace, name: "flyteops-storage" }, () => true);
    await expectExit(0, installed.cli("check"));
    await installed.createRun("single", { task: "zero" });
    assert.equal((await ending(installed.client, at("single"))).status?.phase, "Succeeded");
    await installed.helm("upgrade", "flyteops", SINGLE_CHART, "--values", file, "--set", "controller.podAnnotations.upgrade=now", "--wait", "--timeout", "3m");
    await installed.createRun("single-again", { task: "zero" });
    assert.equal((await ending(installed.client, at("single-again"))).status?.phase, "Succeeded");
    await installed.helm("uninstall", "flyteops", "--wait", "--timeout", "4m");
    assert.equal((await programsLeft()).trim(), "");
    const claim = await eventually(
      "the claim",
      () => find<KubeObject & { status?: { phase?: string } }>(installed.client, installed.claims, { namespace: SYSTEM, name: "flyteops-data" }),
      () => true,
    );
    assert.equal(claim?.status?.phase, "Bound");
  });
});
