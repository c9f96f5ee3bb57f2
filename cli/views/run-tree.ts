import { formatDuration } from "../../base/index.ts";
import type { Run, TaskAction, Workflow } from "../../crds/index.ts";
import { durationText, type NodeRow, nodeRows } from "./action-nodes.ts";
import { type Paint, plain, printable } from "./paint.ts";

const GLYPHS: Readonly<Record<string, string>> = {
  Succeeded: "✔",
  Failed: "✖",
  TimedOut: "✖",
  Aborted: "■",
  Aborting: "■",
  Skipped: "–",
  Running: "●",
  Initializing: "◍",
  Queued: "○",
  WaitingForResources: "○",
  Waiting: "·",
};

/** The colour of a phase. */
export function paintPhase(phase: string, text: string, paint: Paint): string {
  if (phase === "Succeeded") return paint.good(text);
  if (phase === "Failed" || phase === "TimedOut") return paint.bad(text);
  if (phase === "Running" || phase === "Initializing") return paint.busy(text);
  return paint.faint(text);
}

export interface TreeOptions {
  /** Undefined: durations that still move are left out. */
  readonly now: number | undefined;
  readonly paint?: Paint;
  /** Only what failed, with the reasons. */
  readonly failedOnly?: boolean;
}

function runDuration(run: Run, now: number | undefined): string {
  const { startTime, endTime } = run.status ?? {};
  const end = endTime === undefined ? now : Date.parse(endTime);
  return startTime === undefined || end === undefined ? "" : formatDuration(end - Date.parse(startTime));
}

function details(row: NodeRow): string {
  const parts = [
    row.items ? `${row.items.done}/${row.items.total}${row.items.failed > 0 ? ` (${row.items.failed} failed)` : ""}` : "",
    row.attempts > 1 ? `attempt ${row.attempts}` : "",
    row.phase === "Running" && row.progress && !row.items ? printable(row.progress) : "",
    row.error ? printable(`${row.error.code}: ${row.error.message.split("\n")[0] ?? ""}`) : "",
  ];
  return parts.filter(Boolean).join("  ");
}

function nodeLine(row: NodeRow, last: boolean, widths: { name: number; phase: number }, paint: Paint): string {
  const depth = row.path.split(".").length - 1;
  const name = depth === 0 ? row.path : row.path.slice(row.path.lastIndexOf(".") + 1);
  const branch = `${"│  ".repeat(depth)}${last ? "└─" : "├─"} `;
  const label = `${branch}${GLYPHS[row.phase] ?? "·"} ${name}`;
  const text = `${label.padEnd(widths.name)}  ${row.phase.padEnd(widths.phase)}  ${durationText(row).padStart(6)}  ${details(row)}`.trimEnd();
  return paintPhase(row.phase, text, paint);
}

const FAILED = new Set(["Failed", "TimedOut"]);

/** A run and its nodes as lines: phase, duration, items of a map, attempts, the first line of an error. */
export function runTree(run: Run, actions: readonly TaskAction[], workflow: Workflow | undefined, options: TreeOptions): string[] {
  const paint = options.paint ?? plain;
  const all = nodeRows(run, actions, workflow, options.now);
  const rows = options.failedOnly ? all.filter((row) => FAILED.has(row.phase) || (row.items?.failed ?? 0) > 0) : all;
  const phase = run.status?.phase ?? "Queued";
  const done = run.status?.done ? `  ${run.status.done}` : "";
  const head = `${run.metadata.namespace}/${run.metadata.name}  ${run.status?.of ?? ""}  ${paintPhase(phase, phase, paint)}${done}  ${runDuration(run, options.now)}`;
  const widths = {
    name: Math.max(...rows.map((row) => row.path.length + 8), 16),
    phase: Math.max(...rows.map((row) => row.phase.length), 9),
  };
  return [head.trimEnd(), ...rows.map((row, index) => nodeLine(row, index === rows.length - 1, widths, paint)), ...why(run, paint)];
}

/** Why a run waits or failed, where its status says so. */
function why(run: Run, paint: Paint): string[] {
  const error = run.status?.error;
  if (error) {
    const at = error.node ? ` in ${error.node}` : "";
    return [paint.bad(printable(`${error.code}${at}: ${(error.message ?? "").split("\n")[0]}`))];
  }
  const waiting = run.status?.conditions?.find((condition) => condition.type === "Ready" && condition.status === "Unknown" && run.status?.phase === "Queued");
  return waiting ? [paint.faint(printable(`${waiting.reason}: ${waiting.message}`))] : [];
}
