import { LABEL } from "../../base/index.ts";
import { ProjectKind, ProjectQuotaKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerOptions, controllerOf, keyOf, ownerKeys, type Stored } from "../../kube/index.ts";
import { actionReconciler } from "./action-reconciler.ts";
import { MANAGED_PODS, podInformer } from "./action-pods.ts";
import type { ActionDeps } from "./deps.ts";
import { IMAGE_EVENTS, podKeyOf } from "./image-notes.ts";
import { orphanPodReconciler } from "./orphan-pods.ts";

/** Passes at the same time: they mostly wait for the API and the object store. */
const CONCURRENCY = 64;

/** A long map of one run must not keep other runs waiting: runs take turns. */
function runOf(deps: ActionDeps): (key: string) => string {
  const actions = deps.informers.of<TaskAction>({ kind: TaskActionKind });
  return (key) => actions.get(key)?.spec.runUid ?? key;
}

/** The controllers of this room: the one that runs actions, and the one that lets go of pods without an action. */
export function actionControllers(deps: ActionDeps, options: Pick<ControllerOptions<TaskAction>, "observe"> = {}): Controller[] {
  const { informers } = deps;
  const pods = podInformer(informers);
  const actionKeys = ownerKeys(TaskActionKind);
  informers.of({ kind: ProjectQuotaKind });

  const podKeysOfAction = (action: Stored): string[] => pods.byIndex("action", action.metadata.uid).map(keyOf);
  const actionOfEvent = (event: Stored): string[] => {
    const pod = pods.get(podKeyOf(event) ?? "");
    return pod && controllerOf(pod) ? actionKeys(pod) : [];
  };

  return [
    controller(deps, {
      reconciler: actionReconciler(deps),
      watches: [
        { ...MANAGED_PODS, keysOf: actionKeys },
        { ...IMAGE_EVENTS, keysOf: actionOfEvent },
        // Only read when a pod is built; nothing is woken by it.
        { kind: ProjectQuotaKind, keysOf: () => [] },
        { kind: ProjectKind, keysOf: () => [] },
      ],
      queue: { concurrency: CONCURRENCY, groupOf: runOf(deps) },
      ...options,
    }),
    controller(deps, {
      reconciler: orphanPodReconciler(deps),
      labelSelector: `${LABEL.managed}=true`,
      watches: [{ kind: TaskActionKind, keysOf: podKeysOfAction }],
      queue: { concurrency: 4 },
    }),
  ];
}
