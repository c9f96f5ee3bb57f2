import assert from "node:assert/strict";
import type { Stored } from "../../../kube/index.ts";
import { expectExit } from "../../e2e/support/program.ts";
import { assertHappenedOnce } from "./support/audit.ts";
import { at, CHART, installed, NAMESPACE, type Pod } from "./support/installed.ts";
import { SYSTEM } from "./support/installation.ts";
import { ending, eventually } from "./support/seen.ts";

describe("installed by its chart on a real cluster", function () {
  this.timeout(400_000);
  before(() => installed.ready());

  it("is a chart that helm finds nothing wrong with and that the cluster would take", async () => {
    await installed.helm("lint", "--strict", CHART, "--values", installed.values);
    await installed.helm("template", "flyteops", CHART, "--values", installed.values, "--validate", "--is-upgrade");
  });

  it("passes its own check", async () => {
    await expectExit(0, installed.cli("check"));
  });

  it("is a program of nobody in particular that cannot write into its own image", async () => {
    const script =
      'const { writeFileSync } = require("fs"); try { writeFileSync("/opt/flyteops/x", "") } catch ({ code }) { console.log(process.getuid(), process.getgid(), code) }';
    const said = await installed.kubectl("exec", "-n", SYSTEM, "deployment/flyteops-controller", "-c", "flyteops", "--", "node", "-e", script);
    assert.equal(said.trim(), "65532 65532 EROFS");
  });

  it("runs what git declares in pods of their own, under restricted Pod Security", async () => {
    const run = await ending(installed.client, at("penguins-first"));
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    const { out } = await expectExit(0, installed.cli("outputs", "penguins-first", "-n", NAMESPACE));
    assert.match(out, /accuracy|page|report/);
    assertHappenedOnce("penguins-first");
  });

  it("shows a pod's log through kubectl and through our own command line", async () => {
    const [pod] = await installed.podsOf("penguins-first");
    const text = await installed.kubectl("logs", "-n", NAMESPACE, pod?.metadata.name ?? "", "-c", "main");
    const { out } = await expectExit(0, installed.cli("logs", "penguins-first", "-n", NAMESPACE));
    assert.ok(text.trim() !== "" && out.includes(text.trim().split("\n")[0] ?? ""), `kubectl: ${text}\nflyteops: ${out}`);
  });

  it("tells the run through its read-only API, which has rights of its own", async () => {
    const ask = `const body = JSON.stringify({ runId: { project: "ml", domain: "development", name: "penguins-first" } });
      const headers = { "content-type": "application/json" };
      fetch("http://127.0.0.1:8090/flyteidl2.workflow.RunService/GetRunDetails", { method: "POST", headers, body })
        .then((answer) => answer.text()).then(console.log)`;
    const said = await installed.kubectl("exec", "-n", SYSTEM, "deployment/flyteops-api", "--", "node", "-e", ask);
    assert.match(said, /"phase":"ACTION_PHASE_SUCCEEDED"/);
  });

  it("runs the failure node of a workflow that fails", async () => {
    await installed.createPenguins("broken", "penguins-broken");
    const run = await ending(installed.client, at("broken"));
    assert.equal(run.status?.phase, "Failed");
    const tell = (await installed.actionsOf("broken")).find(({ spec }) => spec.task === "tell");
    assert.equal(tell?.status?.phase, "Succeeded");
  });

  it("ends the pods of a Run that is aborted", async () => {
    await installed.startSteps("unwanted");
    // A program that has not begun to listen for SIGTERM is there for the whole grace period.
    const isUp = ({ metadata, status }: Stored<Pod>) => metadata.name === "unwanted-first-0" && status?.phase === "Running";
    await eventually(
      "its first pod runs",
      () => installed.podsOf("unwanted"),
      (pods) => pods.some(isUp),
    );
    await expectExit(0, installed.cli("abort", "unwanted", "-n", NAMESPACE));
    assert.equal((await ending(installed.client, at("unwanted"))).status?.phase, "Aborted");
    await eventually(
      "no pod is left",
      () => installed.podsOf("unwanted"),
      (pods) => pods.every(({ status }) => status?.phase === "Succeeded" || status?.phase === "Failed"),
    );
  });
});
