import { digestJson } from "../../base/index.ts";
import type { Task, Trigger, Workflow } from "../../crds/index.ts";
import type { Stored } from "../../kube/index.ts";

/** What a Trigger reacts to: a compiled plan (code digests are part of it) and the files among its inputs. */
export interface Observed {
  readonly digest: string;
  readonly planDigest: string;
  readonly revision: string | undefined;
}

export type Observation = { readonly kind: "ready"; readonly value: Observed } | { readonly kind: "waiting"; readonly on: string };

export type Definition = Stored<Workflow> | Stored<Task>;

/** File inputs as the sync resolved them: paths with the digests of their content. */
function fileInputs(spec: Trigger["spec"]): unknown {
  const inputs = { ...spec.defaultInputs, ...spec.run.fixedInputs } as Record<string, unknown>;
  const isFile = (value: unknown): boolean => typeof value === "object" && value !== null && ("file" in value || "directory" in value);
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([, value]) => isFile(value))
      .map(([name, value]) => [name, (value as { digest?: string }).digest ?? null]),
  );
}

/** Waits until the definition controller has compiled what the trigger runs, in its newest generation. */
export function observe(trigger: Trigger, definition: Definition | undefined): Observation {
  const named = trigger.spec.run.workflow ? `Workflow ${trigger.spec.run.workflow}` : `Task ${trigger.spec.run.task}`;
  if (!definition) return { kind: "waiting", on: `${named}, which does not exist` };
  const { status, metadata } = definition;
  if (status?.observedGeneration !== metadata.generation) return { kind: "waiting", on: `${named} to be compiled` };
  const plan = status?.plan;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (!plan?.digest || ready?.status !== "True") return { kind: "waiting", on: `${named} to be valid${ready?.message ? `: ${ready.message}` : ""}` };
  const digest = digestJson({ plan: plan.digest, files: fileInputs(trigger.spec) });
  return { kind: "ready", value: { digest, planDigest: plan.digest, revision: plan.revision } };
}

/** What the status keeps of an observation. */
export function seenIn({ digest, revision }: Observed): { digest: string; revision?: string } {
  return { digest, ...(revision ? { revision } : {}) };
}
