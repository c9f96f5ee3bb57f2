import type { BlobStore } from "../../blobs/index.ts";
import { LABEL } from "../../base/index.ts";
import { outputsJson, readOutputs } from "../../cli/index.ts";
import { type GitSync, GitSyncKind, isFinished, type Run, RunKind } from "../../crds/index.ts";
import type { Informer, InformerSet, ObjectClient, Stored } from "../../kube/index.ts";
import { PLATFORM_SYNC, SYSTEM_NAMESPACE } from "./bootstrap.ts";

/** The Runs that the followed repository declares, and whether all of it has come to an end. */
export interface DeclaredRuns {
  /** Resolves when the newest commit is applied, or cannot be, and every declared Run has finished; or when the signal aborts. */
  finished(signal: AbortSignal): Promise<void>;
  succeeded(): boolean;
  runs(): readonly Stored<Run>[];
  sync(): Stored<GitSync> | undefined;
}

const conditionOf = (sync: Stored<GitSync>, type: string) => sync.status?.conditions?.find((condition) => condition.type === type);

/** Nothing more will come of this revision: it is applied, it cannot be fetched, or a person must change something. */
function syncHasEnded(sync: Stored<GitSync> | undefined, asked: string): boolean {
  if (!sync || sync.status?.observedGeneration !== sync.metadata.generation) return false;
  // What an earlier start left in the status says nothing about the newest commit.
  if (sync.status?.lastHandledReconcileAt !== asked) return false;
  const isTrue = (type: string) => conditionOf(sync, type)?.status === "True";
  return isTrue("Ready") || isTrue("Stalled") || conditionOf(sync, "SourceReady")?.status === "False";
}

export interface DeclaredRunsDeps {
  readonly informers: InformerSet;
  readonly client: ObjectClient;
  /** The word that `followRepository` was given. */
  readonly asked: string;
}

const isDeclared = (run: Stored<Run>) => run.metadata.labels?.[LABEL.syncUid] !== undefined;

export function declaredRunsFinished({ informers, client, asked }: DeclaredRunsDeps): DeclaredRuns {
  const syncs = informers.of<GitSync>({ kind: GitSyncKind });
  const runs = informers.of<Run>({ kind: RunKind });
  const sync = () => syncs.get(`${SYSTEM_NAMESPACE}/${PLATFORM_SYNC}`);
  let listed: readonly Stored<Run>[] | undefined;
  const declared = () => listed ?? runs.list().filter(isDeclared);
  const isDone = async () => {
    if (!syncHasEnded(sync(), asked) || !runs.synced || !declared().every(isFinished)) return false;
    // The cache of Runs may be behind the cache of syncs: a Run that was just created decides.
    const found = (await client.list<Run>(RunKind)).items.filter(isDeclared);
    if (found.every(isFinished)) listed = found;
    return listed !== undefined;
  };
  return {
    sync,
    runs: declared,
    succeeded: () => {
      const found = sync();
      return found !== undefined && conditionOf(found, "Ready")?.status === "True" && declared().every((run) => run.status?.phase === "Succeeded");
    },
    async finished(signal) {
      for (;;) {
        const change = nextChange([syncs, runs], signal);
        if (signal.aborted || (await isDone())) return;
        await change;
      }
    },
  };
}

/** Resolves at the next change of one of the caches, or when the signal aborts. */
function nextChange(caches: readonly Pick<Informer, "onChange">[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      for (const stop of stops) stop();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stops = caches.map((cache) => cache.onChange(end));
    signal.addEventListener("abort", end, { once: true });
  });
}

/** What `--once -o json` prints. */
export async function onceDocument(declared: DeclaredRuns, store: BlobStore): Promise<unknown> {
  const runs = [];
  for (const run of declared.runs()) {
    const { name, namespace } = run.metadata;
    const outputs = run.status?.outputs ? outputsJson(await readOutputs(store, run.status.outputs.uri)) : {};
    runs.push({ namespace, name, phase: run.status?.phase ?? "Queued", outputs, ...(run.status?.error ? { error: run.status.error } : {}) });
  }
  const sync = declared.sync();
  const ready = sync && conditionOf(sync, "Ready");
  const failure = ready?.status === "False" && !sync?.status?.problems?.length ? [{ code: ready.reason, message: ready.message }] : [];
  return { runs, problems: [...(sync?.status?.problems ?? []), ...failure] };
}
