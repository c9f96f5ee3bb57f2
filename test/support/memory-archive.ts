import { RetryableFailure } from "../../base/index.ts";
import type { Run, TaskAction } from "../../crds/index.ts";
import type { ArchivedRun, RunArchive, RunHistory } from "../../records/index.ts";

/** An archive that keeps what it is given, the first time, and that can be away. */
export interface MemoryArchive extends RunArchive, Pick<RunHistory, "uidsOf"> {
  readonly runs: ReadonlyMap<string, ArchivedRun>;
  away: boolean;
}

export function memoryArchive(): MemoryArchive {
  const runs = new Map<string, ArchivedRun>();
  const reach = async () => {
    await Promise.resolve();
    if (archive.away) throw new RetryableFailure("RecordsUnavailable", "the database is away");
  };
  const archive: MemoryArchive = {
    runs,
    away: false,
    async archiveRun(run) {
      await reach();
      if (!runs.has(run.uid)) runs.set(run.uid, structuredClone(run));
    },
    async uidsOf(manifests) {
      await reach();
      const matches = (run: ArchivedRun) => (wanted: (typeof manifests)[number]) =>
        run.project === wanted.project && run.domain === wanted.domain && run.name === wanted.name && run.manifest === wanted.manifest;
      return manifests.map((wanted) => [...runs.values()].find((run) => matches(run)(wanted))?.uid);
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
