import { FINALIZER, LABEL, type Outcome, settled } from "../../base/index.ts";
import { isFinished, type Run, RunKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import type { InformerSet, Reconciler, Stored } from "../../kube/index.ts";
import { BY_RUN, indexActions } from "./facts-of-run.ts";
import { durationOf } from "./times.ts";

/** What a Run keeps that git has let go of, if it says nothing itself. */
const RELEASED_TTL = "7d";

/** Marks of ours, Argo CD and Flux on objects that a repository declares. */
const GIT_LABELS: readonly string[] = [LABEL.syncUid, "argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"];
const GIT_ANNOTATIONS: readonly string[] = ["argocd.argoproj.io/tracking-id"];

/** A manifest in a repository stands for this Run: were it deleted, it might be made, and run, again. */
export function isFromGit({ metadata }: Run): boolean {
  return GIT_LABELS.some((label) => metadata.labels?.[label] !== undefined) || GIT_ANNOTATIONS.some((name) => metadata.annotations?.[name] !== undefined);
}

function ttlOf(run: Run): number | undefined {
  return durationOf(run.spec.ttl ?? (run.metadata.labels?.[LABEL.released] === undefined ? undefined : RELEASED_TTL));
}

/** Collects finished Runs when their ttl is over: of one from git only the actions and their pods, the head stays. */
export function ttlReconciler({ informers }: { readonly informers: InformerSet }): Reconciler<Run> {
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  indexActions(actions);
  const { client } = informers;

  async function collect(run: Stored<Run>): Promise<void> {
    const { namespace, name, uid } = run.metadata;
    if (!isFromGit(run)) return void (await client.delete(RunKind, { namespace, name }, { uid, propagation: "Background" }));
    for (const { metadata } of actions.byIndex(BY_RUN, uid)) {
      await client.delete(TaskActionKind, { namespace, name: metadata.name }, { uid: metadata.uid, propagation: "Background" });
    }
  }

  return {
    kind: RunKind,
    summary: false,
    async reconcile(run, pass): Promise<Outcome> {
      const ttl = ttlOf(run);
      // What the archive does not have yet is not collected: nobody is in a hurry, and the finalizer's end wakes us.
      if (ttl === undefined || !isFinished(run) || run.metadata.finalizers?.includes(FINALIZER.archive)) return settled();
      const left = Date.parse(run.status?.endTime ?? "") + ttl - pass.now;
      if (left > 0) return settled(left);
      await collect(run);
      return settled();
    },
  };
}
