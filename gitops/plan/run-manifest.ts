import { digestJson, jsonEqual } from "../../base/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import { weOwn } from "./field-owners.ts";
import { type Fields, specOf } from "./shared-fields.ts";

/** Fields of a Run that may change after it was created. */
const MUTABLE = new Set(["desiredState", "abortReason", "signals", "maxParallelism", "ttl", "suspend"]);
const FINISHED = new Set(["Succeeded", "Failed", "Aborted", "TimedOut"]);

function immutablePart(object: KubeObject): Fields {
  return Object.fromEntries(Object.entries(specOf(object)).filter(([field]) => !MUTABLE.has(field)));
}

/** Digest of what may never change about a Run, as its manifest says it: without digests of files, so that a data file may change later. */
export function runDigest(manifest: KubeObject): string {
  return digestJson(immutablePart(manifest));
}

export function isFinished(run: KubeObject): boolean {
  return FINISHED.has(String((run["status"] as { phase?: string } | undefined)?.phase));
}

/** The spec of a Run that is created. Running is never sent: it is the default, and Aborted must stay. */
export function newRunSpec(manifest: KubeObject): Fields {
  const { desiredState, ...spec } = specOf(manifest);
  return desiredState === "Aborted" ? { ...spec, desiredState } : spec;
}

/** The spec sent for a Run that exists: what cannot change as it is in the cluster, the rest by the rules of its field. */
export function existingRunSpec(manifest: KubeObject, live: KubeObject, omit: ReadonlySet<string>): { spec: Fields; signalsGiven: readonly string[] } {
  const [wanted, found] = [specOf(manifest), specOf(live)];
  const immutable = Object.fromEntries(Object.keys(immutablePart(manifest)).flatMap((field) => (found[field] === undefined ? [] : [[field, found[field]]])));
  const shared = ["maxParallelism", "ttl", "suspend"].flatMap((field) => (wanted[field] === undefined || omit.has(field) ? [] : [[field, wanted[field]]]));
  const { signals, signalsGiven } = signalsToSend((wanted["signals"] ?? {}) as Fields, live);
  return { spec: { ...immutable, ...Object.fromEntries(shared), ...abortToSend(wanted, live), ...signals }, signalsGiven };
}

/** Latch: Aborted is final, whoever wrote it; once sent it is sent for ever, because leaving it out would mean Running. */
function abortToSend(wanted: Fields, live: KubeObject): Fields {
  const found = specOf(live);
  if (weOwn(live, ["spec", "desiredState"]) && found["desiredState"] === "Aborted") return picked(found, ["desiredState", "abortReason"]);
  if (wanted["desiredState"] !== "Aborted" || found["desiredState"] === "Aborted") return {};
  return picked(wanted, ["desiredState", "abortReason"]);
}

function picked(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}

/** First writer wins, per node: what is given stays, ours is repeated, the rest of git's is new. */
function signalsToSend(wanted: Fields, live: KubeObject): { signals: Fields; signalsGiven: readonly string[] } {
  const given = (specOf(live)["signals"] ?? {}) as Fields;
  const ours = Object.keys(given).filter((node) => weOwn(live, ["spec", "signals", node]));
  const added = Object.keys(wanted).filter((node) => !Object.hasOwn(given, node));
  const signals = { ...picked(given, ours), ...picked(wanted, added) };
  const signalsGiven = Object.keys(wanted).filter((node) => Object.hasOwn(given, node) && !jsonEqual(given[node], wanted[node]));
  return { signals: Object.keys(signals).length === 0 ? {} : { signals }, signalsGiven };
}
