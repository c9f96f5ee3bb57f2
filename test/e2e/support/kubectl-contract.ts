import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type TaskAction, TaskActionKind } from "../../../crds/index.ts";
import { type Follow, type Followed, handled } from "./followed.ts";
import { manifestsOf, yaml } from "./manifests.ts";
import type { Bench } from "./product.ts";
import { type Ended, expectExit, start } from "./program.ts";

export const kubectlIsMissing = spawnSync("kubectl", ["version", "--client"], { stdio: "ignore" }).error !== undefined;

/** What a person does to our kinds with kubectl, as tests of whatever serves them. */
export function kubectlWorks(projectName: string, on: () => Pick<Bench, "directory" | "env" | "path">, follow: Follow): void {
  const { namespace: NAMESPACE, project, run, shellTask, trigger, workflow } = manifestsOf(projectName);
  let followed: Followed;
  let product: Followed["product"];
  const begin = (...args: readonly string[]) =>
    start("kubectl", ["-n", NAMESPACE, ...args], { cwd: on().directory, env: { ...on().env, KUBECONFIG: product.kubeconfig } });
  const kubectl = (...args: readonly string[]): Promise<Ended> => expectExit(0, begin(...args).ended);
  const file = (name: string, ...documents: readonly object[]) => {
    writeFileSync(on().path(name), yaml(...documents));
    return name;
  };

  before(async () => {
    followed = await follow({
      "project.yaml": project(),
      "flow.yaml": yaml(
        shellTask("greet", 'echo "hello $(cat $FLYTEOPS_INPUTS/name)"; printf ok > $FLYTEOPS_OUTPUTS/word', {
          inputs: { name: "string" },
          outputs: { word: "string" },
        }),
        // The first process of a container has no default for SIGTERM.
        shellTask("slow", "trap 'exit 143' TERM; echo begin; sleep 86400 & wait"),
        workflow("flow", {
          inputs: { name: { type: "string", default: "you" } },
          nodes: { greet: { task: "greet", inputs: { name: { from: "inputs.name" } } } },
        }),
        trigger("by-hand", { run: { workflow: "flow" }, active: false }),
      ),
    });
    ({ product } = followed);
    await handled(followed, followed.repo.git("rev-parse", "HEAD"));
  });

  it("lists all our kinds with our columns", async () => {
    const all = await kubectl("get", "flyte", "-A");
    for (const name of [
      `project.flyte.org/${projectName}`,
      "projectquota.flyte.org/default",
      "task.flyte.org/greet",
      "workflow.flyte.org/flow",
      "trigger.flyte.org/by-hand",
      `gitsync.flyte.org/${followed.sync.name}`,
    ])
      assert.match(all.out, new RegExp(name.replaceAll(".", "\\.")));
    assert.match((await kubectl("get", "namespace", NAMESPACE)).out, /Active/);
    assert.match((await kubectl("get", "fsync", "-n", "flyteops-system")).out, /^NAME +REVISION +READY +OBJECTS +PROBLEMS +AGE$/m);
  });

  it("creates a Run, waits for it, shows its columns and its pod's log, and describes it with its events", async () => {
    await kubectl("create", "-f", file("run.yaml", run("by-kubectl", { workflow: "flow", inputs: { name: "Ada" } })));
    await kubectl("wait", "runs.flyte.org/by-kubectl", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s");
    await kubectl("wait", "frun/by-kubectl", "--for=condition=Ready", "--timeout=30s");
    const [header, row] = (await kubectl("get", "runs.flyte.org", "by-kubectl")).out.split("\n");
    assert.match(`${header}`, /^NAME +OF +PHASE +DONE +FAILED +REVISION +STARTED +DURATION$/);
    assert.match(`${row}`, /^by-kubectl +flow +Succeeded +1\/1 +0 +main@[0-9a-f]+ +\d+s +\S+$/);
    assert.match((await kubectl("get", "fta", "-l", "flyte.org/run=by-kubectl")).out, /by-kubectl-greet +greet +container +Succeeded +1/);
    assert.equal((await kubectl("logs", "-l", "flyte.org/run=by-kubectl", "-c", "main")).out, "hello Ada\n");
    const described = await kubectl("describe", "frun", "by-kubectl");
    assert.match(described.out, /Phase: +Succeeded/);
    assert.match(described.out, /Events:\n[^]*Started/);
  });

  it("explains every field", async () => {
    assert.match((await kubectl("explain", "runs.flyte.org.spec.inputs")).out, /GROUP: +flyte\.org[^]*DESCRIPTION:\n +\S/);
    assert.match((await kubectl("explain", "tasks.flyte.org.spec.retries.onExit", "--recursive")).out, /retry\s+<\[\]integer>/);
  });

  it("applies, patches, edits what may change and refuses what may not, naming the field", async () => {
    const task = (message: string) => file("task.yaml", shellTask("mine", `echo ${message}`));
    assert.match((await kubectl("apply", "-f", task("one"))).out, /mine created/);
    assert.match((await kubectl("apply", "-f", task("two"))).out, /mine configured/);
    assert.match((await kubectl("apply", "-f", task("two"))).out, /mine unchanged/);
    assert.match((await kubectl("diff", "-f", "task.yaml")).out, /^$/);
    await kubectl("wait", "ftask/mine", "--for=condition=Ready", "--timeout=20s");
    assert.match((await kubectl("patch", "frun", "by-kubectl", "--type=merge", "-p", '{"spec":{"ttl":"1d"}}')).out, /patched/);
    const refused = await begin("patch", "frun", "by-kubectl", "--type=merge", "-p", '{"spec":{"workflow":"other"}}').ended;
    assert.equal(refused.code, 1);
    assert.match(refused.err, /is invalid[^]*workflow/);
    const unknown = await begin("create", "-f", file("unknown.yaml", run("unknown", { workflow: "flow", inptus: {} }))).ended;
    assert.match(unknown.err, /strict decoding error: unknown field "spec\.inptus"/);
    const nobody = await begin(
      "apply",
      "-f",
      file("none.yaml", { apiVersion: "flyte.org/v1", kind: "Run", metadata: { name: "none" }, spec: { workflow: "a", task: "b" } }),
    ).ended;
    assert.equal(nobody.code, 1);
    assert.match(nobody.err, /exactly one/i);
    assert.match((await kubectl("delete", "ftask", "mine")).out, /"mine" deleted/);
  });

  it("compiles what it applies, whoever applied it, and shows the problems in a condition", async () => {
    await kubectl("apply", "-f", file("wrong.yaml", workflow("wrong", { nodes: { a: { task: "nowhere" } } })));
    await kubectl("wait", "fwf/wrong", "--for=condition=Ready=false", "--timeout=20s");
    assert.match((await kubectl("get", "fwf", "wrong", "-o", "jsonpath={.status.conditions[*].message}")).out, /nowhere/);
    await kubectl("create", "-f", file("wrong-run.yaml", run("wrong-run", { workflow: "wrong" })));
    // It waits for the definition to be corrected: whoever applied it may still do that.
    await kubectl("wait", "frun/wrong-run", "--for=jsonpath={.status.phase}=Waiting", "--timeout=20s");
    assert.match((await kubectl("get", "frun", "wrong-run", "-o", "jsonpath={.status.conditions[*].message}")).out, /nowhere/);
    await kubectl("delete", "fwf,frun", "wrong", "wrong-run", "--ignore-not-found");
  });

  it("follows a log, aborts by a patch, and deletes with everything that belonged to it", async () => {
    await kubectl("create", "-f", file("slow.yaml", run("slow", { task: "slow" })));
    await product.sees<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "slow-a0" }, (action) => action?.status?.phase === "Running");
    const log = begin("logs", "-f", "slow-a0-0", "-c", "main");
    await log.says(/^begin$/m);
    await kubectl("patch", "frun", "slow", "--type=merge", "-p", '{"spec":{"desiredState":"Aborted","abortReason":"enough"}}');
    assert.equal((await log.ended).out, "begin\n");
    await kubectl("wait", "frun/slow", "--for=jsonpath={.status.phase}=Aborted", "--timeout=20s");
    const again = await begin("patch", "frun", "slow", "--type=merge", "-p", '{"spec":{"desiredState":"Running"}}').ended;
    assert.equal(again.code, 1, "Aborted is final");
    await kubectl("delete", "frun", "slow");
    await kubectl("wait", "fta/slow-a0", "--for=delete", "--timeout=20s");
    // The kubelet of a cluster takes the time that a container does.
    if (!followed.program) await kubectl("wait", "pods", "-l", "flyte.org/run=slow", "--for=delete", "--timeout=40s");
    assert.match((await kubectl("get", "fta,pods", "-l", "flyte.org/run=slow")).err, /No resources found/);
  });

  it("takes our CRDs as `flyteops crds` prints them", async () => {
    writeFileSync(on().path("crds.yaml"), (await expectExit(0, product.cli("crds"))).out);
    const applied = await kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "crds.yaml");
    assert.equal(applied.out.trim().split("\n").length, 9, applied.out);
  });

  it("watches", async () => {
    const watch = begin("get", "frun", "by-kubectl", "-w", "--output-watch-events");
    await watch.says(/ADDED +by-kubectl/);
    await kubectl("annotate", "frun", "by-kubectl", "seen=yes");
    await watch.says(/MODIFIED +by-kubectl +flow +Succeeded/);
    await watch.stop();
  });
}
