import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RunKind, TaskActionKind, type Run, type TaskAction } from "../../../crds/index.ts";
import { Kinds } from "../../../kube/index.ts";
import { type Followed, handled } from "./followed.ts";
import { manifestsOf, yaml } from "./manifests.ts";
import { processesAreVisible, processesWith } from "./processes.ts";
import { type Ended, expectExit } from "./program.ts";
import type { Repository } from "./repository.ts";

/** Beside the example: work that takes as long as it is let, fails at first, or has items that fail. */
export function commandFiles(projectName: string, mark: string): Record<string, string> {
  const { run, shellTask, trigger } = manifestsOf(projectName);
  const extra = yaml(
    shellTask("slow", `trap 'exit 143' TERM; echo begin; sleep 86400.${mark} & wait`),
    shellTask("flaky", "echo attempt $FLYTE_ATTEMPT_NUMBER; printf $FLYTE_ATTEMPT_NUMBER > $FLYTEOPS_OUTPUTS/count; test $FLYTE_ATTEMPT_NUMBER -ge 1", {
      outputs: { count: "integer" },
      spec: { retries: { limit: 2, backoff: { duration: "10ms" } } },
    }),
    shellTask("greet", "cat hello.txt; printf 'hello %s' \"$(cat $FLYTEOPS_INPUTS/name)\" > $FLYTEOPS_OUTPUTS/text", {
      inputs: { name: "string" },
      outputs: { text: "string" },
      spec: { code: { path: "greeting/" } },
    }),
    trigger("greet-bob", { run: { task: "greet", fixedInputs: { name: "Bob" } } }),
    run("slow-in-git", { task: "slow" }),
  );
  return { "extra/extra.yaml": extra, "greeting/hello.txt": "committed\n" };
}

export interface Commanded extends Followed {
  /** Where files may be written. */
  readonly directory: string;
  /** In the command line of every process that works for long. */
  readonly mark: string;
}

/** Commands that need no order among them: exit code, what they say (on standard error when they fail), arguments. */
export type Check = readonly [number, RegExp, ...string[]];

