import { type Clock, type JsonObject, LABEL, settled, TerminalFailure } from "../../base/index.ts";
import {
  type GitSync,
  GitSyncKind,
  isFinished,
  type Run,
  RunKind,
  type Task,
  TaskKind,
  type Trigger,
  TriggerKind,
  type Workflow,
  WorkflowKind,
} from "../../crds/index.ts";
import { notImplemented } from "../../gitops/index.ts";
import type { InformerSet, Reconciler, Stored } from "../../kube/index.ts";
import { keepHistory } from "./history.ts";
import { onCommit, type Surroundings } from "./on-commit.ts";
import { quietTime } from "./quiet-time.ts";

export interface TriggerDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
}

/** Looks around a trigger, in caches. */
function surroundings(informers: InformerSet): (trigger: Stored<Trigger>) => Surroundings {
  const workflows = informers.of<Workflow>({ kind: WorkflowKind });
  const tasks = informers.of<Task>({ kind: TaskKind });
  const runs = informers.of<Run>({ kind: RunKind });
  const syncs = informers.of<GitSync>({ kind: GitSyncKind });
  return ({ metadata, spec }) => {
    const key = `${metadata.namespace}/${spec.run.workflow ?? spec.run.task}`;
    const sync = syncs.list().find((candidate) => candidate.metadata.uid === metadata.labels?.[LABEL.syncUid]);
    return {
      definition: spec.run.workflow ? workflows.get(key) : tasks.get(key),
      made: runs.list().filter((run) => run.metadata.namespace === metadata.namespace && run.metadata.labels?.[LABEL.trigger] === metadata.name),
      syncIsMoving: sync?.status?.conditions?.some(({ type, status }) => type === "Reconciling" && status === "True") ?? false,
    };
  };
}

/** Makes Runs of commits, keeps as many finished ones as `history` says, and says which of its fields nothing acts upon. */
export function triggerReconciler({ informers, clock }: TriggerDeps): Reconciler<Trigger> {
  const { client } = informers;
  const around = surroundings(informers);
  const quiet = quietTime(clock);
  return {
    kind: TriggerKind,
    async reconcile(trigger, pass) {
      const missing = notImplemented("Trigger", trigger.spec as unknown as JsonObject).map(({ path }) => path.join("."));
      if (missing.length > 0) pass.mark("NotImplemented", "NotImplemented", `nothing acts upon ${missing.join(", ")} yet`);
      const seen = around(trigger);
      trigger.status = { ...trigger.status, active: seen.made.filter((run) => !isFinished(run)).length };
      await keepHistory(client, trigger, seen.made);
      const active = trigger.spec.active;
      pass.mark("Active", active ? "Active" : "Paused", "", active ? "True" : "False");
      const outcome = active ? await onCommit({ client, quiet }, trigger, seen, pass) : undefined;
      // A wait with an appointment comes first: a failure is only looked at again on change.
      if (missing.length === 0 || outcome?.kind === "waiting") return outcome ?? settled();
      const them = missing.length === 1 ? "it" : "them";
      throw new TerminalFailure("NotImplemented", `nothing acts upon ${missing.join(", ")} yet: remove ${them}, or run it by hand`);
    },
  };
}
