import assert from "node:assert/strict";
import { TaskActionKind, type Run, type TaskAction } from "../../../crds/index.ts";
import type { Stored } from "../../../kube/index.ts";
import { shellTask, workflow, yaml } from "./manifests.ts";
import { NAMESPACE, type Product } from "./product.ts";

const quick = { duration: "10ms", factor: 2, cap: "50ms" };
const retries = (more: object) => ({ spec: { retries: { backoff: quick, ...more } } });

interface Row {
  readonly task: object;
  readonly phase: string;
  readonly attempts: number;
  readonly code?: string;
}

/** Exit codes and retries: what a task does, how its action ends, after how many attempts. */
const ROWS: Readonly<Record<string, Row>> = {
  "exit 0 succeeds": { task: shellTask("zero", "exit 0"), phase: "Succeeded", attempts: 1 },
  "a failure is final without retries": { task: shellTask("one", "exit 1"), phase: "Failed", attempts: 1, code: "ExitCode" },
  "limit 2 gives three attempts": { task: shellTask("thrice", "exit 1", retries({ limit: 2 })), phase: "Failed", attempts: 3, code: "ExitCode" },
  "a later attempt succeeds": { task: shellTask("later", "exit $((1 - FLYTE_ATTEMPT_NUMBER))", retries({ limit: 2 })), phase: "Succeeded", attempts: 2 },
  "a code in fail is not tried again": {
    task: shellTask("final", "exit 64", retries({ limit: 2, onExit: { fail: [64] } })),
    phase: "Failed",
    attempts: 1,
    code: "ExitCode",
  },
  "with codes in retry only they are tried again": {
    task: shellTask("picky", "exit $((75 + FLYTE_ATTEMPT_NUMBER))", retries({ limit: 5, onExit: { retry: [75], fail: [76] } })),
    phase: "Failed",
    attempts: 2,
    code: "ExitCode",
  },
  "a code in skip skips the node": { task: shellTask("skips", "exit 99", retries({ limit: 2, onExit: { skip: [99] } })), phase: "Skipped", attempts: 1 },
  "127 is never tried again": { task: shellTask("lost", "no-such-thing-at-all", retries({ limit: 2 })), phase: "Failed", attempts: 1, code: "ExitCode" },
  "an attempt that takes too long is tried again, then TimedOut": {
    task: shellTask("late", "sleep 600", { spec: { timeout: "300ms", retries: { limit: 1, backoff: quick } } }),
    phase: "TimedOut",
    attempts: 2,
  },
  "_ERROR wins over exit 0, and may say that another attempt is useless": {
    task: shellTask(
      "says",
      `printf '{"code":"Hopeless","message":"no use","kind":"USER","retryable":false}' > $FLYTEOPS_OUTPUTS/_ERROR`,
      retries({ limit: 2 }),
    ),
    phase: "Failed",
    attempts: 1,
    code: "Hopeless",
  },
};

/** Files of a repository with every task that `tasksKeepTheirContract` runs, for the project `ml`. */
export function taskContractFiles(): Record<string, string> {
  return {
    "rows.yaml": yaml(...Object.values(ROWS).map(({ task }) => task)),
    "code/run.sh":
      'printf "%s" "$PWD" > "$FLYTEOPS_OUTPUTS/cwd"; env > "$FLYTEOPS_OUTPUTS/env"; ls -A > "$FLYTEOPS_OUTPUTS/files"; cat "$FLYTEOPS_INPUTS/inputs.json" > "$FLYTEOPS_OUTPUTS/inputs.json.txt"\n',
    "tasks.yaml": yaml(
      shellTask("look", "sh run.sh", {
        inputs: { greeting: "string", missing: "string | none", big: "integer", list: "list<integer>" },
        outputs: { cwd: "string", env: "string", files: "string" },
        container: {
          env: [
            { name: "GREETING", value: "{{.inputs.greeting}}" },
            { name: "GONE", value: "{{.inputs.missing}}" },
          ],
        },
        spec: { code: { path: "code/" } },
      }),
      shellTask("args", "", {
        inputs: { list: "list<string>", none: "string | none" },
        container: { command: ["printf", "<%s>"], args: ["first", "{{.inputs.list}}", "{{.inputs.none}}", "$$(HOME)", "{{other}}"] },
      }),
      shellTask("reads", "echo x > $FLYTEOPS_INPUTS/x 2>&1 && exit 3; echo y > /code/y && exit 4; exit 0", {
        inputs: { x: "string" },
        spec: { code: { path: "code/" } },
      }),
      shellTask("elsewhere", 'printf "%s" "$PWD" > /results/cwd; ls /given > /results/given', {
        inputs: { x: "string" },
        outputs: { cwd: "string", given: "string" },
        container: { workingDir: "/" },
        spec: { data: { inputPath: "/given", outputPath: "/results" } },
      }),
      shellTask("double", 'printf $((2 * $(cat $FLYTEOPS_INPUTS/n1))) > $FLYTEOPS_OUTPUTS/n2; echo "item $FLYTEOPS_MAP_INDEX"', {
        inputs: { n1: "integer" },
        outputs: { n2: "integer" },
      }),
      workflow("skipped", {
        outputs: { after: { type: "boolean", expr: "true" } },
        nodes: { maybe: { task: "skips" }, follows: { task: "zero", after: ["maybe"] } },
      }),
      workflow("mapped", {
        inputs: { numbers: "list<integer>" },
        outputs: { doubled: { type: "list<integer>", from: "nodes.each.outputs.n2" } },
        nodes: { each: { map: { over: { n1: { from: "inputs.numbers" } }, concurrency: 2 }, task: "double" } },
      }),
    ),
  };
}

