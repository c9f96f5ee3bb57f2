import type { BlobStore } from "../../blobs/index.ts";
import { messageOf, type Clock } from "../../base/index.ts";
import {
  type CliDeps,
  type Connection,
  explainFailure,
  type LiveBlock,
  liveBlock,
  type Paint,
  paintFor,
  printable,
  runTree,
  type Terminal,
} from "../../cli/index.ts";
import { type GitSync, GitSyncKind, isFinished, type Run, RunKind, type TaskAction, TaskActionKind, type Workflow, WorkflowKind } from "../../crds/index.ts";
import type { InformerSet, Stored } from "../../kube/index.ts";
import { exportResult } from "./run-results.ts";

export interface ViewDeps {
  readonly cli: CliDeps;
  readonly terminal: Terminal;
  readonly informers: InformerSet;
  readonly connection: Connection;
  readonly store: BlobStore;
  readonly stateDirectory: string;
  readonly clock: Clock;
}

export interface View {
  /** Prints a line that stays. */
  say(line: string): void;
  /** Resolves when everything that has finished so far has been told. */
  flush(): Promise<void>;
  stop(): void;
}

const TICK_MS = 1_000;
/** More unfinished runs than this are counted, not drawn. */
const DRAWN_RUNS = 8;

function countsText(status: GitSync["status"]): string {
  const { total = 0, changed = 0, pruned = 0 } = status?.objects ?? {};
  return status?.objects ? `  ${total} objects${changed ? `, ${changed} changed` : ""}${pruned ? `, ${pruned} pruned` : ""}` : "";
}

const problemCount = (status: GitSync["status"]): number => status?.problemCount ?? status?.problems?.length ?? 0;

function stateText(ready: string | undefined, paint: Paint): string {
  if (ready === "True") return paint.good("synced");
  return ready === "False" ? paint.bad("sync failed") : "syncing";
}

/** One line about what a sync did, or why it could not. */
function syncLine({ status }: Stored<GitSync>, paint: Paint): string {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const revision = (status?.attemptedRevision ?? status?.revision ?? "").replace(/@sha1:([0-9a-f]{7})[0-9a-f]*/, "@$1");
  const problems = problemCount(status);
  const told = problems > 0 ? `, ${paint.bad(`${problems} ${problems === 1 ? "problem" : "problems"}`)}` : "";
  const why = ready?.status === "False" && problems === 0 ? `: ${printable(ready.message)}` : "";
  return `${stateText(ready?.status, paint)} ${revision}${countsText(status)}${told}${why}`;
}

function problemLines(sync: Stored<GitSync>, paint: Paint): string[] {
  return (sync.status?.problems ?? []).map(({ file, line, column, message, severity }) => {
    const text = printable(`  ${file}:${line}:${column}: ${severity === "warning" ? "warning: " : ""}${message}`);
    return severity === "warning" ? paint.faint(text) : paint.bad(text);
  });
}

/** Shows syncs and runs as they happen: redrawn in place on a terminal, line by line elsewhere. */
export function startView(deps: ViewDeps): View {
  const { terminal } = deps;
  const paint = paintFor(terminal, deps.cli.env);
  const block: LiveBlock = liveBlock(terminal);
  const syncs = deps.informers.of<GitSync>({ kind: GitSyncKind });
  const runs = deps.informers.of<Run>({ kind: RunKind });
  const actions = deps.informers.of<TaskAction>({ kind: TaskActionKind });
  const workflows = deps.informers.of<Workflow>({ kind: WorkflowKind });
  const told = new Map<string, string>();
  const finished = new Set<string>();
  const seenRunning = new Set<string>();
  let telling = Promise.resolve();
  let stopped = false;
  let cancelTick = () => {};

  const treeOf = (run: Stored<Run>, now: number | undefined) => {
    const own = actions.list().filter((action) => action.spec.runUid === run.metadata.uid);
    const workflow = run.spec.workflow ? workflows.get(`${run.metadata.namespace}/${run.spec.workflow}`) : undefined;
    return runTree(run, own, workflow, { now, paint });
  };

  async function tell(run: Stored<Run>): Promise<void> {
    const lines = treeOf(run, deps.clock.now());
    if (run.status?.phase === "Failed" || run.status?.phase === "TimedOut") lines.push(...(await explainFailure(deps.cli, deps.connection, run)));
    if (run.status?.phase === "Succeeded") lines.push(...(await outputLines(run)));
    for (const line of lines) block.say(line);
  }

  async function outputLines(run: Stored<Run>): Promise<string[]> {
    try {
      const { values, files, picture } = await exportResult(deps.store, run, deps.stateDirectory);
      const shown = Object.entries(values).filter(([, value]) => typeof value !== "string" || !value.startsWith(deps.store.root));
      const others = files.filter((file) => file !== picture && /\.[A-Za-z0-9]+$/.test(file));
      return [
        ...shown.map(([name, value]) => `  ${name} = ${typeof value === "string" ? printable(value) : printable(JSON.stringify(value))}`),
        ...others.map((file) => `  ${printable(file)}`),
        ...(picture ? [`  ${printable(picture)}`] : []),
      ];
    } catch (thrown) {
      return [paint.bad(`  outputs could not be read: ${printable(messageOf(thrown))}`)];
    }
  }

  function tellSyncs(): void {
    for (const sync of syncs.list()) {
      const line = syncLine(sync, paint);
      const problems = problemLines(sync, paint);
      const state = `${line}\n${problems.join("\n")}`;
      if (sync.status === undefined || told.get(sync.metadata.uid) === state || line.startsWith("syncing")) continue;
      told.set(sync.metadata.uid, state);
      block.say(line);
      for (const problem of problems) block.say(problem);
    }
  }

  function look(): void {
    if (stopped || !runs.synced || !actions.synced || !syncs.synced) return;
    tellSyncs();
    const open = runs.list().filter((run) => !isFinished(run));
    for (const run of open) seenRunning.add(run.metadata.uid);
    for (const run of runs.list()) {
      if (!isFinished(run) || finished.has(run.metadata.uid)) continue;
      finished.add(run.metadata.uid);
      // Runs that had finished before this start are history, not news.
      if (seenRunning.has(run.metadata.uid)) telling = telling.then(() => tell(run));
    }
    const now = terminal.isTty ? deps.clock.now() : undefined;
    const lines = open.slice(0, DRAWN_RUNS).flatMap((run) => treeOf(run, now));
    if (open.length > DRAWN_RUNS) lines.push(`… and ${open.length - DRAWN_RUNS} more runs: flyteops get runs`);
    block.show(lines);
  }

  const tick = () => {
    look();
    if (!stopped) cancelTick = deps.clock.after(TICK_MS, tick);
  };
  for (const informer of [syncs, runs, actions, workflows]) informer.onChange(() => look());
  if (terminal.isTty) tick();
  return {
    say: (line) => block.say(line),
    async flush() {
      look();
      await telling;
    },
    stop() {
      stopped = true;
      cancelTick();
      block.done();
    },
  };
}