export async function commandsSay(product: Followed["product"], checks: readonly Check[]): Promise<void> {
  const all = checks.map(async ([code, pattern, ...args]) => {
    const { out, err } = await expectExit(code, product.cli(...args));
    assert.match(code === 0 ? out : err, pattern, args.join(" "));
    assert.doesNotMatch(err, /^\s+at \S+ \(/m, "no stack trace");
  });
  await Promise.all(all);
}

/** What our commands say of runs, as tests of whatever runs them. The repository is the example with `commandFiles`. */
export function commandsWork(projectName: string, begin: () => Promise<Commanded>): void {
  const { namespace: NAMESPACE } = manifestsOf(projectName);
  let followed: Commanded;
  let product: Followed["product"];
  let repo: Repository;
  let [data, saved, mark] = ["", "", ""];
  const cli = (code: number, ...args: readonly string[]): Promise<Ended> => expectExit(code, product.cli(...args));
  const each = (...checks: readonly Check[]) => commandsSay(product, checks);
  const slowIsRunning = () =>
    product.sees<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "slow-in-git-a0" }, (action) => action?.status?.phase === "Running");
  const isLaptop = () => followed.program !== undefined;
  const visible = () => isLaptop() && processesAreVisible;
  /** The context of a laptop names no namespace: all of them are meant. */
  const everywhere = () => (isLaptop() ? [] : ["-A"]);

  before(async () => {
    followed = await begin();
    ({ product, repo, mark } = followed);
    data = `dataset=@${join(repo.path, "data/penguins.csv")}`;
    saved = join(followed.directory, "downloaded");
    // A name that is not there yet is looked for in other namespaces.
    await handled(followed, repo.git("rev-parse", "HEAD"));
    await cli(0, "wait", "penguins-first", "--timeout", "2m");
  });

  it("shows a failure: node, exit code, last log lines, file and line, the next command, and what the failure node did", async () => {
    const failed = await cli(1, "run", "penguins-broken", "-i", data, "--name", "broken", "--follow");
    assert.match(failed.err, /node break failed, exit code 7 \(ExitCode\)/);
    assert.match(failed.err, /task break at tasks\/break\.yaml:\d+/);
    // One line of each stream: a container runtime reads them apart from each other.
    const [first, last] = ["got 3 parts", "breaking on purpose with exit code 7"].map((line) => `\\n\\s+│ ${line}`);
    assert.match(failed.err, new RegExp(`last lines of its log:(${first}${last}${isLaptop() ? "" : `|${last}${first}`})\\n`));
    assert.match(failed.err, new RegExp(`next: flyteops logs broken/break -n ${NAMESPACE}`));
    assert.match(failed.out, /✔ onFailure\s+Succeeded/);
    await each(
      [0, /node break failed: the program exited with 7/, "logs", "broken/onFailure"],
      [0, /breaking on purpose/, "logs", "broken/break", "-n", NAMESPACE],
      [0, /^(?![^]*split)[^]*✖ break +Failed +\S+ +ExitCode: the program exited with 7/, "tree", "broken", "--failed"],
      [0, /ExitCode: break: the program exited with 7/, "why", "broken"],
      [0, /break is Failed/, "why", "broken/break"],
      [1, /has no outputs: Failed/, "outputs", "broken"],
      [0, /node break failed, exit code 7[^]*events:[^]*Warning {2}Failed/, "describe", "run", "broken"],
      [0, /Warning +Failed +run\/broken +break: the program exited with 7/, "events", "broken"],
    );
  });

  it("prints logs of a run, of a node, of one item; with a pattern; of the attempt before", async () => {
    const flaky = await cli(0, "run", "flaky", "--name", "flaky", "--follow");
    assert.match(flaky.out, /✔ a0 +Succeeded +\S+ +attempt 2$/m);
    await each(
      [0, /^train\[3\] \| trained on[^]*^split \| \d+ penguins|^split \| \d+ penguins[^]*^train\[3\] \| trained on/m, "logs", "penguins-first"],
      [0, /^trained on \d+, right on \d+ of \d+ held out .*\n$/, "logs", "penguins-first/train[3]"],
      [0, /^(\S+ \| [^\n]*mean accuracy[^\n]*\n)+$/, "logs", "penguins-first", "--grep", "mean accuracy"],
      [0, /^attempt 1\n$/, "logs", "flaky"],
      [0, /^attempt 0\n$/, "logs", "flaky", "--previous"],
      [3, /has no node nowhere[^]*started: .*split/, "logs", "penguins-first/nowhere"],
      [3, /train\[77\]/, "logs", "penguins-first/train[77]"],
      [2, /--grep \(: not a regular expression/, "logs", "penguins-first", "--grep", "("],
    );
  });

  it("prints and downloads outputs, also of one attempt", async () => {
    const table = await cli(0, "outputs", "penguins-first");
    assert.match(table.out, /^accuracy +0\.9/m);
    const said = await cli(0, "outputs", "penguins-first", "--download", saved);
    const paths = said.out.trim().split("\n");
    for (const path of paths) assert.ok(existsSync(path), path);
    assert.ok(readFileSync(paths.find((path) => /plot/.test(path)) ?? "", "utf8").startsWith("<svg"));
    assert.deepEqual(JSON.parse((await cli(0, "outputs", "flaky", "-o", "json")).out), { count: 1 });
    assert.equal(readdirSync(saved).length, 5);
    const first = await product.cli("outputs", "flaky/a0", "--attempt", "1", "-o", "json");
    assert.equal(first.code, 0, first.err);
    assert.deepEqual(JSON.parse(first.out), { count: 0 });
    assert.match((await cli(2, "outputs", "flaky/a0", "--attempt", "none")).err, /--attempt none: a number from 1/);
  });

  it("lists as a table, wide, as names, JSON and YAML", async () => {
    const list = JSON.parse((await cli(0, "get", "frun", "-o", "json")).out) as { kind: string; items: { kind: string; apiVersion: string }[] };
    assert.ok(list.kind === "List" && list.items.every((item) => item.kind === "Run" && item.apiVersion === "flyte.org/v1"));
    await each(
      [0, /^NAMESPACE +NAME +OF +PHASE +DONE +FAILED +REVISION +STARTED +DURATION\n/, "get", "runs", ...everywhere()],
      [0, /penguins-first +penguins +Succeeded +4\/4 +0 +main@[0-9a-f]{6,}/, "get", "run", "penguins-first", "-n", NAMESPACE],
      [0, /^taskactions\.flyte\.org\/penguins-first-split$/m, "get", "taskactions", "-l", "flyte.org/run=penguins-first", "-o", "name"],
      [0, /^apiVersion: flyte\.org\/v1\nkind: Workflow\n(?![^]*managedFields)/, "get", "workflows", "penguins", "-n", NAMESPACE, "-o", "yaml"],
      [0, /DURATION +FOR\n/, "get", "runs", "-o", "wide"],
      [2, /no kind is called unicorns/, "get", "unicorns"],
      [2, /-o xml: one of wide, json, yaml, name/, "get", "runs", "-o", "xml"],
      [3, /nobody/, "get", "runs", "nobody", "-n", NAMESPACE],
    );
  });

  it("runs a Task and a Trigger, and says which input is missing, unknown or of the wrong type", async () => {
    const named = await cli(0, "run", "greet", "-i", "name=Ada", "--name", "ada", "-o", "json", "--follow");
    assert.equal((JSON.parse(named.out) as Run).status?.phase, "Succeeded");
    assert.deepEqual(JSON.parse((await cli(0, "outputs", "ada", "-o", "json")).out), { text: "hello Ada" });
    const name = (await cli(0, "run", "greet-bob", "-o", "name")).out.trim().split("/")[1] ?? "";
    assert.match((await cli(0, "wait", name)).out, new RegExp(`run ${name}: Succeeded`));
    assert.deepEqual(JSON.parse((await cli(0, "outputs", name, "-o", "json")).out), { text: "hello Bob" });
    await each(
      [2, /name/, "run", "greet"],
      [2, /nmae/, "run", "greet", "-i", "name=x", "-i", "nmae=y"],
      [2, /folds[^]*integer/, "run", "penguins", "-i", data, "-i", "folds=many"],
      [2, /no\/such\.csv/, "run", "penguins", "-i", "dataset=@no/such.csv"],
      [3, /no Workflow, Task or Trigger named nobody/, "run", "nobody"],
      [2, /name/, "run", "greet-bob", "-i", "name=Eve"],
    );
  });

  it("keeps runs that are gone: lists them, shows one, and answers tree, why, outputs, describe and wait from the archive", async () => {
    const flaky = { namespace: NAMESPACE, name: "flaky" };
    await product.client.delete(RunKind, flaky);
    await product.sees<Run>(RunKind, flaky, (run) => run === undefined);
    assert.match((await cli(0, "tree", "flaky")).err, /run flaky is not in the cluster any more; this is from the archive/);
    const list = JSON.parse((await cli(0, "history", "flaky", "-o", "json", "--actions")).out) as { items: { kind: string }[] };
    assert.deepEqual(
      list.items.map(({ kind }) => kind),
      ["Run", "TaskAction"],
    );
    await each(
      [
        0,
        new RegExp(`^NAMESPACE +NAME +OF +PHASE +DONE +FAILED +REVISION +ENDED +DURATION\\n[^]*${NAMESPACE} +flaky +flaky +Succeeded +1/1`),
        "history",
        ...everywhere(),
      ],
      [0, /^NAME +OF[^]*^broken +penguins-broken +Failed/m, "history", "-n", NAMESPACE, "--workflow", "penguins-broken", "--phase", "failed"],
      [0, /✔ a0 +Succeeded +\S+ +attempt 2\n\nSucceeded at 20[^]*next: flyteops outputs flaky -n /, "history", "flaky"],
      [0, /^runs\.flyte\.org\/flaky$/m, "history", "-o", "name"],
      [0, /^apiVersion: flyte\.org\/v1\nkind: Run\n(?![^]*managedFields)/, "history", "flaky", "-o", "yaml"],
      [0, /^a0 is Succeeded in attempt 2/, "why", "flaky/a0"],
      [0, /^count +1$/m, "outputs", "flaky"],
      [0, /✔ a0[^]*kind: Run/, "describe", "run", "flaky"],
      [0, /run flaky: Succeeded/, "wait", "flaky"],
      [3, /no Run named flaky[^]*flyteops history flaky/, "logs", "flaky"],
      [3, /no Run named nobody in any namespace, nor in the archive/, "tree", "nobody"],
      [3, /the archive has no Run nobody/, "history", "nobody"],
      [2, /--phase lost: one of Succeeded, Failed, Aborted, TimedOut/, "history", "--phase", "lost"],
      [4, /the archive at 127\.0\.0\.1:9 does not answer[^]*\n {2}/, "history", "--database", "postgresql://me:secret@127.0.0.1:9/x"],
    );
  });

  it("aborts a run for good: its processes end, its pods go, and the sync does not repair that away", async () => {
    await slowIsRunning();
    if (visible()) assert.notEqual(processesWith(mark).length, 0);
    const late = await cli(1, "wait", "slow-in-git", "--timeout", "200ms");
    assert.match(late.err, /has not finished after 200ms: Running/);
    assert.match((await cli(0, "why", "slow-in-git")).out, /Running/);
    assert.match((await cli(0, "abort", "slow-in-git", "--reason", "wrong data")).out, /is being aborted/);
    assert.match((await cli(1, "wait", "slow-in-git")).out, /slow-in-git: Aborted/);
    assert.match((await cli(0, "tree", "slow-in-git")).out, /Aborted: wrong data/);
    // The kubelet of a cluster takes the time that a container does.
    if (!isLaptop()) await product.sees(Kinds.Pod, { namespace: NAMESPACE, name: "slow-in-git-a0-0" }, (pod) => pod === undefined);
    const { items } = await product.client.list(Kinds.Pod, { namespace: NAMESPACE, labelSelector: "flyte.org/run=slow-in-git" });
    assert.deepEqual(items, []);
    if (visible()) assert.deepEqual(processesWith(mark), []);
    assert.match((await cli(0, "abort", "slow-in-git")).out, /has already finished: Aborted/);
    repo.write({ "extra/note.txt": "a new commit\n" });
    await handled(followed, repo.commit());
    const again = await product.client.get<Run>(RunKind, { namespace: NAMESPACE, name: "slow-in-git" });
    assert.deepEqual([again.spec.desiredState, again.status?.phase], ["Aborted", "Aborted"]);
    assert.match((await cli(3, "abort", "nobody")).err, /no Run named nobody/);
  });
}
