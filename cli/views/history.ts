import { formatDuration } from "../../base/index.ts";
import type { Run } from "../../crds/index.ts";
import { paintPhase } from "./run-tree.ts";
import { type Paint, printable } from "./paint.ts";

/** Columns of archived runs: those of `get runs`, with when they ended. */
export const HISTORY_COLUMNS = ["NAME", "OF", "PHASE", "DONE", "FAILED", "REVISION", "ENDED", "DURATION"] as const;

/** One row of them. ENDED says how long ago. */
export function historyCells(run: Run, endedAt: string, now: number): string[] {
  const { status = {}, spec } = run;
  const of = status.of ?? spec.workflow ?? spec.task ?? spec.trigger ?? "";
  const failed = status.counts?.failed;
  return [
    run.metadata.name ?? "",
    of,
    status.phase ?? "",
    status.done ?? "",
    failed === undefined ? "" : String(failed),
    status.revisionShort ?? "",
    formatDuration(Math.max(0, now - Date.parse(endedAt))),
    status.duration ?? "",
  ];
}

/** What is said of one archived run besides its tree. */
export function archivedLines(run: Run, endedAt: string, paint: Paint): string[] {
  const { phase = "", outputs, plan } = run.status ?? {};
  const preview = Object.entries((outputs?.preview ?? {}) as Record<string, unknown>).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);
  return [
    "",
    `${paintPhase(phase, phase, paint)} at ${endedAt}${plan?.revision === undefined ? "" : printable(`, of ${plan.revision}`)}`,
    ...preview.map(printable),
    ...(outputs?.uri === undefined ? [] : [paint.faint(`next: flyteops outputs ${run.metadata.name} -n ${run.metadata.namespace}`)]),
  ];
}
