import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { RunKind, TaskActionKind, type TaskAction } from "../../crds/index.ts";
import { type Check, commandFiles, commandsSay, commandsWork } from "./support/commands-contract.ts";
import { followedBy } from "./support/followed.ts";
import { processesAreVisible, processesWith } from "./support/processes.ts";
import { type Bench, bench, NAMESPACE, type Product, PROJECT, up } from "./support/product.ts";
import { type Ended, expectExit, flyteops } from "./support/program.ts";
import { penguins, type Repository } from "./support/repository.ts";

describe("the commands, on a running product", function () {
  this.timeout(60_000);
  let on: Bench;
  let repo: Repository;
  let product: Product;
  const cli = (code: number, ...args: readonly string[]): Promise<Ended> => expectExit(code, product.cli(...args));
  const each = (...checks: readonly Check[]) => commandsSay(product, checks);

  before(async () => {
    on = bench();
    repo = penguins(on.path("penguins"));
    repo.write(commandFiles(PROJECT, on.mark));
    repo.commit();
    product = await up(on, { repo: repo.path });
    await product.program.says(/synced main@/);
  });
  after(() => on.clear());

  it("says where the kubeconfig is and what it follows, and finishes the Run of the repository", async () => {
    await product.program.says(/flyteops \S+ follows penguins at main; Kubernetes API at https:\/\/127\.0\.0\.1:\d+/);
    await product.program.says(new RegExp(`export KUBECONFIG=${product.kubeconfig}`));
    await cli(0, "wait", "penguins-first", "--timeout", "30s");
  });

  commandsWork(PROJECT, () => Promise.resolve({ ...followedBy(repo, product), directory: on.directory, mark: on.mark }));

  it("runs what lies in the working tree, committed or not, and tells that files are not committed", async () => {
    const since = product.program.text().length;
    repo.write({ "greeting/hello.txt": "not committed\n" });
    await product.program.says(/1 file changed, not committed; flyteops follows commits: git commit -am/, since);
    await cli(0, "run", "greet", "-i", "name=Ada", "--working-tree", "penguins", "--name", "draft", "--follow");
    assert.equal((await cli(0, "logs", "draft")).out, "not committed\n");
    await cli(0, "run", "greet", "-i", "name=Ada", "--name", "clean", "--follow");
    assert.equal((await cli(0, "logs", "clean")).out, "committed\n");
    repo.git("checkout", "--quiet", "greeting");
  });

  it("checks the machine and the installation, prints versions, kinds and completions, and helps with an example", async () => {
    const findings = JSON.parse((await cli(0, "check", "-o", "json")).out) as { level: string; subject: string }[];
    assert.ok(findings.some(({ subject, level }) => subject === "kinds" && level === "ok"));
    assert.equal(((await cli(0, "crds")).out.match(/^kind: CustomResourceDefinition$/gm) ?? []).length, 9);
    await each(
      [0, /^flyteops \d+\.\d+\.\d+\nkubernetes v1\.\d+/, "version"],
      [0, /working-tree/, "completion", "bash"],
      [0, /working-tree/, "completion", "zsh"],
      [0, /working-tree/, "completion", "fish"],
      [2, /one of bash, zsh, fish/, "completion", "cobol"],
      [0, /Examples:\n {2}flyteops run /, "run", "--help"],
      [2, /unknown command 'rnu'[^]*run/, "rnu"],
    );
  });

  it("says that no control plane answers, and what to type", async () => {
    const nobody = await flyteops(["get", "runs"], { cwd: on.directory, env: on.env });
    assert.equal(nobody.code, 4, nobody.err);
    assert.doesNotMatch(nobody.err, /^\s+at /m);
  });

  it("stops with `down`, keeps everything, and leaves no process behind", async () => {
    const run = product.client.create(RunKind, {
      apiVersion: "flyte.org/v1",
      kind: "Run",
      metadata: { namespace: NAMESPACE, name: "last" },
      spec: { task: "slow" },
    });
    await run;
    await product.sees<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "last-a0" }, (action) => action?.status?.phase === "Running");
    const busy = await expectExit(2, flyteops(["up", "--repo", repo.path, "--state", product.state], { cwd: on.directory, env: on.env }));
    assert.match(busy.err, new RegExp(`is in use by another flyteops \\(pid ${product.program.pid}\\)[^]*flyteops down --state`));
    await cli(0, "down", "--state", product.state);
    const ended = await expectExit(130, product.program.ended);
    assert.match(ended.out, /stopped; everything is kept in/);
    if (processesAreVisible) assert.deepEqual(processesWith(on.mark).concat(processesWith(product.state)), []);
    assert.ok(existsSync(product.state));
    assert.match((await cli(0, "down", "--state", product.state, "--purge")).out, /deleted/);
    assert.ok(!existsSync(product.state));
  });
});
