import { ANNOTATION, digestJson, type Step, waiting } from "../../base/index.ts";
import { BlobError, type BlobStore, planKey, planOriginKey } from "../../blobs/index.ts";
import { type Run, type RunSpec, type Task, TaskKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import { type OpenPlan, openPlan, type Plan, PLAN_FORMAT } from "../../engine/index.ts";
import type { InformerSet, Stored } from "../../kube/index.ts";
import { parseJson, RetryableFailure } from "../../base/index.ts";
import { boundedCache } from "./bounded-cache.ts";
import { DataFailure } from "./failures.ts";

const PLAN_MAX_BYTES = 64 * 1024 * 1024;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const CACHE_BYTES = 128 * 1024 * 1024;

type Definition = Stored<Task> | Stored<Workflow>;

export interface PinnedPlan {
  readonly digest: string;
  readonly revision?: string | undefined;
}

/** A definition as a Run may be pinned to it: compiled in its newest generation, and the one that the sync expects. */
function usable(definition: Definition | undefined, named: string, expects: string | undefined): Step<PinnedPlan> {
  if (!definition) return waiting("DefinitionMissing", `${named}, which does not exist`);
  const { status, metadata } = definition;
  if (metadata.deletionTimestamp !== undefined) return waiting("DefinitionMissing", `${named}, which is being deleted`);
  if (status?.observedGeneration !== metadata.generation) return waiting("DefinitionNotCompiled", `${named} to be compiled`);
  const compiled = status?.conditions?.find(({ type }) => type === "Compiled");
  if (!status?.plan || compiled?.status !== "True")
    return waiting("DefinitionInvalid", `${named} to be corrected: ${compiled?.message ?? "it does not compile"}`);
  if (expects !== undefined && expects !== status.plan.digest && expects !== digestJson(definition.spec))
    return waiting("DefinitionNotExpected", `the version of ${named} that was applied together with this Run (${expects.slice(0, 19)}…)`);
  return { kind: "ready", value: status.plan };
}

export interface PlanSource {
  /** Finds the plan that a Run is to be pinned to: the one it expects, even when the definition has moved on since. */
  find(run: Stored<Run>, spec: RunSpec): Promise<Step<PinnedPlan>>;
  /** Reads a pinned plan. */
  open(digest: string): Promise<OpenPlan>;
}

export function planSource({ informers, blobs }: { readonly informers: InformerSet; readonly blobs: BlobStore }): PlanSource {
  const tasks = informers.of<Task>({ kind: TaskKind });
  const workflows = informers.of<Workflow>({ kind: WorkflowKind });
  const plans = boundedCache<OpenPlan>(CACHE_BYTES);

  async function read(digest: string): Promise<Buffer> {
    return blobs.read(planKey(digest), PLAN_MAX_BYTES).catch((thrown: unknown) => {
      if (thrown instanceof BlobError && thrown.code === "BlobNotFound")
        throw new RetryableFailure("PlanMissing", `the plan ${digest} is not in the object store`, { cause: thrown });
      throw thrown;
    });
  }

  return {
    async find({ metadata }, { workflow, task }) {
      const { namespace = "", annotations } = metadata;
      const expects = annotations?.[ANNOTATION.expects];
      const [kind, name] = workflow === undefined ? (["Task", task ?? ""] as const) : (["Workflow", workflow] as const);
      const definition = kind === "Task" ? tasks.get(`${namespace}/${name}`) : workflows.get(`${namespace}/${name}`);
      const current = usable(definition, `${kind} ${name}`, expects);
      if (current.kind === "ready" || expects === undefined || !DIGEST.test(expects)) return current;
      // A later commit may have come first. Only what this very definition once compiled to is taken.
      const known = await blobs.stat(planOriginKey({ namespace, kind, name }, expects));
      return known === undefined ? current : { kind: "ready", value: { digest: expects, revision: annotations?.[ANNOTATION.revision] } };
    },
    async open(digest) {
      const known = plans.get(digest);
      if (known) return known;
      const text = (await read(digest)).toString("utf8");
      const plan = parseJson(text) as unknown as Plan;
      if (plan.format !== PLAN_FORMAT)
        throw new DataFailure("PlanFormat", `the plan ${digest} was made by another version of flyteops: start a new Run`, "SYSTEM");
      const opened = openPlan(plan);
      plans.set(digest, opened, text.length);
      return opened;
    },
  };
}

/** `main@3f2a9c` of `main@sha1:3f2a9c…`. */
export function shortRevision(revision: string | undefined): string | undefined {
  return revision?.replace(/@sha(?:1|256):([0-9a-f]{6})[0-9a-f]*$/, "@$1");
}

/** What a plan lacks before it can run: code or files that nobody has stored. */
export function unresolvedIn({ plan }: OpenPlan): DataFailure | undefined {
  for (const { name, spec } of Object.values(plan.tasks)) {
    const code = spec["code"] as { readonly path?: string; readonly digest?: string } | undefined;
    if (code && code.digest === undefined)
      return new DataFailure(
        "CodeUnresolved",
        `task ${name}: the code ${code.path} has no digest, so it is not in the object store: apply the task through a GitSync`,
      );
  }
  const path = unstoredFile(plan.graphs);
  return path === undefined
    ? undefined
    : new DataFailure("UnresolvedFile", `${path} has no digest, so it is not in the object store: apply the workflow through a GitSync`);
}

function unstoredFile(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const source = value as { readonly kind?: unknown; readonly digest?: unknown; readonly path?: unknown };
  if (source.kind === "blob" && source.digest === "") return String(source.path);
  for (const inner of Object.values(value)) {
    const found = unstoredFile(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
