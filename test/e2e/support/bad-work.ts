import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Run, type TaskAction, TaskActionKind } from "../../../crds/index.ts";
import type { Stored } from "../../../kube/index.ts";
import { shellTask, yaml } from "./manifests.ts";
import { type Bench, NAMESPACE, type Product } from "./product.ts";
import { expectExit } from "./program.ts";

const integer = { outputs: { answer: "integer" } };

interface BadWork {
  readonly task: object;
  /** Of the run's error and of its action's. */
  readonly code: string;
  /** The message of the run's error. */
  readonly says: RegExp;
  /** The end of the program's log, as a laptop's console shows it. */
  readonly log?: RegExp;
}

/** A script that misbehaves, the code that the run's error has, and what is said of it. */
export const BAD_WORK: Readonly<Record<string, BadWork>> = {
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

/** Files of a repository with every task that goes wrong, each in its own, and those with strange data. */
export function badWorkFiles(): Record<string, string> {
  const tasks = Object.values(BAD_WORK).map(({ task }) => task);
  const files = tasks.map((task) => [`tasks/${(task as { metadata: { name: string } }).metadata.name}.yaml`, yaml(task)] as const);
  return {
    ...Object.fromEntries(files),
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
    ),
  };
}

type Running = Pick<Product, "client" | "cli" | "run">;

/** Runs a task of BAD_WORK as `bad-<name>`: it fails with its code, says why, and names the file and line of the task. */
export async function endsBadly({ client, run }: Running, name: string): Promise<Stored<Run>> {
  const { code, says } = BAD_WORK[name]!;
  const ended = await run({ name: `bad-${name}`, spec: { task: name } });
  assert.equal(ended.status?.phase, "Failed", JSON.stringify(ended.status));
  assert.equal(ended.status?.error?.code, code, ended.status?.error?.message);
  assert.match(`${ended.status?.error?.message}`, says);
  const { items } = await client.list<TaskAction>(TaskActionKind, { namespace: NAMESPACE, labelSelector: `flyte.org/run-uid=${ended.metadata.uid}` });
  assert.equal(items[0]?.status?.errorState?.code, code);
  assert.equal(items[0]?.spec.source, `tasks/${name}.yaml:1`);
  return ended;
}

/** Data with names and values that a careless program would obey, as tests of whoever runs tasks. */
export function strangeDataIsData(on: () => Bench, product: () => Running): void {
  it("treats a map key with ../ as a name, not as a way out", async () => {
    const run = await product().run({ name: "keys", spec: { task: "keys", inputs: { m: { value: { "../../up": "a", ".hidden": "b", plain: "c" } } } } });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status?.error));
    const log = await expectExit(0, product().cli("logs", "keys"));
    assert.deepEqual(log.out.trim().split("\n").sort(), ["%2E.%2F..%2Fup", "%2Ehidden", "a", "b", "c", "plain"].sort());
    const outputs = await expectExit(0, product().cli("outputs", "keys", "-o", "json"));
    assert.deepEqual(JSON.parse(outputs.out), { m: { "../../up": "a", ".hidden": "b", plain: "c" } });
    const saved = await expectExit(0, product().cli("outputs", "keys", "--download", join(on().directory, "saved")));
    for (const path of saved.out.trim().split("\n")) assert.ok(path.startsWith(join(on().directory, "saved")), path);
    assert.ok(!existsSync(join(on().directory, "up")));
  });

  it("gives an input of $(SECRET) to the program as it is", async () => {
    const run = await product().run({ name: "secret", spec: { task: "echo", inputs: { x: "$(SECRET) $$ {{.inputs.x}}" } } });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status?.error));
    const log = await expectExit(0, product().cli("logs", "secret"));
    assert.equal(log.out.trim(), "<$(SECRET) $$ {{.inputs.x}}><hunter2>");
  });
}