/** What a task is promised, as tests of whoever runs tasks: the processes of a laptop, or the pods of a cluster. */
export function tasksKeepTheirContract(product: () => Pick<Product, "client" | "cli" | "run">): void {
  const nameOf = (task: object) => (task as { metadata: { name: string } }).metadata.name;
  const action = (run: Stored<Run>, node = "a0") =>
    product().client.get<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: `${run.metadata.name}-${node}` });
  const outputs = async (name: string) => JSON.parse((await product().cli("outputs", name, "-o", "json")).out) as Record<string, unknown>;

  it("judges exit codes and tries again as the task says", async () => {
    const found = await Promise.all(
      Object.values(ROWS).map(async ({ task }) => {
        const run = await product().run({ name: nameOf(task), spec: { task: nameOf(task) } });
        const { status } = await action(run);
        return { phase: status?.phase, attempts: status?.attempts, ...(status?.errorState?.code ? { code: status.errorState.code } : {}) };
      }),
    );
    const expected = Object.fromEntries(Object.entries(ROWS).map(([name, { task: _, ...row }]) => [name, row]));
    const codeless = (name: string, index: number) => {
      const { code, ...rest } = found[index] ?? {};
      return [name, ROWS[name]?.code === undefined ? rest : { ...rest, code }];
    };
    assert.deepEqual(Object.fromEntries(Object.keys(ROWS).map(codeless)), expected);
  });

  it("gives a program its environment, /code as its directory, and its inputs", async () => {
    const run = await product()
      .run({
        name: "look",
        spec: { task: "look", inputs: { greeting: "hello $(HOME)", big: 9007199254740993n.toString(), list: [1, 2] } },
      })
      .catch(() => undefined);
    assert.equal(run?.status?.phase, "Succeeded", JSON.stringify(run?.status?.error));
    const { cwd, env, files } = (await outputs("look")) as Record<string, string>;
    assert.equal(cwd, "/code");
    assert.match(`${files}`, /run\.sh/);
    const given = Object.fromEntries(`${env}`.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    assert.equal(given["GREETING"], "hello $(HOME)");
    assert.ok(!("GONE" in given), "a variable whose template is none is left out");
    const expected = {
      RUN_NAME: "look",
      ACTION_NAME: "a0",
      FLYTE_ATTEMPT_NUMBER: "0",
      FLYTE_INTERNAL_EXECUTION_ID: "look",
      FLYTE_INTERNAL_EXECUTION_PROJECT: "ml",
      FLYTE_INTERNAL_EXECUTION_DOMAIN: "development",
      FLYTE_INTERNAL_TASK_NAME: "look",
      FLYTE_INTERNAL_TASK_PROJECT: "ml",
      FLYTE_INTERNAL_TASK_DOMAIN: "development",
      FLYTEOPS_INPUTS: "/var/flyte/inputs",
      FLYTEOPS_OUTPUTS: "/var/flyte/outputs",
      FLYTEOPS_CODE: "/code",
      FLYTEOPS_NODE: "a0",
      FLYTEOPS_MAX_ATTEMPTS: "1",
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(given[name], value, name);
    for (const name of ["FLYTE_INTERNAL_TASK_VERSION", "FLYTEOPS_ACTION_KEY", "FLYTEOPS_REVISION", "FLYTEOPS_RAW_OUTPUT_URI", "FLYTEOPS_PROGRESS"])
      assert.ok(given[name], `${name} is set`);
  });

  it("fills templates in arguments: one argument per element of a list, none for none, everything else as it is", async () => {
    const run = await product().run({ name: "args", spec: { task: "args", inputs: { list: ["a b", "$(HOME)"] } } });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status?.error));
    assert.equal((await product().cli("logs", "args")).out.trim(), "<first><a b><$(HOME)><$(HOME)><{{other}}>");
  });

  it("lets no program write into its inputs or its code, and puts both directories where the task says", async () => {
    const reads = await product().run({ name: "reads", spec: { task: "reads", inputs: { x: "1" } } });
    assert.equal(reads.status?.phase, "Succeeded", JSON.stringify(reads.status?.error));
    await product().run({ name: "elsewhere", spec: { task: "elsewhere", inputs: { x: "1" } } });
    const { cwd, given } = await outputs("elsewhere");
    assert.equal(cwd, "/");
    assert.deepEqual(`${given}`.trim().split("\n"), ["inputs.json", "inputs.pb", "x"]);
  });

  it("maps a task over a list, in order, and skips what only skipped work leads to", async () => {
    const mapped = await product().run({ name: "mapped", spec: { workflow: "mapped", inputs: { numbers: [1, 2, 3, 4, 5] } } });
    assert.equal(mapped.status?.phase, "Succeeded", JSON.stringify(mapped.status?.error));
    assert.deepEqual(await outputs("mapped"), { doubled: [2, 4, 6, 8, 10] });
    assert.equal((await product().cli("logs", "mapped/each[3]")).out, "item 3\n");
    const skipped = await product().run({ name: "skipped", spec: { workflow: "skipped" } });
    assert.equal(skipped.status?.phase, "Succeeded", JSON.stringify(skipped.status?.error));
    const tree = (await product().cli("tree", "skipped")).out;
    for (const node of ["maybe", "follows"]) assert.match(tree, new RegExp(`${node} +Skipped`));
  });
}
