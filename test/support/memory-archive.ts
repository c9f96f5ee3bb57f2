import { RetryableFailure } from "../../base/index.ts";
import type { Run, TaskAction } from "../../crds/index.ts";
import type { ArchivedRun, RunArchive } from "../../records/index.ts";

/** An archive that keeps what it is given, the first time, and that can be away. */
export interface MemoryArchive extends RunArchive {
  readonly runs: ReadonlyMap<string, ArchivedRun>;
  away: boolean;
}

export function memoryArchive(): MemoryArchive {
  const runs = new Map<string, ArchivedRun>();
  const archive: MemoryArchive = {
    runs,
    away: false,
    async archiveRun(run) {
      await Promise.resolve();
      if (archive.away) throw new RetryableFailure("RecordsUnavailable", "the database is away");
      if (!runs.has(run.uid)) runs.set(run.uid, structuredClone(run));
    },
  };
  return archive;
}

/** What an archive holds, in words: each run with its phase, then its actions with theirs. */
export function archivedIn({ runs }: MemoryArchive): string[][] {
  return [...runs.values()].map(({ name, run, actions }) => {
    const nodes = actions.map(({ action }) => action as TaskAction).map(({ spec, status }) => `${spec.node} ${status?.phase}`);
    return [`${name} ${(run as Run).status?.phase}`, ...nodes.sort()];
  });
}
