/** A Run that has ended, with its actions, as they stood then. */
export interface ArchivedRun {
  readonly uid: string;
  readonly project: string;
  readonly domain: string;
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  /** The workflow, task or trigger it was of. */
  readonly target: string;
  /** Digest of the manifest in git that it was made from; undefined for one made another way. */
  readonly manifest: string | undefined;
  /** RFC 3339. */
  readonly startedAt: string | undefined;
  readonly endedAt: string;
  /** The Run object. */
  readonly run: unknown;
  /** TaskAction objects, by name. */
  readonly actions: readonly ArchivedAction[];
}

export interface ArchivedAction {
  readonly name: string;
  readonly action: unknown;
}

/** Without its actions, for lists. */
export type ArchivedHead = Omit<ArchivedRun, "actions">;

/** Which archived Runs; what is left out does not matter. */
export interface RunQuery {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly target?: string | undefined;
  readonly phase?: string | undefined;
  /** The newest of them. */
  readonly limit: number;
}

/** A Run as a manifest in git names it. */
export interface ManifestName {
  readonly project: string;
  readonly domain: string;
  readonly name: string;
  readonly manifest: string;
}

/** What reads the archive. Every method rejects with RetryableFailure `RecordsUnavailable`. */
export interface RunHistory {
  /** Heads, the last ended first. */
  runs(query: RunQuery): Promise<readonly ArchivedHead[]>;
  /** One with its actions. */
  run(uid: string): Promise<ArchivedRun | undefined>;
  /** Uids of the Runs that were once made from these manifests, in the same order; undefined for one that never was. The last ended counts. */
  uidsOf(manifests: readonly ManifestName[]): Promise<readonly (string | undefined)[]>;
}

/** What fills the archive. */
export interface RunArchive {
  /** Keeps a Run. The first time counts: later calls with the same uid change nothing. Rejects with a Failure. */
  archiveRun(run: ArchivedRun): Promise<void>;
}
