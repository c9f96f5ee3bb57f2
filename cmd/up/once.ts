import type { BlobStore } from "../../blobs/index.ts";
import { LABEL } from "../../base/index.ts";
import { isFinished, outputsJson, readOutputs } from "../../cli/index.ts";
import { type GitSync, GitSyncKind, type Run, RunKind } from "../../crds/index.ts";
import type { InformerSet, Stored } from "../../kube/index.ts";
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

/** Nothing more will come of this revision: it is applied, or a person must change something. */
function syncHasEnded(sync: Stored<GitSync> | undefined): boolean {
  if (!sync || sync.status?.observedGeneration !== sync.metadata.generation) return false;
  return conditionOf(sync, "Ready")?.status === "True" || conditionOf(sync, "Stalled")?.status === "True";
}

export function declaredRunsFinished(informers: InformerSet): DeclaredRuns {
  const syncs = informers.of<GitSync>({ kind: GitSyncKind });
  const runs = informers.of<Run>({ kind: RunKind });
  const sync = () => syncs.get(`${SYSTEM_NAMESPACE}/${PLATFORM_SYNC}`);
  const declared = () => runs.list().filter((run) => run.metadata.labels?.[LABEL.syncUid] !== undefined);
  const done = () => syncHasEnded(sync()) && runs.synced && declared().every(isFinished);
  return {
    sync,
    runs: declared,
    succeeded: () => {
      const found = sync();
      return found !== undefined && conditionOf(found, "Ready")?.status === "True" && declared().every((run) => run.status?.phase === "Succeeded");
    },
    finished: (signal) =>
      new Promise((resolve) => {
        const look = () => {
          if (!signal.aborted && !done()) return;
          for (const end of ends) end();
          resolve();
        };
        const ends = [syncs.onChange(look), runs.onChange(look)];
        signal.addEventListener("abort", look, { once: true });
        look();
      }),
  };
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
