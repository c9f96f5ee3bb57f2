import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "../../base/index.ts";

const RESOLUTION_MS = 20;

/** Tells how long the event loop kept everybody waiting at worst since somebody last looked. */
export function eventLoopMetrics(meter: Meter): void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  meter.gauge({ name: "flyteops_process_event_loop_lag_seconds", help: "Longest stall of the event loop since the last scrape.", labels: {} }, {}, () => {
    const lagMs = Math.max(0, histogram.max / 1e6 - RESOLUTION_MS);
    histogram.reset();
    return lagMs / 1_000;
  });
}
