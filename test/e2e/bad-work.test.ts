import assert from "node:assert/strict";
import { RunKind, type TaskAction, TaskActionKind, type Run } from "../../crds/index.ts";
import { BAD_WORK, badWorkFiles, endsBadly, strangeDataIsData } from "./support/bad-work.ts";
import { project, shellTask, yaml } from "./support/manifests.ts";
import { type Bench, bench, hasEnded, NAMESPACE, type Product, up } from "./support/product.ts";
import { processesAreVisible, processesWith } from "./support/processes.ts";
import { repository } from "./support/repository.ts";

describe("work that goes wrong", function () {
  this.timeout(60_000);
  let on: Bench;
  let product: Product;

  before(async () => {
    on = bench();
    const repo = repository(on.path("repo"), {
      "project.yaml": project(),
      ...badWorkFiles(),
      "tasks/long.yaml": yaml(shellTask("long", `exec sleep 86400.${on.mark}`)),
    });
    product = await up(on, { repo: repo.path });
    await product.program.says(/synced main@/);
  });
  after(() => on.clear());

  for (const [name, { code, log }] of Object.entries(BAD_WORK)) {
    it(`names run, node, file and line when a script is ${name}: ${code}`, async () => {
      const since = product.program.text().length;
      await endsBadly(product, name);
      await product.program.says(new RegExp(`bad-${name}[^]*${code}[^]*task ${name} at tasks/${name}\\.yaml:1[^]*next: flyteops logs bad-${name}`), since);
      if (log) assert.match(product.program.text().slice(since), log);
    });
  }

  it("tells of a program that somebody killed", async function () {
    if (!processesAreVisible) return this.skip();
    await product.client.create(RunKind, { apiVersion: "flyte.org/v1", kind: "Run", metadata: { name: "shot", namespace: NAMESPACE }, spec: { task: "long" } });
    await product.sees<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "shot-a0" }, (action) => action?.status?.phase === "Running");
    const [victim] = processesWith(on.mark).filter(({ command }) => command.startsWith("sleep"));
    process.kill(victim?.pid ?? NaN, "SIGKILL");
    const run = await product.sees<Run>(RunKind, { namespace: NAMESPACE, name: "shot" }, hasEnded);
    assert.deepEqual([run.status?.phase, run.status?.error?.code], ["Failed", "ExitCode"]);
    assert.match(`${run.status?.error?.message}`, /ended by signal 9/);
  });

  strangeDataIsData(
    () => on,
    () => product,
  );

  it("goes on with everything else", async () => {
    assert.equal((await product.run({ name: "fine", spec: { task: "fine" } })).status?.phase, "Succeeded");
    assert.equal(processesAreVisible ? processesWith(on.directory).filter(({ command }) => /FLYTEOPS|sh -c/.test(command)).length : 0, 0);
  });
});
