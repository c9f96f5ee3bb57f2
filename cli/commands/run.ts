import { basename, resolve } from "node:path";
import type { Json, JsonObject } from "../../base/index.ts";
import { type Run, RunKind, type Task, TaskKind, type Trigger, TriggerKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import type { KubeObject, Stored } from "../../kube/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "../context.ts";
import { explainFailure } from "../failure.ts";
import { findObject, refuseElsewhere } from "../find.ts";
import { printDocument } from "../output.ts";
import { declaredInputs, runInputs, type Upload } from "../run-inputs.ts";
import type { RunTarget } from "../run-target.ts";
import { followTree } from "./tree.ts";

interface RunOptions extends ConnectOptions {
  readonly input?: readonly string[];
  readonly follow?: boolean;
  readonly name?: string;
  readonly workingTree?: boolean | string;
  readonly dryRun?: boolean;
  readonly output?: string;
}

async function found<T extends KubeObject>(
  connection: Connection,
  kind: typeof WorkflowKind | typeof TaskKind | typeof TriggerKind,
  name: string,
): Promise<Stored<T> | undefined> {
  return findObject<T>(connection, kind, name).catch((thrown: unknown) => {
    if (thrown instanceof UserError && thrown.exitCode === EXIT.notFound) return undefined;
    throw thrown;
  });
}

/** What a trigger's workflow or task still asks for: `fixedInputs` cannot be given, `defaultInputs` need not be. */
function openInputs(inputs: JsonObject | undefined, trigger: Trigger): JsonObject {
  const open = Object.entries(inputs ?? {}).filter(([name]) => !(name in (trigger.spec.run.fixedInputs ?? {})));
  const withDefault = (parameter: Json): Json =>
    typeof parameter === "string" ? { type: parameter, default: null } : { ...(parameter as JsonObject), default: null };
  return Object.fromEntries(open.map(([name, parameter]) => [name, name in (trigger.spec.defaultInputs ?? {}) ? withDefault(parameter) : parameter]));
}

/** The Workflow, else the Task, else the Trigger of that name. */
async function findTarget(connection: Connection, name: string): Promise<RunTarget> {
  const workflow = await found<Workflow>(connection, WorkflowKind, name);
  const task = workflow ? undefined : await found<Task>(connection, TaskKind, name);
  const definition = workflow ?? task;
  if (definition) {
    const inputs = definition.spec.inputs as JsonObject | undefined;
    return { field: workflow ? "workflow" : "task", name, namespace: definition.metadata.namespace ?? "default", inputs };
  }
  const trigger = await found<Trigger>(connection, TriggerKind, name);
  if (!trigger) {
    const place = connection.namespaceGiven ? `in namespace ${connection.namespace}` : "in any namespace";
    throw new UserError(`no Workflow, Task or Trigger named ${name} ${place}`, { exitCode: EXIT.notFound, hint: "flyteops get workflows" });
  }
  const namespace = trigger.metadata.namespace ?? "default";
  const of = trigger.spec.run.workflow ?? trigger.spec.run.task ?? "";
  const kind = trigger.spec.run.workflow ? WorkflowKind : TaskKind;
  const behind = await connection.client.get<Workflow>(kind, { namespace, name: of });
  return { field: "trigger", name, namespace, inputs: openInputs(behind.spec.inputs as JsonObject | undefined, trigger) };
}

function uploader(connection: Connection, deps: CliDeps): Upload {
  const { cwd } = deps;
  return async (path, kind) => {
    const [{ storageOf }, { uploadPath }] = await Promise.all([import("../storage.ts"), import("../upload.ts")]);
    return uploadPath(await storageOf(connection, deps), resolve(cwd, path), basename(resolve(cwd, path)), kind);
  };
}

async function createRun(registry: Registry, connection: Connection, options: RunOptions, target: RunTarget): Promise<Stored<Run>> {
  const of = `${target.field} ${target.name}`;
  const inputs = await runInputs(of, declaredInputs(of, target.inputs), options.input ?? [], uploader(connection, registry.deps));
  const prefix = `${target.name.slice(0, 23).replace(/[-.]+$/, "")}-`;
  const run: Run = {
    apiVersion: "flyte.org/v1",
    kind: "Run",
    metadata: { namespace: target.namespace, ...(options.name ? { name: options.name } : { generateName: prefix }) },
    spec: { [target.field]: target.name, ...(Object.keys(inputs).length > 0 ? { inputs } : {}), desiredState: "Running" },
  };
  return connection.client.create<Run>(RunKind, run, { fieldManager: "flyteops-cli", dryRun: options.dryRun === true, fieldValidation: "Strict" });
}

async function start(registry: Registry, connection: Connection, options: RunOptions, name: string): Promise<number> {
  const { deps } = registry;
  const structured = options.output === "json" || options.output === "yaml";
  const target = options.workingTree ? await fromWorkingTree(registry, connection, options, name) : await findTarget(connection, name);
  if (!options.workingTree) refuseElsewhere(connection, `${target.field} ${name}`, target.namespace);
  const run = await createRun(registry, connection, options, target);
  const { name: made, namespace } = run.metadata;
  if (!options.dryRun) await target.created?.(run);
  if (options.dryRun) {
    printDocument(deps, options.output === "json" ? "json" : "yaml", run);
    return EXIT.ok;
  }
  if (options.output === "name") deps.out.write(`runs.flyte.org/${made}\n`);
  else if (!structured) deps.out.write(`run ${made} created in ${namespace}\n`);
  if (!options.follow) {
    if (structured) printDocument(deps, options.output as "json" | "yaml", run);
    else if (options.output !== "name") deps.err.write(`  flyteops tree ${made} -n ${namespace} --watch\n`);
    return EXIT.ok;
  }
  const code = await followTree(deps, connection, run, structured ? deps.err : deps.out);
  const finished = await connection.client.get<Run>(RunKind, run.metadata);
  if (structured) printDocument(deps, options.output as "json" | "yaml", finished);
  if (deps.signal.aborted) {
    deps.err.write(`run ${made} goes on; stop it with: flyteops abort ${made} -n ${namespace}\n`);
    return EXIT.interrupted;
  }
  if (code !== EXIT.ok) for (const line of await explainFailure(deps, connection, finished)) deps.err.write(`${line}\n`);
  else if (!structured) deps.err.write(`  flyteops outputs ${made} -n ${namespace}\n`);
  return code;
}

async function fromWorkingTree(registry: Registry, connection: Connection, options: RunOptions, name: string): Promise<RunTarget> {
  const { publishWorkingTree } = await import("../working-tree.ts");
  const directory = typeof options.workingTree === "string" ? options.workingTree : ".";
  return publishWorkingTree(registry.deps, connection, resolve(registry.deps.cwd, directory), name);
}

const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), value];

export function registerRun(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "run <workflow|task|trigger>", {
      summary: "run a Workflow, a Task or a Trigger of the cluster",
      examples: [
        "flyteops run penguins -i dataset=@data/penguins.csv -i folds=10 --follow",
        "flyteops run train-fold -i fold=@fold.csv --working-tree",
        "flyteops run penguins -i weights:='[1, 2, 3]'",
      ],
    }),
  )
    .option("-i, --input <name=value>", "an input: name=text, name=@file, name:='json' (repeat it)", collect)
    .option("-f, --follow", "show the tree until it has finished; exit code 0 only when it succeeded")
    .option("--name <name>", "name of the Run (default: made from the target's)")
    .option("--working-tree [dir]", "run the definitions and code of this directory as they are on disk, committed or not")
    .option("--dry-run", "only ask the server whether it would be accepted, and print the Run")
    .option("-o, --output <format>", "json, yaml or name")
    .action(connected(registry, (connection, options: RunOptions, name: string) => start(registry, connection, options, name)));
}
