import { type Outcome, waiting } from "../../base/index.ts";
import type { Run, Trigger } from "../../crds/index.ts";
import type { ObjectClient, ReconcileRun, Stored } from "../../kube/index.ts";
import { fire } from "./fire.ts";
import { type Definition, observe, seenIn } from "./observe.ts";
import { QUIET_MS, type QuietTime } from "./quiet-time.ts";
import { ensureRun } from "./triggered-run.ts";

/** What the cluster shows of a trigger's surroundings. */
export interface Surroundings {
  /** The Workflow or Task that it runs. */
  readonly definition: Definition | undefined;
  /** The Runs that it has made. */
  readonly made: readonly Stored<Run>[];
  /** The sync that applied it is between two revisions: what is in the cluster now is no commit. */
  readonly syncIsMoving: boolean;
}

/** Fires once per commit that changes the plan or the files of the trigger. Undefined: nothing is to be waited for. */
export async function onCommit(
  { client, quiet }: { readonly client: ObjectClient; readonly quiet: QuietTime },
  trigger: Stored<Trigger>,
  { definition, made, syncIsMoving }: Surroundings,
  pass: ReconcileRun,
): Promise<Outcome | undefined> {
  if (!trigger.spec.onCommit) return undefined;
  const observation = observe(trigger, definition);
  if (observation.kind === "waiting") return waiting("DefinitionNotReady", observation.on);
  const observed = observation.value;
  const last = trigger.status?.lastRun;
  if (trigger.status?.onCommit?.digest === observed.digest) {
    // Decided, but we stopped before it was done.
    if (last && last.uid === undefined) await ensureRun(client, trigger, last.name, observed);
    return undefined;
  }
  if (trigger.status?.onCommit === undefined) {
    trigger.status = { ...trigger.status, onCommit: seenIn(observed) };
    return undefined;
  }
  if (syncIsMoving) return waiting("SyncInProgress", "the sync to reach one revision", QUIET_MS);
  const left = quiet.left(trigger.metadata.uid, observed.digest);
  return left > 0 ? waiting("ChangeSettling", "the commit to arrive whole", left) : fire(client, trigger, made, observed, pass);
}
