import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { RunKind, TaskActionKind, type Run, type TaskAction } from "../../crds/index.ts";
import { Kinds } from "../../kube/index.ts";
import { project, run, shellTask, workflow, yaml } from "./support/manifests.ts";
import { processesAreVisible, processesWith } from "./support/processes.ts";
import { type Bench, bench, hasEnded, NAMESPACE, type Product, up } from "./support/product.ts";
import { flyteops } from "./support/program.ts";
import { repository } from "./support/repository.ts";

/**
 * `before` and `after` write a line into a file outside, their effect. `wait` writes its line and ends when the file
 * `go` is there, so that the test says how far the run has come.
 */
function manifests(on: Bench): Record<string, string> {
  const [effects, go] = [on.path("effects"), on.path("go")];
  const effect = (name: string, more = "true") =>
    shellTask(name, `echo ${name} $FLYTE_ATTEMPT_NUMBER $FLYTEOPS_ACTION_KEY >> ${effects}; ${more}; printf done > $FLYTEOPS_OUTPUTS/word`, {
      inputs: { after: { type: "string", default: "" } },
      outputs: { word: "string" },
      spec: { retries: { limit: 1, system: 3, preemption: 3, backoff: { duration: "10ms" } } },
    });
  return {
    "project.yaml": project(),
    "work.yaml": yaml(
      effect("first"),
      effect("wait", `while [ ! -e ${go} ]; do sleep 0.0${on.mark}; done`),
      effect("last"),
      workflow("chain", {
        outputs: { word: { type: "string", from: "nodes.last.outputs.word" } },
        nodes: {
          first: { task: "first" },
          wait: { task: "wait", inputs: { after: { from: "nodes.first.outputs.word" } } },
          last: { task: "last", inputs: { after: { from: "nodes.wait.outputs.word" } } },
        },
      }),
      run("chained", { workflow: "chain" }),
    ),
  };
}

describe("flyteops up that is killed", function () {
  this.timeout(60_000);
  let on: Bench;
  let product: Product;
  const lines = () => readFileSync(on.path("effects"), "utf8").trim().split("\n");
  const seesWaiter = () =>
    product.sees<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "chained-wait" }, (action) => action?.status?.phase === "Running");

  beforeEach(() => {
    on = bench();
    writeFileSync(on.path("effects"), "");
  });
  afterEach(() => on.clear());

  it("finishes the run after kill -9 and a restart: nothing is lost, what was done is not done again, no process is left", async () => {
    const repo = repository(on.path("repo"), manifests(on));
    product = await up(on, { repo: repo.path });
    await seesWaiter();
    const before = await product.client.get<Run>(RunKind, { namespace: NAMESPACE, name: "chained" });
    const done = await product.client.get<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "chained-first" });
    const { port } = new URL(/server: (\S+)/.exec(readFileSync(product.kubeconfig, "utf8"))?.[1] ?? "");
    await product.stop("SIGKILL");

    product = await up(on, { repo: repo.path });
    assert.match(readFileSync(product.kubeconfig, "utf8"), new RegExp(`:${port}\\b`), "the same port, so that KUBECONFIG stays valid");
    appendFileSync(on.path("go"), "");
    const after = await product.sees<Run>(RunKind, { namespace: NAMESPACE, name: "chained" }, hasEnded);
    assert.deepEqual([after.metadata.uid, after.status?.phase], [before.metadata.uid, "Succeeded"], JSON.stringify(after.status?.error));
    const kept = await product.client.get<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "chained-first" });
    assert.deepEqual([kept.metadata.uid, kept.status?.attempts, kept.status?.endTime], [done.metadata.uid, 1, done.status?.endTime]);
    const waited = await product.client.get<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "chained-wait" });
    const count = (name: string) => lines().filter((line) => line.startsWith(`${name} `)).length;
    assert.deepEqual([count("first"), count("wait"), count("last")], [1, waited.status?.attempts, 1]);
    assert.equal(new Set(lines().map((line) => line.split(" ")[2])).size, 3, "one key for outside systems per action, the same in every attempt");
    const runs = await product.client.list<Run>(RunKind, { namespace: NAMESPACE });
    assert.deepEqual(
      runs.items.map(({ metadata }) => metadata.name),
      ["chained"],
      "the Run of git is not run again",
    );
    await product.stop("SIGINT");
    if (processesAreVisible) assert.deepEqual([...processesWith(product.state), ...processesWith(on.mark)], []);
  });

  it("leaves no work behind that nobody watches: what was running ends with the program, and is run again", async function () {
    if (!processesAreVisible) return this.skip();
    const repo = repository(on.path("repo"), manifests(on));
    product = await up(on, { repo: repo.path });
    await seesWaiter();
    await product.stop("SIGINT");
    assert.deepEqual([...processesWith(product.state), ...processesWith(on.mark)], [], "Ctrl-C leaves no process behind");
    const once = flyteops(["up", "--repo", repo.path, "--state", product.state, "--once", "-o", "json"], { cwd: on.directory, env: on.env });
    appendFileSync(on.path("go"), "");
    const ended = await once;
    assert.equal(ended.code, 0, ended.err.slice(-2_000));
    assert.deepEqual(JSON.parse(ended.out), { runs: [{ namespace: NAMESPACE, name: "chained", phase: "Succeeded", outputs: { word: "done" } }], problems: [] });
    assert.ok(existsSync(product.state));
    assert.deepEqual(processesWith(product.state), []);
  });

  it("survives being killed again and again, at any moment of a run", async () => {
    const repo = repository(on.path("repo"), manifests(on));
    appendFileSync(on.path("go"), "");
    for (const moment of [/first +(Queued|Initializing|Running)/, /(wait|last) +(Queued|Initializing|Running)/]) {
      product = await up(on, { repo: repo.path });
      await Promise.race([product.program.says(moment), product.sees<Run>(RunKind, { namespace: NAMESPACE, name: "chained" }, hasEnded)]).catch(
        () => undefined,
      );
      await product.stop("SIGKILL");
    }
    product = await up(on, { repo: repo.path });
    const ended = await product.sees<Run>(RunKind, { namespace: NAMESPACE, name: "chained" }, hasEnded);
    assert.equal(ended.status?.phase, "Succeeded", JSON.stringify(ended.status?.error));
    const { items } = await product.client.list(Kinds.Pod, { namespace: NAMESPACE });
    assert.ok(items.every(({ metadata }) => !metadata.finalizers?.length || metadata.deletionTimestamp === undefined));
    await product.stop();
    if (processesAreVisible) assert.deepEqual(processesWith(product.state), []);
  });
});
