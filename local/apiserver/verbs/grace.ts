import { rfc3339 } from "../../../base/index.ts";
import type { KubeObject, Stored } from "../../../kube/index.ts";
import type { Core } from "../core.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { DEFINITIONS } from "../kinds/definition.ts";
import { terminatingDefinition } from "../kinds/definition-status.ts";
import type { DeleteOptions } from "./delete-options.ts";

/** What a DELETE does to an object: remove it, mark it, or nothing because it is on its way already. Objects are fresh. */
export type Marked = { readonly kind: "remove" | "marked"; readonly object: KubeObject } | { readonly kind: "pending" };

const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

/** The finalizers that ask the garbage collector to act first, as the options and the object say. */
function collectorFinalizers(live: KubeObject, options: DeleteOptions): string[] {
  const had = live.metadata.finalizers ?? [];
  const wants = (finalizer: string, policy: string): boolean => (options.propagation ? options.propagation === policy : had.includes(finalizer));
  const others = had.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
  return [...others, ...(wants(ORPHAN, "Orphan") ? [ORPHAN] : []), ...(wants(FOREGROUND, "Foreground") ? [FOREGROUND] : [])];
}

/** Namespaces and definitions are marked without a grace period, and stay in their generation. */
function ending(core: Core, live: KubeObject): KubeObject {
  return { ...live, metadata: { ...live.metadata, deletionTimestamp: rfc3339(core.clock.now()) } };
}

function marked(core: Core, live: KubeObject, grace: number): KubeObject {
  const metadata = { ...live.metadata };
  if (metadata.deletionTimestamp === undefined && metadata.generation !== undefined) metadata.generation = Number(metadata.generation) + 1;
  if (metadata.deletionTimestamp === undefined || grace > 0 || Number(metadata.deletionGracePeriodSeconds ?? 0) > 0)
    metadata.deletionTimestamp = rfc3339(core.clock.now() + grace * 1_000);
  metadata.deletionGracePeriodSeconds = grace;
  return { ...live, metadata };
}

interface PodParts {
  spec?: { nodeName?: string; terminationGracePeriodSeconds?: number };
  status?: { phase?: string };
}

/** Seconds a pod may take: what was asked, else its own; none when no node has it or it is over. */
function podGrace(pod: KubeObject, options: DeleteOptions): number {
  const { spec, status } = pod as PodParts;
  const asked = options.gracePeriodSeconds ?? Number(spec?.terminationGracePeriodSeconds ?? 30);
  if (!spec?.nodeName || status?.phase === "Succeeded" || status?.phase === "Failed") return 0;
  return asked < 0 ? 1 : asked;
}

function markPod(core: Core, pod: Stored, options: DeleteOptions): Marked {
  const pending = pod.metadata.deletionTimestamp !== undefined;
  const left = Number(pod.metadata.deletionGracePeriodSeconds ?? 0);
  const grace = pending && options.gracePeriodSeconds === undefined ? left : podGrace(pod, options);
  if (pending && grace >= left && left > 0) return { kind: "pending" };
  const object = marked(core, pod, grace);
  return { kind: grace === 0 && (pod.metadata.finalizers ?? []).length === 0 ? "remove" : "marked", object };
}

interface NamespaceParts {
  spec?: { finalizers?: string[] };
  status?: object;
}

function markNamespace(core: Core, namespace: Stored): Marked {
  const held = ((namespace as NamespaceParts).spec?.finalizers ?? []).length + (namespace.metadata.finalizers ?? []).length > 0;
  if (!held) return { kind: "remove", object: namespace };
  if (namespace.metadata.deletionTimestamp) return { kind: "pending" };
  const object = ending(core, namespace);
  return { kind: "marked", object: { ...object, status: { ...(namespace as NamespaceParts).status, phase: "Terminating" } } };
}

function sameFinalizers(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((finalizer) => right.includes(finalizer));
}

function withFinalizers(live: Stored, finalizers: string[]): Stored {
  const metadata = { ...live.metadata };
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  return { ...live, metadata };
}

/** Decides what becomes of `live` when it is deleted with these options. */
export function markTerminating(core: Core, kind: ServedKind, live: Stored, options: DeleteOptions): Marked {
  if (kind.collection === "/namespaces") return markNamespace(core, live);
  const finalizers = collectorFinalizers(live, options);
  const changed = !sameFinalizers(finalizers, live.metadata.finalizers ?? []);
  const object = changed ? withFinalizers(live, finalizers) : live;
  if (kind.collection === "/pods") {
    const result = markPod(core, object, options);
    return result.kind === "pending" && changed ? { kind: "marked", object } : result;
  }
  if (finalizers.length === 0) return { kind: "remove", object };
  if (live.metadata.deletionTimestamp !== undefined) return changed ? { kind: "marked", object } : { kind: "pending" };
  const definition = kind.collection === DEFINITIONS;
  return { kind: "marked", object: definition ? terminatingDefinition(core, ending(core, object)) : marked(core, object, 0) };
}
