import { ANNOTATION, LABEL, type Step, waiting } from "../../base/index.ts";
import { actionBase, actionInputsKey, type BlobStore } from "../../blobs/index.ts";
import { type Project, type Task, type TaskAction, TaskActionKind, TaskKind } from "../../crds/index.ts";
import { parsedType, type ResolvedInput, type Start } from "../../engine/index.ts";
import { ignoreNotFound, type InformerSet, isAlreadyExists, type ObjectClient, type Stored } from "../../kube/index.ts";
import { type Literal, LiteralMapSchema, toBinary } from "../../proto/index.ts";
import { listLiteral, mapKeys, mapLiteral, offload, type Parameter } from "../../values/index.ts";
import type { RunContext } from "./context.ts";
import type { ValueResolver } from "./resolve-value.ts";
import { specHash, taskActionOf } from "./task-action.ts";

export const FIELD_MANAGER = "flyteops-run";
/** How soon a name that a stranger still holds is tried again. */
const TAKEN_RECHECK_MS = 1_000;

export interface StartDeps {
  readonly informers: InformerSet;
  readonly blobs: BlobStore;
  readonly resolver: ValueResolver;
  readonly project: Project | undefined;
}

/** The items of one slice; all of them where there is only one. */
function sliceOf(collection: Literal, offset: number, count: number): Literal {
  const { value } = collection;
  if (value.case === "collection") return listLiteral(value.value.literals.slice(offset, offset + count));
  if (value.case !== "map") return collection;
  const { literals } = value.value;
  return mapLiteral(mapKeys(literals).slice(offset, offset + count).map((key) => [key, literals[key]!] as const)); // prettier-ignore
}

async function literalsOf(context: RunContext, start: Start, resolver: ValueResolver): Promise<Record<string, Literal>> {
  const literals: Record<string, Literal> = {};
  for (const [name, input] of Object.entries(start.inputs)) literals[name] = await resolver.input(context, input);
  const { map } = start;
  for (const [name, input] of Object.entries(map?.over ?? {})) {
    const whole = map!.slices === 1 && parsedType(input.type).kind !== "directory";
    literals[name] = whole ? await resolver.input(context, input) : sliceOf(await resolver.collection(context, input.from), map!.offset, map!.count);
  }
  return literals;
}

function typesOf(inputs: Readonly<Record<string, ResolvedInput>>): Parameter[] {
  return Object.entries(inputs).map(([name, { type }]) => ({ name, type: parsedType(type) }));
}

/** Writes inputs.pb; large values beside it. Written before the action that reads it exists, and the same each time. */
async function storeInputs(context: RunContext, start: Start, actionName: string, { blobs, resolver }: StartDeps): Promise<void> {
  const literals = await literalsOf(context, start, resolver);
  const prefix = `${actionBase(context.base, actionName)}/inputs`;
  const { map, parts } = offload(typesOf({ ...start.inputs, ...start.map?.over }), literals, (name) => blobs.uri(`${prefix}/${name}.pb`));
  for (const { name, bytes } of parts) await blobs.write(`${prefix}/${name}.pb`, bytes);
  await blobs.write(actionInputsKey(context.base, actionName), toBinary(LiteralMapSchema, map));
}

type Claim = "ours" | "stranger" | "going" | "different";

/** Whose the action of this name is. A stranger with our name belongs to a run that is gone: names of runs are unique. */
function claimOn(found: Stored<TaskAction>, wanted: TaskAction): Claim {
  if (found.metadata.labels?.[LABEL.runUid] !== wanted.metadata.labels?.[LABEL.runUid]) return "stranger";
  if (found.metadata.deletionTimestamp !== undefined) return "going";
  return found.metadata.annotations?.[ANNOTATION.specHash] === specHash(wanted.spec) ? "ours" : "different";
}

async function takeName(client: ObjectClient, wanted: TaskAction): Promise<Step<void>> {
  const { name, namespace } = wanted.metadata as { readonly name: string; readonly namespace?: string };
  const found = await client.get<TaskAction>(TaskActionKind, { namespace, name }).catch(ignoreNotFound);
  if (!found) return waiting("ActionNameTaken", `${name} to be created`, 1);
  const claim = claimOn(found, wanted);
  if (claim === "ours") return { kind: "ready", value: undefined };
  if (claim === "different") {
    const on = `TaskAction ${name} is of this run but was made from another definition: delete it to go on`;
    return waiting("ActionDiffers", on, 30 * TAKEN_RECHECK_MS);
  }
  if (claim === "stranger" && found.metadata.deletionTimestamp === undefined)
    await client.delete(TaskActionKind, { namespace, name }, { uid: found.metadata.uid });
  return waiting("ActionNameTaken", `TaskAction ${name} of an earlier run to go`, TAKEN_RECHECK_MS);
}

/** Creates the action of a start, or finds that it is there. Safe to repeat after a crash at any point. */
export async function startAction(context: RunContext, start: Start, deps: StartDeps): Promise<Step<void>> {
  const { informers, blobs, project } = deps;
  const task = informers.of<Task>({ kind: TaskKind }).get(`${context.run.metadata.namespace}/${start.task}`);
  const action = taskActionOf(context, start, {
    blobs,
    task,
    projectEnv: project?.spec.defaults?.env ?? {},
    serviceAccountName: project?.spec.defaults?.serviceAccountName,
  });
  await storeInputs(context, start, action.spec.actionName, deps);
  try {
    await informers.client.create<TaskAction>(TaskActionKind, action, { fieldManager: FIELD_MANAGER });
    return { kind: "ready", value: undefined };
  } catch (thrown) {
    if (!isAlreadyExists(thrown)) throw thrown;
    return takeName(informers.client, action);
  }
}

/** Asks an action to stop. One that is gone, or asked already, is left alone. */
export async function abortAction(client: ObjectClient, action: Stored<TaskAction>, reason: string): Promise<void> {
  if (action.spec.desiredState === "Aborted") return;
  const { namespace, name, uid } = action.metadata;
  const body = { metadata: { uid }, spec: { desiredState: "Aborted", abortReason: reason } };
  await client.patch(TaskActionKind, { namespace, name }, { type: "merge", body }, { fieldManager: FIELD_MANAGER }).catch(ignoreNotFound);
}
