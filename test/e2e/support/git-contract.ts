import assert from "node:assert/strict";
import { RunKind, type Run, TaskKind, type Task, type Trigger, TriggerKind, WorkflowKind } from "../../../crds/index.ts";
import { conditionIn, type Follow, type Followed, handled as handledBy, syncIs } from "./followed.ts";
import { manifestsOf, yaml } from "./manifests.ts";
import { hasEnded } from "./product.ts";
import type { Repository } from "./repository.ts";

/** What whoever pushes to a repository is promised, as tests of what follows it. */
export function repositoryIsFollowed(projectName: string, follow: Follow): void {
  const { namespace: NAMESPACE, project, run, shellTask, trigger, workflow } = manifestsOf(projectName);
  const say = (more: object = {}) =>
    shellTask("say", "cat words.txt > $FLYTEOPS_OUTPUTS/said; cat $FLYTEOPS_INPUTS/data", {
      inputs: { data: "file" },
      outputs: { said: "string" },
      spec: { code: { path: "src/" }, ...more },
    });
  const flow = (from = "inputs.data") =>
    workflow("flow", {
      inputs: { data: "file" },
      outputs: { said: { type: "string", from: "nodes.say.outputs.said" } },
      nodes: { say: { task: "say", inputs: { data: { from } } } },
    });
  const once = yaml(run("once", { workflow: "flow", inputs: { data: { file: "data.txt" } } }));
  let followed: Followed;
  let repo: Repository;
  let product: Followed["product"];

  const handled = (commit: string) => handledBy(followed, commit);
  const runs = async () => (await product.client.list<Run>(RunKind, { namespace: NAMESPACE })).items;
  const namesOf = async () => (await runs()).map(({ metadata }) => metadata.name).sort();
  const outputOf = async (name: string) => JSON.parse((await product.cli("outputs", name, "-o", "json")).out) as Record<string, unknown>;
  const since = () => followed.program?.text().length;

  before(async () => {
    followed = await follow({
      "project.yaml": project(),
      "src/words.txt": "first",
      "data.txt": "1",
      "task.yaml": yaml(say()),
      "flow.yaml": yaml(flow()),
      "once.yaml": once,
      "again.yaml": yaml(trigger("again", { run: { workflow: "flow", fixedInputs: { data: { file: "src/words.txt" } } }, onCommit: {} })),
      "extra.yaml": yaml(shellTask("extra", "exit 0")),
    });
    ({ repo, product } = followed);
    await handled(repo.git("rev-parse", "HEAD"));
    await product.sees<Run>(RunKind, { namespace: NAMESPACE, name: "once" }, hasEnded);
  });

  it("runs the onCommit Trigger again exactly once when a script changes, with the new script", async () => {
    const before = await namesOf();
    const then = since();
    repo.write({ "src/words.txt": "second" });
    await handled(repo.commit());
    const isNew = (name: string) => !before.includes(name);
    // The name is noted before the Run is made, the uid after that.
    const { status } = await product.sees<Trigger>(TriggerKind, { namespace: NAMESPACE, name: "again" }, (seen) => {
      const { name, uid } = seen?.status?.lastRun ?? {};
      return name !== undefined && uid !== undefined && isNew(name);
    });
    const again = await product.sees<Run>(RunKind, { namespace: NAMESPACE, name: status?.lastRun?.name ?? "" }, hasEnded);
    await followed.program?.says(/said = second/, then);
    const made = (await namesOf()).filter(isNew);
    assert.deepEqual(made, [again.metadata.name]);
    assert.equal(again.status?.phase, "Succeeded", JSON.stringify(again.status));
    assert.deepEqual(await outputOf(made[0] ?? ""), { said: "second" });
    const names = await namesOf();
    repo.write({ "notes.md": "nothing that runs" });
    await handled(repo.commit());
    assert.deepEqual(await namesOf(), names, "a commit that changes nothing of the plan runs nothing");
  });

  it("does not run a Run of git again when its data file changes, and says at file and line that it cannot be changed", async () => {
    const { uid } = (await product.client.get(RunKind, { namespace: NAMESPACE, name: "once" })).metadata;
    repo.write({ "data.txt": "2" });
    await handled(repo.commit());
    repo.write({ "once.yaml": yaml(run("once", { workflow: "flow", inputs: { data: { file: "src/words.txt" } } })) });
    const { status } = await handled(repo.commit());
    const [found] = status?.problems ?? [];
    assert.deepEqual([found?.code, found?.file], ["RunImmutable", "once.yaml"]);
    assert.match(`${found?.message}`, /already ran and cannot change; give it a new name/);
    assert.equal((await product.client.get(RunKind, { namespace: NAMESPACE, name: "once" })).metadata.uid, uid);
    repo.write({ "once.yaml": once });
    assert.deepEqual((await handled(repo.commit())).status?.problems ?? [], []);
  });

  it("does not run a Run of git again when it was deleted", async () => {
    await product.client.delete(RunKind, { namespace: NAMESPACE, name: "once" });
    repo.write({ "data.txt": "3" });
    const { status } = await handled(repo.commit());
    assert.ok(!(await namesOf()).includes("once"));
    assert.deepEqual(
      status?.problems?.map(({ code, file, line }) => [code, file, line]),
      [["RunGone", "once.yaml", 1]],
    );
    assert.equal(conditionIn(status, "Ready")?.status, "True", "information, not a failure");
    repo.remove("once.yaml");
    assert.deepEqual((await handled(repo.commit())).status?.problems ?? [], []);
  });

  it("leaves what runs untouched when a commit breaks a workflow, and names file, line and column", async () => {
    const before = await product.client.get(WorkflowKind, { namespace: NAMESPACE, name: "flow" });
    const then = since();
    repo.write({ "flow.yaml": yaml(flow("inputs.dta")), "extra.yaml": yaml(shellTask("extra", "exit 1")) });
    const commit = repo.commit();
    const { status } = await handled(commit);
    const found = status?.problems?.find(({ file }) => file === "flow.yaml");
    assert.match(`${found?.message}`, /dta/);
    const text = yaml(flow("inputs.dta")).split("\n")[(found?.line ?? 0) - 1] ?? "";
    assert.equal(text.slice((found?.column ?? 0) - 1), "inputs.dta", "the position is that of the wrong word");
    await followed.program?.says(new RegExp(`flow\\.yaml:${found?.line}:${found?.column}: .*dta`), then);
    assert.deepEqual((await product.client.get(WorkflowKind, { namespace: NAMESPACE, name: "flow" })).spec, before.spec);
    const sibling = await product.client.get<Task>(TaskKind, { namespace: NAMESPACE, name: "extra" });
    assert.deepEqual(sibling.spec.container?.command, ["sh", "-c", "exit 1"], "a valid sibling is applied");
    repo.write({ "flow.yaml": yaml(flow()) });
    assert.deepEqual((await handled(repo.commit())).status?.problems ?? [], []);
  });

  it("prunes what left the repository, and nothing else", async () => {
    await product.client.create(TaskKind, { ...(shellTask("mine", "exit 0") as { metadata: object }), apiVersion: "flyte.org/v1", kind: "Task" } as never);
    repo.remove("extra.yaml");
    const { status } = await handled(repo.commit());
    assert.equal(status?.objects?.pruned, 1);
    const names = (await product.client.list(TaskKind, { namespace: NAMESPACE })).items.map(({ metadata }) => metadata.name).sort();
    assert.deepEqual(names, ["mine", "say"]);
  });

  it("follows a force push, and a branch that vanishes and comes back", async () => {
    repo.git("branch", "keep");
    repo.git("reset", "--quiet", "--hard", "HEAD~1");
    repo.write({ "pushed.yaml": yaml(shellTask("pushed", "exit 0")) });
    await handled(repo.commit("Rewritten history"));
    await product.client.get(TaskKind, { namespace: NAMESPACE, name: "pushed" });
    await product.client.get(TaskKind, { namespace: NAMESPACE, name: "extra" });

    const then = since();
    repo.git("checkout", "--quiet", "keep");
    repo.git("branch", "-D", "main");
    const gone = await syncIs(followed, (status) => conditionIn(status, "Ready")?.status === "False");
    assert.match(`${conditionIn(gone.status, "Ready")?.message}`, /main/);
    await followed.program?.says(/sync failed .*main/, then);
    await product.client.get(TaskKind, { namespace: NAMESPACE, name: "pushed" });

    repo.git("checkout", "--quiet", "-b", "main");
    await handled(repo.git("rev-parse", "HEAD"));
    const names = (await product.client.list(TaskKind, { namespace: NAMESPACE })).items.map(({ metadata }) => metadata.name).sort();
    assert.deepEqual(names, ["mine", "say"]);
  });
}
