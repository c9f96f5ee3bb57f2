import type { Meter } from "../../base/index.ts";
import { type Run, RUN_PHASES, RunKind } from "../../crds/index.ts";
import type { InformerSet } from "../../kube/index.ts";

/** How many Runs there are, by phase. Every replica sees all of them: take the maximum over replicas. */
export function runMetrics(meter: Meter, informers: InformerSet): void {
  const runs = informers.of<Run>({ kind: RunKind });
  for (const phase of RUN_PHASES)
    meter.gauge({ name: "flyteops_run_count", help: "Runs in the cluster.", labels: { phase: RUN_PHASES } }, { phase }, () => {
      return runs.list().filter((run) => (run.status?.phase ?? "Queued") === phase).length;
    });
}
