import { Code, ConnectError } from "@connectrpc/connect";
import { LABEL, messageOf } from "../base/index.ts";
import { type Project, ProjectKind, type Run, RunKind, type TaskAction, TaskActionKind } from "../crds/index.ts";
import type { Informer, InformerSet, KubeObject, Stored } from "../kube/index.ts";
import type { ArchivedHead, RunHistory } from "../records/index.ts";

/** A run with its actions, from the cluster or from the archive. */
export interface FoundRun {
  readonly run: Stored<Run>;
  readonly actions: readonly Stored<TaskAction>[];
}

/** Everything the API knows, and nothing it could write with. */
export interface ApiReader {
  /** The live runs, and the newest `atLeast` of those that only the archive has. */
  runs(namespace: string | undefined, atLeast: number): Promise<readonly Stored<Run>[]>;
  /** The live one, else the one of this name that ended last. */
  find(namespace: string, name: string): Promise<FoundRun | undefined>;
  projects(): readonly Stored<Project>[];
  /**
   * Ends when something changed that may concern the run (any run without a name), or when the signal aborts.
   * What changes between two calls is not lost: hand the number of the last call on.
   */
  changed(since: number, concerns: (object: KubeObject) => boolean, signal: AbortSignal): Promise<number>;
  /** Where `changed` starts from. */
  readonly now: number;
  readonly synced: boolean;
}

const BY_RUN = "api-run";
/** Changes that are remembered for those who are busy sending. */
const REMEMBERED = 4_096;

/** Puts the changes of two caches in one order and wakes who waits for them. */
function changeLog(informers: readonly Informer[]) {
  const log: { readonly at: number; readonly object: KubeObject }[] = [];
  const waiting = new Set<() => void>();
  let now = 0;
  for (const informer of informers) {
    informer.onChange(({ object }) => {
      log.push({ at: (now += 1), object });
      if (log.length > REMEMBERED) log.shift();
      for (const wake of [...waiting]) wake();
    });
  }
  const happened = (since: number, concerns: (object: KubeObject) => boolean) =>
    // Who has slept through more than is remembered looks at everything again.
    (log[0]?.at ?? 0) > since + 1 || log.some(({ at, object }) => at > since && concerns(object));
  return {
    get now() {
      return now;
    },
    async changed(since: number, concerns: (object: KubeObject) => boolean, signal: AbortSignal): Promise<number> {
      while (!signal.aborted && !happened(since, concerns)) {
        since = now;
        await new Promise<void>((resolve) => {
          const done = () => {
            waiting.delete(done);
            signal.removeEventListener("abort", done);
            resolve();
          };
          waiting.add(done);
          signal.addEventListener("abort", done, { once: true });
        });
      }
      return now;
    },
  };
}

/** Without the archive a list would look complete and not be: the client is told to ask again. */
async function asked<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
  return answer?.catch((thrown: unknown) => {
    throw new ConnectError(`the archive of runs cannot be read now: ${messageOf(thrown)}`, Code.Unavailable);
  });
}

const runOf = ({ run }: ArchivedHead): Stored<Run> => run as Stored<Run>;

/** Reads from the caches and, for what is gone, from the archive; without an archive only what lives is known. */
export function apiReader(informers: InformerSet, history: RunHistory | undefined): ApiReader {
  const runs = informers.of<Run>({ kind: RunKind });
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  const projects = informers.of<Project>({ kind: ProjectKind });
  actions.addIndex(BY_RUN, ({ metadata }) => [metadata.labels?.[LABEL.runUid] ?? ""]);
  const log = changeLog([runs, actions]);
  return {
    async runs(namespace, atLeast) {
      const live = runs.list(namespace);
      const known = new Set(live.map(({ metadata }) => metadata.uid));
      const gone = (await asked(history?.runs({ ...(namespace === undefined ? {} : { namespace }), limit: atLeast + live.length }))) ?? [];
      return [...live, ...gone.filter(({ uid }) => !known.has(uid)).map(runOf)];
    },
    async find(namespace, name) {
      const run = runs.get(`${namespace}/${name}`);
      if (run) return { run, actions: actions.byIndex(BY_RUN, run.metadata.uid) };
      const [head] = (await asked(history?.runs({ namespace, name, limit: 1 }))) ?? [];
      const whole = head && (await asked(history?.run(head.uid)));
      return whole && { run: runOf(whole), actions: whole.actions.map(({ action }) => action as Stored<TaskAction>) };
    },
    projects: () => projects.list(),
    changed: (since, concerns, signal) => log.changed(since, concerns, signal),
    get now() {
      return log.now;
    },
    get synced() {
      return runs.synced && actions.synced && projects.synced;
    },
  };
}
