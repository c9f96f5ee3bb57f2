import { attemptPrefix, ATTEMPT_FILES, type ActionSlot, type BlobStore, codeKey, commitKey, runBase } from "../../blobs/index.ts";
import type { TaskAction } from "../../crds/index.ts";
import type { AttemptData } from "../../plugins/index.ts";

/** Addresses of one action in the object store. */
export function slotOf(action: TaskAction, blobs: BlobStore, item?: number): ActionSlot {
  const { project, domain, runName, runUid, actionName, runOutputBase } = action.spec;
  const base = (runOutputBase === undefined ? undefined : blobs.keyOf(runOutputBase)) ?? runBase({ project, domain, run: runName, runUid });
  return { base: base.replace(/\/+$/, ""), actionName, ...(item === undefined ? {} : { item }) };
}

/** Key of the inputs; Flyte writes either the file or its directory into `spec.inputUri`. */
export function inputsKey(action: TaskAction, blobs: BlobStore): string | undefined {
  const key = blobs.keyOf(action.spec.inputUri ?? "");
  if (key === undefined || key === "") return undefined;
  return key.endsWith(".pb") ? key : `${key.replace(/\/+$/, "")}/inputs.pb`;
}

export function resultKey(slot: ActionSlot, attempt: number): string {
  return `${attemptPrefix(slot, attempt)}/${ATTEMPT_FILES.result}`;
}

export function outputsKey(slot: ActionSlot, attempt: number): string {
  return `${attemptPrefix(slot, attempt)}/${ATTEMPT_FILES.outputs}`;
}

export function progressKey(slot: ActionSlot, attempt: number): string {
  return `${attemptPrefix(slot, attempt)}/${ATTEMPT_FILES.progress}`;
}

/** What the copilots are told. `storage` is the store's root as pods reach it, which may differ from how we do. */
export function attemptData(action: TaskAction, blobs: BlobStore, storage: string, slot: ActionSlot, attempt: number): AttemptData {
  const prefix = attemptPrefix(slot, attempt);
  const inputs = inputsKey(action, blobs);
  return {
    storage,
    inputsUri: inputs === undefined ? (action.spec.inputUri ?? "") : `${storage}/${inputs}`,
    prefixUri: `${storage}/${prefix}`,
    rawUri: `${storage}/${prefix}/${ATTEMPT_FILES.raw}`,
  };
}

export function codeUri(action: TaskAction, storage: string): string | undefined {
  const digest = action.spec.code?.digest;
  return digest === undefined ? undefined : `${storage}/${codeKey(digest)}`;
}

/** The record of the winning attempt. Equal for equal attempts, so writing it twice is harmless. */
interface Commit {
  readonly attempt: number;
}

/** Makes this attempt the result of its slot, or learns which one already is. Answers the winner's number. */
export async function commitAttempt(blobs: BlobStore, slot: ActionSlot, attempt: number): Promise<number> {
  const commit: Commit = { attempt };
  if (await blobs.writeIfAbsent(commitKey(slot), JSON.stringify(commit))) return attempt;
  const held = JSON.parse((await blobs.read(commitKey(slot), 64 * 1024)).toString("utf8")) as Commit;
  return held.attempt;
}
