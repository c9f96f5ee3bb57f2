import { type Outcome, rfc3339, waiting } from "../../base/index.ts";
import { isFinished, type Run, type Trigger } from "../../crds/index.ts";
import type { ObjectClient, ReconcileRun, Stored } from "../../kube/index.ts";
import { type Observed, seenIn } from "./observe.ts";
import { abortReplaced, ensureRun, triggeredRunName } from "./triggered-run.ts";

/** Makes a Run for what was observed, as far as `concurrencyPolicy` lets it beside the unfinished ones among `made`. */
export async function fire(
  client: ObjectClient,
  trigger: Stored<Trigger>,
  made: readonly Stored<Run>[],
  observed: Observed,
  pass: ReconcileRun,
): Promise<Outcome | undefined> {
  const unfinished = made.filter((run) => !isFinished(run));
  const [first] = unfinished;
  const policy = trigger.spec.concurrencyPolicy;
  const status = trigger.status ?? {};
  if (policy === "Queue" && first) return waiting("RunUnfinished", `run ${first.metadata.name} to finish`);
  if (policy === "Forbid" && first) {
    trigger.status = { ...status, onCommit: seenIn(observed), skipped: (status.skipped ?? 0) + 1 };
    pass.event({ type: "Normal", reason: "Skipped", message: `run ${first.metadata.name} has not finished` });
    return undefined;
  }
  const name = triggeredRunName(trigger.metadata, `${observed.digest}/${observed.revision ?? ""}`);
  const at = rfc3339(pass.now);
  // What was decided is written before it is done: after a crash in between, the same Run is made and no other.
  trigger.status = { ...status, onCommit: seenIn(observed), lastRun: { name, at }, lastFireTime: at };
  await pass.progress();
  if (policy === "Replace") await abortReplaced(client, unfinished);
  await ensureRun(client, trigger, name, observed);
  pass.event({ type: "Normal", reason: "RunCreated", message: `run ${name} for ${observed.revision ?? observed.digest}` });
  return undefined;
}
