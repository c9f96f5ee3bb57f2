import { type Outcome, settled } from "../../base/index.ts";
import { type Run, RunKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps, type InformerSet, type Reconciler, type Stored } from "../../kube/index.ts";
import type { ArchivedRun, Records } from "../../records/index.ts";

/** Runs whose archiving is remembered, so that their later status changes cost no write; beyond it the database refuses the second. */
const REMEMBERED = 10_000;

function archived(run: Stored<Run>, endedAt: string, actions: readonly Stored<TaskAction>[]): ArchivedRun {
  const { uid, namespace = "", name } = run.metadata;
  // Domains have no hyphen, so the namespace splits one way only.
  const hyphen = namespace.lastIndexOf("-");
  return {
    uid,
    namespace,
    name,
    project: namespace.slice(0, Math.max(0, hyphen)),
    domain: namespace.slice(hyphen + 1),
    phase: run.status?.phase ?? "",
    startedAt: run.status?.startTime,
    endedAt,
    run,
    actions,
  };
}

/** Keeps every Run that has ended, with its actions, before anybody deletes it. */
export function archiveReconciler({ informers, records }: { readonly informers: InformerSet; readonly records: Records }): Reconciler<Run> {
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  const done = new Set<string>();
  return {
    kind: RunKind,
    summary: false,
    async reconcile(run): Promise<Outcome> {
      const { uid } = run.metadata;
      const endedAt = run.status?.endTime;
      if (endedAt === undefined || done.has(uid)) return settled();
      await records.archiveRun(
        archived(
          run,
          endedAt,
          actions.list(run.metadata.namespace).filter(({ spec }) => spec.runUid === uid),
        ),
      );
      if (done.size >= REMEMBERED) done.clear();
      done.add(uid);
      return settled();
    },
  };
}

export function archiveController(deps: ControllerDeps & { readonly records: Records }): Controller {
  return controller(deps, { reconciler: archiveReconciler(deps), watches: [{ kind: TaskActionKind, keysOf: () => [] }] });
}
