/**
 * Where things lie in the object store. Content is addressed by digest; what a run writes lies under the run. A digest is
 * given as `sha256:<hex>`, the form it has in every resource, or as bare hex.
 */
function hexOf(digest: string): string {
  return digest.startsWith("sha256:") ? digest.slice("sha256:".length) : digest;
}

/** One file of a repository, under its own name so that the name survives. */
export function fileKey(digest: string, name: string): string {
  return `files/${hexOf(digest)}/${name}`;
}

/** The prefix of a directory of a repository. `<treeKey>.json` lists its files and is written last. */
export function treeKey(digest: string): string {
  return `trees/${hexOf(digest)}`;
}

/** A code bundle: a deterministic tar, named by the digest of its bytes. */
export function codeKey(digest: string): string {
  return `code/${hexOf(digest)}.tar`;
}

/** A compiled plan, canonical JSON. */
export function planKey(digest: string): string {
  return `plans/${hexOf(digest)}.json`;
}

/** Says that a plan was once what this definition compiled to: a Run that expects an older plan may take it, a stranger's it may not. */
export function planOriginKey(definition: { readonly namespace: string; readonly kind: string; readonly name: string }, digest: string): string {
  return `plans/of/${definition.namespace}/${definition.kind}/${definition.name}/${hexOf(digest)}`;
}

export interface RunIdentity {
  readonly project: string;
  readonly domain: string;
  readonly run: string;
  readonly runUid: string;
}

/** The prefix of everything a run writes. The uid is in it: a later run of the same name shares nothing. */
export function runBase(run: RunIdentity): string {
  return `runs/${run.project}/${run.domain}/${run.run}/${run.runUid}`;
}

/** The inputs of the run itself. */
export function rootInputsKey(base: string): string {
  return `${base}/inputs/inputs.pb`;
}

/** The prefix of an action. The run's own inputs lie under `inputs/` (as in Flyte), so a node of that name moves aside; no action name ends in a hyphen. */
export function actionBase(base: string, actionName: string): string {
  return `${base}/${actionName === "inputs" ? "inputs-" : actionName}`;
}

export function actionInputsKey(base: string, actionName: string): string {
  return `${actionBase(base, actionName)}/inputs.pb`;
}

/** An action, or one item of a map action: what competes for one result. */
export interface ActionSlot {
  readonly base: string;
  readonly actionName: string;
  /** The item of a map, 0-based. */
  readonly item?: number;
}

function slotPrefix(slot: ActionSlot): string {
  const action = actionBase(slot.base, slot.actionName);
  return slot.item === undefined ? action : `${action}/${slot.item}`;
}

/** The prefix of one attempt (0-based). */
export function attemptPrefix(slot: ActionSlot, attempt: number): string {
  return `${slotPrefix(slot)}/${attempt}`;
}

/** The record that names the winning attempt, created if absent, never changed. */
export function commitKey(slot: ActionSlot): string {
  return `${slotPrefix(slot)}/commit.json`;
}

/** What an attempt leaves under its prefix. `result.json` is written last: an attempt without it did not finish. */
export const ATTEMPT_FILES = {
  outputs: "outputs.pb",
  error: "error.pb",
  result: "result.json",
  /** What could be read of the outputs of an attempt that failed. Never bound. */
  partialOutputs: "partial-outputs.pb",
  progress: "progress",
  raw: "raw",
} as const;

/** The combined outputs of a finished map. */
export function mapOutputsKey(base: string, actionName: string): string {
  return `${actionBase(base, actionName)}/${ATTEMPT_FILES.outputs}`;
}
