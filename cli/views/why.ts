import { formatDuration } from "../../base/index.ts";
import type { Run, TaskAction, Workflow } from "../../crds/index.ts";
import { needsOf } from "./needs.ts";
import { printable } from "./paint.ts";

function budgetLines({ spec, status }: TaskAction): string[] {
  const retries = [
    [status?.userFailures, spec.policy?.retries.limit, "failures of its own code"],
    [status?.systemFailures, spec.policy?.retries.system, "failures of the platform"],
    [status?.preemptions, spec.policy?.retries.preemption, "lost nodes"],
  ] as const;
  return retries.filter(([count]) => (count ?? 0) > 0).map(([count, budget, what]) => `  ${count} ${what}; ${budget ?? 0} may be run again`);
}

function failureLines({ status }: TaskAction): string[] {
  const error = status?.errorState;
  const own = error?.code ? [printable(`  ${error.kind ?? ""} ${error.code}: ${error.message ?? ""}`)] : [];
  const items = (status?.items?.failures ?? []).map((failure) =>
    printable(`  item ${failure.index}: ${failure.code}: ${failure.message.split("\n")[0] ?? ""}`),
  );
  return [...own, ...items];
}

function remarkLines({ status }: TaskAction): string[] {
  const notes = (status?.notes ?? []).map((note) => `  note: ${printable(note)}`);
  const image = (status?.conditions ?? []).filter(({ type, status: held }) => type === "ImageNotUsed" && held === "True");
  return [...notes, ...image.map(({ message }) => `  ${printable(message)}`)];
}

/** Sentences about why one action is where it is: what it waits for, why it was run again, why it failed. */
export function whyAction(action: TaskAction, now: number): string[] {
  const { spec, status } = action;
  const phase = status?.phase ?? "Queued";
  const attempts = status?.attempts ?? 0;
  const lines = [`${spec.node} is ${phase}${attempts > 1 ? ` in attempt ${attempts}` : ""}`];
  const latest = status?.phaseHistory?.at(-1);
  if (latest?.message && phase !== "Succeeded") lines.push(`  ${printable(latest.message)}`);
  if (status?.nextAttemptAt) lines.push(`  the next attempt starts in ${formatDuration(Math.max(0, Date.parse(status.nextAttemptAt) - now))}`);
  return [...lines, ...budgetLines(action), ...failureLines(action), ...remarkLines(action)];
}

/** Why a node has not started: which of the nodes before it have not ended. */
function whyWaiting(path: string, workflow: Workflow, actions: readonly TaskAction[]): string[] {
  const node = workflow.spec.nodes[path];
  if (node === undefined) return [];
  const phases = new Map(actions.map((action) => [action.spec.node, action.status?.phase ?? "Queued"]));
  const needs = needsOf(node, new Set(Object.keys(workflow.spec.nodes)));
  const open = [...needs].filter((name) => phases.get(name) !== "Succeeded");
  return [open.length > 0 ? `${path} waits for ${open.map((name) => `${name} (${phases.get(name) ?? "not started"})`).join(", ")}` : `${path} has not started`];
}

/** Why a run, or one of its nodes, is where it is. */
export function whyRun(run: Run, actions: readonly TaskAction[], workflow: Workflow | undefined, node: string | undefined, now: number): string[] {
  if (node !== undefined) {
    const own = actions.filter((action) => action.spec.node === node || action.spec.node?.startsWith(`${node}.`));
    return own.length > 0 ? own.flatMap((action) => whyAction(action, now)) : workflow ? whyWaiting(node, workflow, actions) : [];
  }
  const lines = [`run ${run.metadata.name} is ${run.status?.phase ?? "Queued"}`];
  for (const condition of run.status?.conditions ?? []) {
    if (["Ready", "Resolved", "Suspended"].includes(condition.type) && condition.status !== "True" && condition.message)
      lines.push(`  ${condition.reason}: ${printable(condition.message)}`);
  }
  if (run.status?.error)
    lines.push(
      printable(
        `  ${run.status.error.kind} ${run.status.error.code}${run.status.error.node ? ` in ${run.status.error.node}` : ""}: ${run.status.error.message}`,
      ),
    );
  const telling = actions.filter((action) => action.status?.phase !== "Succeeded" || (action.status.attempts ?? 0) > 1);
  lines.push(...telling.flatMap((action) => whyAction(action, now)));
  if (workflow && run.status?.endTime === undefined) {
    const started = new Set(actions.map((action) => action.spec.node?.split(".")[0]));
    for (const path of Object.keys(workflow.spec.nodes)) if (!started.has(path)) lines.push(...whyWaiting(path, workflow, actions));
  }
  return lines;
}
