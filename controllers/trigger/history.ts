import { isFinished, type Run, RunKind, type Trigger } from "../../crds/index.ts";
import type { ObjectClient, Stored } from "../../kube/index.ts";

const endOf = (run: Run): string => run.status?.endTime ?? "";

/** Finished Runs beyond what `history` keeps: of those that succeeded and of the others the newest stay. */
export function surplusRuns(runs: readonly Stored<Run>[], history: NonNullable<Trigger["spec"]["history"]>): readonly Stored<Run>[] {
  const finished = runs.filter((run) => isFinished(run) && run.metadata.deletionTimestamp === undefined);
  const newestFirst = finished.sort((a, b) => (endOf(a) < endOf(b) ? 1 : -1));
  const succeeded = newestFirst.filter((run) => run.status?.phase === "Succeeded");
  const others = newestFirst.filter((run) => run.status?.phase !== "Succeeded");
  return [...succeeded.slice(history.succeeded ?? succeeded.length), ...others.slice(history.failed ?? others.length)];
}

/** Deletes the surplus among the Runs that a trigger has made. */
export async function keepHistory(client: ObjectClient, trigger: Trigger, made: readonly Stored<Run>[]): Promise<void> {
  if (!trigger.spec.history) return;
  for (const { metadata } of surplusRuns(made, trigger.spec.history)) {
    await client.delete(RunKind, metadata, { uid: metadata.uid, propagation: "Background" });
  }
}
