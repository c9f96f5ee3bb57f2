import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { RunKind, TaskActionKind, type Run, type TaskAction } from "../../crds/index.ts";
import type { Stored } from "../../kube/index.ts";
import { project, shellTask, yaml } from "./support/manifests.ts";
import { type Bench, bench, hasEnded, NAMESPACE, type Product, up } from "./support/product.ts";
import { processesAreVisible, processesWith } from "./support/processes.ts";
import { expectExit } from "./support/program.ts";
import { repository } from "./support/repository.ts";

const integer = { outputs: { answer: "integer" } };

/** A script that misbehaves, the code that the run's error has, and what is said of it. */
const ROWS: Readonly<Record<string, { readonly task: object; readonly inputs?: object; readonly code: string; readonly says: RegExp; readonly log?: RegExp }>> =
  {
    seven: { task: shellTask("seven", "echo first words; echo last words >&2; exit 7"), code: "ExitCode", says: /exited with 7/, log: /│ last words/ },
    killed: {
      task: shellTask("killed", "echo alive; sh -c 'kill -9 $$$$'; exit $?"),
      code: "ExitCode",
      says: /ended by signal 9 .exit code 137/,
      log: /│ alive/,
    },
    silent: { task: shellTask("silent", "exit 0", integer), code: "OutputMissing", says: /answer/ },
    liar: { task: shellTask("liar", "printf forty-two > $FLYTEOPS_OUTPUTS/answer", integer), code: "OutputInvalid", says: /answer.*integer|integer.*answer/s },
    thief: {
      task: shellTask("thief", "ln -s /etc/passwd $FLYTEOPS_OUTPUTS/answer", { outputs: { answer: "file" } }),
      code: "OutputLinkEscapes",
      says: /answer/,
    },
    fifo: { task: shellTask("fifo", "mkfifo $FLYTEOPS_OUTPUTS/answer", { outputs: { answer: "file" } }), code: "OutputInvalid", says: /answer/ },
    nested: {
      task: shellTask("nested", "mkdir $FLYTEOPS_OUTPUTS/answer; ln -s ../../.. $FLYTEOPS_OUTPUTS/answer/up", { outputs: { answer: "directory" } }),
      code: "OutputLinkEscapes",
      says: /answer\/up/,
    },
    absent: {
      task: shellTask("absent", "", { container: { command: ["no-such-program-here", "--now"] } }),
      code: "ProgramNotFound",
      says: /no-such-program-here/,
    },
  };

describe("work that goes wrong", function () {
  this.timeout(60_000);
  let on: Bench;
  let product: Product;

  before(async () => {
    on = bench();
    const tasks = Object.values(ROWS).map(({ task }) => task);
    const files = Object.fromEntries(tasks.map((task) => [`tasks/${(task as { metadata: { name: string } }).metadata.name}.yaml`, yaml(task)]));
    const repo = repository(on.path("repo"), {
      "project.yaml": project(),
      ...files,
      "tasks/fine.yaml": yaml(
        shellTask("fine", "printf 42 > $FLYTEOPS_OUTPUTS/answer", integer),
        shellTask("keys", 'cd "$FLYTEOPS_INPUTS/m" && ls -A && for f in * ; do cat "$f"; echo; done; cp -r . "$FLYTEOPS_OUTPUTS/m"', {
          inputs: { m: "map<string>" },
          outputs: { m: "map<string>" },
        }),
        shellTask("echo", "", {
          inputs: { x: "string" },
          container: { command: ["printf", "<%s>"], args: ["{{.inputs.x}}", "$(SECRET)"], env: [{ name: "SECRET", value: "hunter2" }] },
        }),
        shellTask("long", `exec sleep 86400.${on.mark}`),
      ),
    });
    product = await up(on, { repo: repo.path });
    await product.program.says(/synced main@/);
  });
  after(() => on.clear());

  const actionOf = async (run: Stored<Run>) => {
    const { items } = await product.client.list<TaskAction>(TaskActionKind, { namespace: NAMESPACE, labelSelector: `flyte.org/run-uid=${run.metadata.uid}` });
    return items[0];
  };

  for (const [name, { inputs, code, says, log }] of Object.entries(ROWS)) {
    it(`names run, node, file and line when a script is ${name}: ${code}`, async () => {
      const since = product.program.text().length;
      const run = await product.run({ name: `bad-${name}`, spec: { task: name, ...(inputs ? { inputs } : {}) } });
      assert.equal(run.status?.phase, "Failed");
      assert.equal(run.status?.error?.code, code, run.status?.error?.message);
      assert.match(`${run.status?.error?.message}`, says);
      const action = await actionOf(run);
      assert.equal(action?.status?.errorState?.code, code);
      assert.equal(action?.spec.source, `tasks/${name}.yaml:1`);
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

  it("treats a map key with ../ as a name, not as a way out", async () => {
    const run = await product.run({ name: "keys", spec: { task: "keys", inputs: { m: { value: { "../../up": "a", ".hidden": "b", plain: "c" } } } } });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status?.error));
    const log = await expectExit(0, product.cli("logs", "keys"));
    assert.deepEqual(log.out.trim().split("\n").sort(), ["%2E.%2F..%2Fup", "%2Ehidden", "a", "b", "c", "plain"].sort());
    const outputs = await expectExit(0, product.cli("outputs", "keys", "-o", "json"));
    assert.deepEqual(JSON.parse(outputs.out), { m: { "../../up": "a", ".hidden": "b", plain: "c" } });
    const saved = await expectExit(0, product.cli("outputs", "keys", "--download", on.path("saved")));
    for (const path of saved.out.trim().split("\n")) assert.ok(path.startsWith(on.path("saved")), path);
    assert.ok(!existsSync(on.path("up")));
  });

  it("gives an input of $(SECRET) to the program as it is", async () => {
    const run = await product.run({ name: "secret", spec: { task: "echo", inputs: { x: "$(SECRET) $$ {{.inputs.x}}" } } });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status?.error));
    const log = await expectExit(0, product.cli("logs", "secret"));
    assert.equal(log.out.trim(), "<$(SECRET) $$ {{.inputs.x}}><hunter2>");
  });

  it("goes on with everything else", async () => {
    assert.equal((await product.run({ name: "fine", spec: { task: "fine" } })).status?.phase, "Succeeded");
    assert.equal(processesAreVisible ? processesWith(on.directory).filter(({ command }) => /FLYTEOPS|sh -c/.test(command)).length : 0, 0);
  });
});
