import type { Meter } from "../../base/index.ts";
import type { PassResult } from "../../kube/index.ts";

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900] as const;

/** Told of every pass over a GitSync: from the repository to the cluster. */
export function syncMetrics(meter: Meter): (pass: { readonly result: PassResult; readonly ms: number }) => void {
  const seconds = meter.histogram({
    name: "flyteops_sync_seconds",
    help: "How long it took to compare a repository with the cluster and to bring what differed.",
    labels: { result: ["settled", "waiting", "failed"] },
    buckets: SECONDS,
  });
  return ({ result, ms }) => {
    if (result !== "gone" && result !== "conflict") seconds.observe({ result: result === "settled" || result === "waiting" ? result : "failed" }, ms / 1_000);
  };
}
