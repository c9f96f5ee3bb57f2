import { type Outcome, settled } from "../../base/index.ts";
import { TaskActionKind } from "../../crds/index.ts";
import { controllerOf, ignoreNotFound, Kinds, type KubeObject, type Reconciler, type Stored } from "../../kube/index.ts";
import { isHeld, release, stopPod } from "./action-pods.ts";
import type { ActionDeps } from "./deps.ts";

/**
 * Lets go of pods whose TaskAction is gone (deleted, or in a namespace that is being deleted): nobody will record their
 * result any more, and our finalizer must not keep them. The loss is logged.
 */
export function orphanPodReconciler({ informers, logger, config }: ActionDeps): Reconciler<KubeObject> {
  const actions = informers.of({ kind: TaskActionKind });

  async function ownerIsGone(pod: Stored): Promise<boolean> {
    const owner = controllerOf(pod);
    if (owner?.kind !== TaskActionKind.kind) return false;
    const ref = { namespace: pod.metadata.namespace, name: owner.name };
    if (actions.get(`${ref.namespace ?? ""}/${ref.name}`)?.metadata.uid === owner.uid) return false;
    const live = await informers.client.get(TaskActionKind, ref).catch(ignoreNotFound);
    return live?.metadata.uid !== owner.uid;
  }

  return {
    kind: Kinds.Pod,
    summary: false,
    whileDeleting: true,
    async reconcile(pod): Promise<Outcome> {
      if (!isHeld(pod) || !(await ownerIsGone(pod))) return settled();
      logger.info("pod let go, its action is gone", { namespace: pod.metadata.namespace, pod: pod.metadata.name });
      const left = await stopPod(informers.client, pod, config.stopGraceSeconds ?? 30);
      if (left) await release(informers.client, left);
      return settled();
    },
  };
}
