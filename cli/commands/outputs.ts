import { resolve } from "node:path";
import type { BlobStore } from "../../blobs/index.ts";
import { isFinished, type TaskAction } from "../../crds/index.ts";
import type { Stored } from "../../kube/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type Connection, EXIT, UserError } from "../context.ts";
import { parseRunTarget, type RunTarget } from "../find.ts";
import { findRun, type FoundRun } from "../find-run.ts";
import { printDocument } from "../output.ts";
import { printable } from "../views/paint.ts";
import { table } from "../views/table.ts";

interface OutputsOptions extends ConnectOptions {
  readonly download?: string;
  readonly attempt?: string;
  readonly output?: string;
}

function actionOf({ run, actions }: FoundRun, node: string): Stored<TaskAction> {
  const found = actions.find((action) => action.spec.node === node);
  if (found) return found;
  const started = actions.map((action) => action.spec.node).join(", ");
  throw new UserError(`run ${run.metadata.name} has no node ${node} that has started`, { exitCode: EXIT.notFound, hint: started ? `started: ${started}` : "" });
}

/** The prefix of one attempt (counted from 1, as `tree` shows it), also of one that failed. */
async function attemptUri(store: BlobStore, action: TaskAction, target: RunTarget, attempt: number): Promise<string> {
  const { attemptPrefix } = await import("../../blobs/index.ts");
  const base = store.keyOf(action.spec.runOutputBase ?? "") ?? "";
  const slot = { base, actionName: action.spec.actionName, ...(target.item === undefined ? {} : { item: target.item }) };
  return store.uri(attemptPrefix(slot, attempt - 1));
}

async function uriOf(store: BlobStore, found: FoundRun, target: RunTarget, attempt: string | undefined): Promise<string> {
  const { run } = found;
  if (target.node === undefined) {
    const uri = run.status?.outputs?.uri;
    if (uri) return uri;
    if (!isFinished(run)) throw new UserError(`run ${target.run} has not finished: ${run.status?.phase ?? "Queued"}`, { hint: `flyteops wait ${target.run}` });
    throw new UserError(`run ${target.run} has no outputs: ${run.status?.phase}`, { hint: `flyteops why ${target.run}` });
  }
  const action = actionOf(found, target.node);
  if (attempt !== undefined || target.item !== undefined) return attemptUri(store, action, target, Number(attempt ?? action.status?.attempts ?? 1));
  if (action.status?.outputs?.uri) return action.status.outputs.uri;
  throw new UserError(`node ${target.node} has no outputs: ${action.status?.phase ?? "Queued"}`, {
    hint: `its failed attempts: flyteops outputs ${target.run}/${target.node} --attempt 1`,
  });
}

async function outputs(registry: Registry, connection: Connection, options: OutputsOptions, text: string): Promise<number> {
  const { deps } = registry;
  if (options.attempt !== undefined && !/^[1-9]\d*$/.test(options.attempt))
    throw new UserError(`--attempt ${options.attempt}: a number from 1`, { exitCode: EXIT.usage });
  const target = parseRunTarget(text);
  const run = await findRun(deps, connection, target.run);
  const [{ storageOf }, { downloadOutputs, outputsJson, readOutputs }] = await Promise.all([import("../storage.ts"), import("../stored-values.ts")]);
  const store = await storageOf(connection, deps);
  const found = await readOutputs(store, await uriOf(store, run, target, options.attempt));
  if (options.download !== undefined) {
    const paths = await downloadOutputs(store, found, resolve(deps.cwd, options.download));
    deps.out.write(paths.map((path) => `${printable(path)}\n`).join(""));
    return EXIT.ok;
  }
  const json = outputsJson(found);
  if (options.output === "json" || options.output === "yaml") printDocument(deps, options.output, json);
  else if (found.size === 0) deps.err.write("No outputs.\n");
  else
    deps.out.write(
      table(
        ["OUTPUT", "VALUE"],
        Object.entries(json).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
      ),
    );
  return EXIT.ok;
}

export function registerOutputs(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "outputs <run[/node]>", {
      summary: "print the outputs of a run or of one node, or download them",
      examples: ["flyteops outputs penguins-first", "flyteops outputs penguins-first --download out/", "flyteops outputs penguins-first/train[3] -o json"],
    }),
  )
    .option("-d, --download <dir>", "write them as files below this directory, and print the paths")
    .option("--attempt <number>", "of this attempt of a node, counted from 1, even when it failed")
    .option("-o, --output <format>", "json or yaml")
    .action(connected(registry, (connection, options: OutputsOptions, text: string) => outputs(registry, connection, options, text)));
}
