import { rfc3339 } from "../../base/index.ts";
import type { GitSync, GitSyncStatus } from "../../crds/index.ts";
import { formatProblem, type Inventory, isError, type Problem, sortProblems } from "../../gitops/index.ts";
import type { ReconcileRun, Stored } from "../../kube/index.ts";
import type { Outcome } from "./carry-out.ts";

const MAX_PROBLEMS = 100;
const MAX_EVENTS = 10;
const MESSAGE_MAX = 4096;
/** Problems that only say that something else has one: never the one to show alone. */
const FOLLOWING: ReadonlySet<string> = new Set(["TaskInvalid", "WorkflowInvalid", "TriggerInvalid"]);

/** What one pass found, for the status. */
export interface Findings {
  readonly revision: string;
  readonly total: number;
  readonly ignored: number;
  readonly problems: readonly Problem[];
  readonly outcome: Outcome;
  readonly inventory: Inventory;
  readonly parts: readonly string[];
  /** Why some objects wait, a sentence each. */
  readonly waiting: readonly string[];
}

/** The status as this pass leaves it. A pass that found and wrote nothing new leaves it byte for byte, so that a resync costs no write. */
export function writeStatus(sync: Stored<GitSync>, found: Findings, run: ReconcileRun): void {
  const before = sync.status ?? {};
  const problems = sortProblems(found.problems);
  const { outcome } = found;
  const moved = before.attemptedRevision !== found.revision;
  const wrote = outcome.changed > 0 || outcome.pruned > 0;
  const isApplied = outcome.failed === 0 && found.waiting.length === 0 && !problems.some(isError);
  sync.status = {
    ...before,
    ...(isApplied ? { revision: found.revision } : {}),
    attemptedRevision: found.revision,
    ...(moved || wrote ? { lastSyncTime: rfc3339(run.now) } : {}),
    objects: {
      total: found.total,
      ...(moved || wrote
        ? { changed: outcome.changed, pruned: outcome.pruned }
        : { changed: before.objects?.changed ?? 0, pruned: before.objects?.pruned ?? 0 }),
      failed: outcome.failed,
      ignored: found.ignored,
    },
    problems: problems
      .slice(0, MAX_PROBLEMS)
      .map(({ file, line, column, code, message, severity }) => ({ file, line, column, code, message: message.slice(0, MESSAGE_MAX), severity })),
    problemCount: problems.length,
    inventory: { objects: found.inventory.size, names: [...found.parts].slice(0, 256) },
  };
  tellProblems(before, problems, run);
  if (wrote)
    run.event({ type: "Normal", reason: "Applied", message: `${found.revision}: ${outcome.changed} changed, ${outcome.pruned} pruned, ${found.total} in all` });
}

/** Problems that were not there before become events, the first few by themselves. */
function tellProblems(before: GitSyncStatus, problems: readonly Problem[], run: ReconcileRun): void {
  const known = new Set((before.problems ?? []).map((each) => `${each.file}:${each.line}:${each.column}: ${each.message}`));
  const fresh = problems.filter((each) => !known.has(formatProblem({ ...each, message: each.message.slice(0, MESSAGE_MAX) })));
  for (const each of fresh.slice(0, MAX_EVENTS)) run.event({ type: isError(each) ? "Warning" : "Normal", reason: each.code, message: formatProblem(each) });
  if (fresh.length > MAX_EVENTS && before.problemCount !== problems.length) {
    run.event({ type: "Warning", reason: "MoreProblems", message: `${fresh.length - MAX_EVENTS} more problems; see status.problems or: flyteops validate` });
  }
}

/** Conditions of a pass that came to its end. */
export function markConditions(sync: Stored<GitSync>, found: Findings, run: ReconcileRun): void {
  const errors = found.problems.filter(isError);
  const first = errors.find(({ code }) => !FOLLOWING.has(code)) ?? errors[0];
  run.mark("SourceReady", "Fetched", found.revision);
  const invalid = first && (errors.length === 1 ? formatProblem(first) : `${errors.length} problems, among them ${formatProblem(first)}`);
  if (invalid) run.mark("Validated", "ValidationFailed", invalid, "False");
  else run.mark("Validated", "Valid");
  const waiting = found.waiting.slice(0, 5).join("; ");
  if (found.outcome.failed > 0) run.mark("Applied", "ApplyFailed", `${found.outcome.failed} objects could not be applied`, "False");
  else if (waiting) run.mark("Applied", "Progressing", waiting, "Unknown");
  else run.mark("Applied", "Applied", found.revision);
  markOverridden(sync, found, run);
  summarise(sync, run, { invalid, waiting, retry: found.outcome.retry, revision: found.revision });
}

function markOverridden(sync: Stored<GitSync>, found: Findings, run: ReconcileRun): void {
  const overridden = [...found.inventory.values()].flatMap((entry) =>
    (entry.overridden ?? []).map(({ field, manager, time }) => `${field} of ${entry.kind} ${entry.name} was set by ${manager}${time ? ` at ${time}` : ""}`),
  );
  if (overridden.length > 0) run.mark("Overridden", "ChangedInCluster", overridden.slice(0, 20).join("; "));
  else clearConditions(sync, ["Overridden"]);
}

export function clearConditions(sync: Stored<GitSync>, types: readonly string[]): void {
  const conditions = sync.status?.conditions;
  if (sync.status && conditions?.some(({ type }) => types.includes(type))) sync.status.conditions = conditions.filter(({ type }) => !types.includes(type));
}

interface Summary {
  readonly invalid: string | undefined;
  readonly waiting: string;
  readonly retry: boolean;
  readonly revision: string;
}

/** Ready, Reconciling and Stalled as kstatus reads them: a problem of the repository needs a person, a failed write is tried again. */
function summarise(sync: Stored<GitSync>, run: ReconcileRun, { invalid, waiting, retry, revision }: Summary): void {
  clearConditions(sync, ["ServiceAccountMissing", "NotImplemented"]);
  if (waiting && !invalid) run.mark("Ready", "Progressing", waiting, "Unknown");
  else if (invalid) run.mark("Ready", retry ? "ApplyFailed" : "ValidationFailed", invalid, "False");
  else run.mark("Ready", "Succeeded", `applied ${revision}`);
  if (waiting || retry) run.mark("Reconciling", "Progressing", waiting || "writes that failed are tried again");
  else clearConditions(sync, ["Reconciling"]);
  if (invalid && !waiting && !retry) run.mark("Stalled", "ValidationFailed", invalid);
  else clearConditions(sync, ["Stalled"]);
}

/** Conditions of a pass that could not even begin. */
export function markFailure(sync: Stored<GitSync>, run: ReconcileRun, failure: { reason: string; message: string; terminal: boolean; source: boolean }): void {
  const { reason, message } = failure;
  if (failure.source) run.mark("SourceReady", reason, message, "False");
  for (const type of ["ServiceAccountMissing", "NotImplemented"]) {
    if (reason === type) run.mark(type, reason, message);
    else clearConditions(sync, [type]);
  }
  run.mark("Ready", reason, message, "False");
  run.mark(failure.terminal ? "Stalled" : "Reconciling", reason, message);
  clearConditions(sync, [failure.terminal ? "Reconciling" : "Stalled"]);
}
