import { ANNOTATION } from "../../base/index.ts";
import type { Run, Task, Trigger, Workflow } from "../../crds/index.ts";
import type { RepositoryObject } from "../../gitops/index.ts";
import type { Stored } from "../../kube/index.ts";
import type { ClusterView } from "./cluster-view.ts";

export type CompiledTarget = { readonly annotations: Readonly<Record<string, string>> } | { readonly waiting: string };

type Target = { readonly workflow?: string; readonly task?: string; readonly trigger?: string };

/**
 * What a new Run expects to run: the plan of the definition as this revision has it. Until the definition's newest generation is compiled, the Run
 * waits, so that it can never start with the definition of the commit before.
 */
export function compiledDigest(view: ClusterView, run: RepositoryObject): CompiledTarget {
  const spec = (run.object as unknown as Run).spec;
  const target = spec.trigger === undefined ? spec : triggered(view, run.namespace, spec.trigger);
  const [kind, name] = target.workflow === undefined ? ["Task", target.task] : ["Workflow", target.workflow];
  const definition = name === undefined ? undefined : (view.cached(`${kind}/${run.namespace}/${name}`) as Stored<Task | Workflow> | undefined);
  const status = definition?.status;
  const isCompiled = definition !== undefined && status?.observedGeneration === definition.metadata.generation && status?.plan?.digest !== undefined;
  if (!isCompiled) return { waiting: `Run ${run.name} waits for ${kind.toLowerCase()} ${name ?? spec.trigger} to be compiled` };
  return { annotations: { [ANNOTATION.expects]: status.plan?.digest ?? "" } };
}

function triggered(view: ClusterView, namespace: string, name: string): Target {
  const trigger = view.cached(`Trigger/${namespace}/${name}`) as Stored<Trigger> | undefined;
  return trigger?.spec.run ?? {};
}
