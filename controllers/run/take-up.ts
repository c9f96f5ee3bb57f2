import { type JsonObject, type Outcome, settled } from "../../base/index.ts";
import type { Run, RunSpec } from "../../crds/index.ts";
import { findings, type Problem, refuseUnsupported, type RunError } from "../../engine/index.ts";
import type { ReconcileRun, Stored } from "../../kube/index.ts";
import type { Admission } from "./admission.ts";
import type { HomesOfRuns } from "./homes-of-runs.ts";
import { type PlanSource, shortRevision } from "./pin-plan.ts";
import { wantedRemotes } from "./remote-inputs.ts";
import { showProgress } from "./run-status.ts";
import { instant } from "./times.ts";

interface Registry {
  readonly plans: PlanSource;
  readonly quota: Admission;
  readonly homes: HomesOfRuns;
}

/** What a Run declares and nothing acts upon yet. */
export function unsupportedIn(run: Stored<Run>): RunError | undefined {
  const problems: Problem[] = [];
  refuseUnsupported("Run", run.spec as unknown as JsonObject, findings({ kind: "Run", name: run.metadata.name }, problems, ["spec"]));
  if (problems.length === 0) return undefined;
  return { code: "NotImplemented", kind: "USER", message: problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") };
}

/** Takes a run up: its turn, its definition, its start. Nothing is made before the plan is pinned in the status. */
export async function takeUp(run: Stored<Run>, spec: RunSpec, pass: ReconcileRun, { plans, quota, homes }: Registry): Promise<Outcome | undefined> {
  const found = await plans.find(run, spec);
  run.status = { ...run.status, of: spec.workflow ?? spec.task ?? spec.trigger ?? "" };
  if (found.kind === "waiting") {
    showProgress(pass, run, "Waiting", found);
    return settled();
  }
  if (!quota.admits(run)) {
    const limit = quota.limit(run.metadata.namespace ?? "");
    showProgress(pass, run, "Queued", { reason: "RunsQuota", on: `its turn: the ProjectQuota lets ${limit} runs go on at once` });
    return settled();
  }
  const { digest, revision } = found.value;
  const remotes = wantedRemotes(await plans.open(digest), (spec.inputs ?? {}) as JsonObject);
  const prefixes = await homes.dataPrefixes(run.metadata.namespace ?? "", remotes.length > 0);
  const short = shortRevision(revision);
  run.status = {
    ...run.status,
    phase: "Running",
    startTime: instant(pass.now),
    plan: { digest, ...(revision === undefined ? {} : { revision }) },
    ...(prefixes.length === 0 ? {} : { dataPrefixes: [...prefixes] }),
    ...(short === undefined ? {} : { revisionShort: short }),
  };
  showProgress(pass, run, "Running");
  pass.event({ type: "Normal", reason: "Started", message: `${run.status.of} ${short ?? digest.slice(0, 19)}` });
  await pass.progress();
  return undefined;
}
