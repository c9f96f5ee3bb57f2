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

function headLine(run: Run, action: TaskAction | undefined): string {
  const node = run.status?.error?.node ?? action?.spec.node;
  const code = run.status?.error ? ` (${run.status.error.code})` : "";
  if (node === undefined) return `run ${run.metadata.name} ${run.status?.phase}${code}`;
  const { exitCode, attempts = 0 } = action?.status ?? {};
  return `node ${node} failed${exitCode === undefined ? "" : `, exit code ${exitCode}`}${attempts > 1 ? `, after ${attempts} attempts` : ""}${code}`;
}

/** Without a log the message is all there is to say; with one its first line would only say it twice. */
function messageLines(run: Run, log: readonly string[]): string[] {
  if (log.length > 0) return [];
  const lines = (run.status?.error?.message ?? "").trim().split("\n").slice(0, 3);
  return lines.filter(Boolean).map((line) => `  ${printable(line)}`);
}

/** Node, exit code, the last lines of the log, where the task is written, and what to type next. */
export function failureLines({ run, action, log }: FailureFacts, paint: Paint = plain): string[] {
  const lines = [paint.bad(printable(headLine(run, action))), ...messageLines(run, log)];
  if (action?.spec.source) lines.push(`  ${printable(`task ${action.spec.task} at ${action.spec.source}`)}`);
  if (log.length > 0) lines.push(paint.faint(`  last lines of its log:`), ...log.map((line) => `  ${paint.faint("│")} ${printable(line)}`));
  return [...lines, `  next: flyteops logs ${printable(target(run, action))} -n ${run.metadata.namespace}`];
}
