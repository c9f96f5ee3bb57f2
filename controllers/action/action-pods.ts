import { FINALIZER, LABEL } from "../../base/index.ts";
import type { TaskAction } from "../../crds/index.ts";
import type { Manifest, PhaseReport, ResourcePlugin } from "../../plugins/index.ts";
import type { ActionDeps } from "./deps.ts";
import { controllerOf, ignoreNotFound, type Informer, type InformerSet, isConflict, Kinds, type ObjectClient, type Stored } from "../../kube/index.ts";

/** Only pods that we made: the cache of a shared cluster must not hold everybody's. */
export const MANAGED_PODS = { kind: Kinds.Pod, labelSelector: `${LABEL.managed}=true` };
const BY_ACTION = "action";

export function podInformer(informers: InformerSet): Informer {
  const pods = informers.of(MANAGED_PODS);
  pods.addIndex(BY_ACTION, (pod) => {
    const owner = controllerOf(pod);
    return owner ? [owner.uid] : [];
  });
  return pods;
}

export function podsOf(pods: Informer, action: Stored<TaskAction>): Stored[] {
  return pods.byIndex(BY_ACTION, action.metadata.uid);
}

export const isHeld = (pod: Stored): boolean => (pod.metadata.finalizers ?? []).includes(FINALIZER.result);

/** The result of this pod is recorded (or never will be): it may go. Idempotent. */
export async function release(client: ObjectClient, pod: Stored): Promise<void> {
  if (!isHeld(pod)) return;
  const { name, namespace, uid, resourceVersion } = pod.metadata;
  const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER.result);
  const body = { metadata: { uid, resourceVersion, finalizers } };
  await client.patch(Kinds.Pod, { namespace, name }, { type: "merge", body }).catch(ignoreNotFound);
}

/** Asks a pod to stop, once. Answers what is left of it. A pod that has been replaced by another of its name is left alone. */
export async function stopPod(client: ObjectClient, pod: Stored, gracePeriodSeconds: number): Promise<Stored | undefined> {
  if (pod.metadata.deletionTimestamp !== undefined) return pod;
  const { name, namespace, uid } = pod.metadata;
  return client.delete(Kinds.Pod, { namespace, name }, { uid, gracePeriodSeconds }).catch((thrown: unknown) => {
    if (isConflict(thrown)) return undefined;
    throw thrown;
  });
}

export function stopGrace(deps: ActionDeps): number {
  return deps.config.stopGraceSeconds ?? 30;
}

export function reportOf(deps: ActionDeps, plugin: ResourcePlugin, pod: Stored, now: number): PhaseReport {
  return plugin.phase(pod as unknown as Manifest, { now, config: deps.config.plugin });
}

export function isOngoing(deps: ActionDeps, plugin: ResourcePlugin, pod: Stored, now: number): boolean {
  return reportOf(deps, plugin, pod, now).kind === "ongoing";
}

/** A pod whose attempt is recorded: stopped if anything of it may still run, let go, and kept for its log while it lasts. */
export async function retire(deps: ActionDeps, plugin: ResourcePlugin | undefined, pod: Stored, now: number): Promise<void> {
  const { client } = deps.informers;
  const report = plugin && reportOf(deps, plugin, pod, now);
  const stops = !report || report.kind === "ongoing" || (report.kind === "failed" && report.cleanup);
  const left = stops ? await stopPod(client, pod, stopGrace(deps)) : pod;
  if (left) await release(client, left);
}

/** Deletes a finished pod that nobody needs any more. */
export async function discard(client: ObjectClient, pod: Stored): Promise<void> {
  const left = await stopPod(client, pod, 0);
  if (left) await release(client, left);
}
