import type { Run, TaskAction } from "../../crds/index.ts";
import { type Paint, plain, printable } from "./paint.ts";

/** What a person needs to see of a run that failed. `log` is the end of the failed container's log. */
export interface FailureFacts {
  readonly run: Run;
  readonly action: TaskAction | undefined;
  readonly log: readonly string[];
}

/** The action whose failure became the run's: the one the run names, else the first that failed. */
export function failedAction(run: Run, actions: readonly TaskAction[]): TaskAction | undefined {
  const failed = actions.filter((action) => action.status?.phase === "Failed" || action.status?.phase === "TimedOut");
  const named = run.status?.error?.node?.replace(/\[\d+\]$/, "");
  return failed.find((action) => action.spec.node === named) ?? failed[0];
}

function target(run: Run, action: TaskAction | undefined): string {
  const node = run.status?.error?.node ?? action?.spec.node;
  return node === undefined ? (run.metadata.name ?? "") : `${run.metadata.name}/${node}`;
}

/** Node, exit code, the last lines of the log, where the task is written, and what to type next. */
export function failureLines({ run, action, log }: FailureFacts, paint: Paint = plain): string[] {
  const error = run.status?.error;
  const node = error?.node ?? action?.spec.node;
  const exit = action?.status?.exitCode === undefined ? "" : `, exit code ${action.status.exitCode}`;
  const attempts = (action?.status?.attempts ?? 0) > 1 ? `, after ${action?.status?.attempts} attempts` : "";
  const head = node === undefined ? `run ${run.metadata.name} ${run.status?.phase}` : `node ${node} failed${exit}${attempts}`;
  const lines = [paint.bad(`${head}${error ? ` (${error.code})` : ""}`)];
  for (const line of (error?.message ?? "").trim().split("\n").slice(0, 3)) if (line && log.length === 0) lines.push(`  ${printable(line)}`);
  if (action?.spec.source) lines.push(`  task ${action.spec.task} at ${printable(action.spec.source)}`);
  if (log.length > 0) lines.push(paint.faint(`  last lines of its log:`), ...log.map((line) => `  ${paint.faint("│")} ${printable(line)}`));
  const namespace = run.metadata.namespace;
  lines.push(`  next: flyteops logs ${target(run, action)} -n ${namespace}`);
  return lines;
}
