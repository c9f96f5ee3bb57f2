/** API group and version of every kind of ours. */
export const GROUP = "flyte.org";
export const VERSION = "v1";
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Labels, annotations and finalizers. One list, so that nobody invents a second spelling. */
export const LABEL = {
  /** Identity of the run that made an object. */
  runUid: "flyte.org/run-uid",
  /** Name of that run, for people's selectors. */
  run: "flyte.org/run",
  action: "flyte.org/action",
  node: "flyte.org/node",
  attempt: "flyte.org/attempt",
  mapIndex: "flyte.org/map-index",
  project: "flyte.org/project",
  domain: "flyte.org/domain",
  projectUid: "flyte.org/project-uid",
  released: "flyte.org/released",
  managed: "flyte.org/managed",
  /** `<namespace>.<name>` of the GitSync that applied an object. */
  sync: "flyte.org/sync",
  syncUid: "flyte.org/sync-uid",
  trigger: "flyte.org/trigger",
} as const;

/** On everything that an installation consists of, kinds included. Who finds a kind of our name without it found somebody else's. */
export const PART_OF = { label: "app.kubernetes.io/part-of", value: "flyteops" } as const;

export const ANNOTATION = {
  /** Digest of the definition that the sync expects a Run to use. */
  expects: "flyte.org/expects",
  adopt: "flyte.org/adopt",
  /** `<namespace>/<name>` of the Secret that one of ours is a copy of. */
  copiedFrom: "flyte.org/copied-from",
  onRemove: "flyte.org/on-remove",
  drift: "flyte.org/drift",
  /** `file:line` in the repository an object was read from. */
  source: "flyte.org/source",
  /** `main@sha1:…` the object was applied from. */
  revision: "flyte.org/revision",
  /** On a Run from git: digest of the fields of its manifest that may never change. */
  manifest: "flyte.org/manifest-digest",
  requestedAt: "flyte.org/reconcile-requested-at",
  /** Digest of a pod's spec as built, compared before an existing pod is taken as ours. */
  specHash: "flyte.org/spec-hash",
} as const;

export const FINALIZER = {
  /** On pods, until their result is recorded. */
  result: "flyte.org/result",
  /** On Runs from when they are taken up until the archive has them. */
  archive: "flyte.org/archive",
  project: "flyte.org/project",
  sync: "flyte.org/sync",
} as const;
