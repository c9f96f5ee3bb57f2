import { type Clock, type Logger, messageOf, type Random, rfc3339 } from "../../base/index.ts";
import { type InformerSet, isNotFound, keyedQueue, Kinds, type KubeObject, type ObjectClient, type Stored } from "../../kube/index.ts";
import type { ServedKind, ServedKinds } from "./served-kinds.ts";

export interface NamespaceDeps {
  readonly informers: InformerSet;
  readonly kinds: ServedKinds;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface Namespace extends KubeObject {
  spec?: { finalizers?: string[] };
  status?: { phase?: string; conditions?: { type: string; status: string; lastTransitionTime?: string }[] };
}

const LOOK_AGAIN_MS = { first: 50, last: 2_000 };

/** What is left in a namespace, by kind, and which finalizers hold it. */
interface Remaining {
  readonly counts: Map<string, number>;
  readonly finalizers: Map<string, number>;
  readonly problems: string[];
}

/** Empties namespaces that are being deleted, pods before anything else, then lets them go. */
export function namespaceController(deps: NamespaceDeps): { run(signal: AbortSignal): Promise<void> } {
  const { client } = deps.informers;
  const namespaces = deps.informers.of<Namespace>({ kind: Kinds.Namespace });
  const queue = keyedQueue(deps, { concurrency: 4, backoff: { firstMs: LOOK_AGAIN_MS.first, lastMs: LOOK_AGAIN_MS.last } });

  async function work(name: string): Promise<void> {
    const namespace = namespaces.get(name);
    if (!namespace?.metadata.deletionTimestamp || !namespace.spec?.finalizers?.includes("kubernetes")) return queue.forget(name);
    try {
      const remaining = await empty(name);
      if (remaining.counts.size === 0 && remaining.problems.length === 0) {
        await letGo(client, namespace);
        return queue.forget(name);
      }
      await report(client, namespace, remaining, rfc3339(deps.clock.now()));
    } catch (thrown) {
      deps.logger.debug("namespace not emptied yet", { namespace: name, error: messageOf(thrown) });
    }
    queue.retry(name);
  }

  async function empty(namespace: string): Promise<Remaining> {
    const remaining: Remaining = { counts: new Map(), finalizers: new Map(), problems: [] };
    const kinds = (await deps.kinds.refresh()).filter(({ namespaced, verbs }) => namespaced && verbs.includes("list") && verbs.includes("delete"));
    const isPod = ({ group, plural }: ServedKind) => group === "" && plural === "pods";
    await Promise.all(kinds.filter(isPod).map((kind) => emptyKind(client, kind, namespace, remaining)));
    // Pods may still need their Secrets and ConfigMaps while they end.
    if (remaining.counts.size > 0) return remaining;
    await Promise.all(kinds.filter((kind) => !isPod(kind)).map((kind) => emptyKind(client, kind, namespace, remaining)));
    return remaining;
  }

  return {
    async run(signal) {
      namespaces.onChange(({ object }) => {
        if (object.metadata.deletionTimestamp !== undefined) queue.add(object.metadata.name);
      });
      for (const { metadata } of namespaces.list()) if (metadata.deletionTimestamp !== undefined) queue.add(metadata.name);
      await queue.run(signal, work);
    },
  };
}

async function emptyKind(client: ObjectClient, kind: ServedKind, namespace: string, remaining: Remaining): Promise<void> {
  try {
    const { items } = await client.list(kind, { namespace });
    const left = (await Promise.all(items.map((object) => deleteOne(client, kind, object)))).filter((object) => object !== undefined);
    if (left.length > 0) remaining.counts.set(kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`, left.length);
    for (const finalizer of left.flatMap(({ metadata }) => metadata.finalizers ?? []))
      remaining.finalizers.set(finalizer, (remaining.finalizers.get(finalizer) ?? 0) + 1);
  } catch (thrown) {
    if (!isNotFound(thrown)) remaining.problems.push(`${kind.plural}: ${messageOf(thrown)}`);
  }
}

/** The object when it is still there afterwards. */
async function deleteOne(client: ObjectClient, kind: ServedKind, object: Stored): Promise<Stored | undefined> {
  const { name, namespace, uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined) return object;
  return client.delete(kind, { namespace, name }, { uid, propagation: "Background" });
}

async function letGo(client: ObjectClient, namespace: Stored<Namespace>): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== "kubernetes");
  try {
    await client.replace<Namespace>(Kinds.Namespace, { ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: "finalize" });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

async function report(client: ObjectClient, namespace: Stored<Namespace>, { counts, finalizers, problems }: Remaining, now: string): Promise<void> {
  const before = namespace.status?.conditions ?? [];
  const condition = (type: string, bad: boolean, [reason, message]: [string, string], [fineReason, fineMessage]: [string, string]) => {
    const status = bad ? "True" : "False";
    const old = before.find((each) => each.type === type);
    const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? now) : now;
    return { type, status, lastTransitionTime, reason: bad ? reason : fineReason, message: bad ? message : fineMessage };
  };
  const resources = [...counts].sort().map(([kind, count]) => `${kind} has ${count} resource instances`);
  const held = [...finalizers].sort().map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  const conditions = [
    condition(
      "NamespaceDeletionContentFailure",
      problems.length > 0,
      ["ContentDeletionFailed", problems.join("; ")],
      ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
    ),
    condition(
      "NamespaceContentRemaining",
      counts.size > 0,
      ["SomeResourcesRemain", `Some resources are remaining: ${resources.join(", ")}`],
      ["ContentRemoved", "All content successfully removed"],
    ),
    condition(
      "NamespaceFinalizersRemaining",
      finalizers.size > 0,
      ["SomeFinalizersRemain", `Some content in the namespace has finalizers remaining: ${held.join(", ")}`],
      ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
    ),
  ];
  const { name, uid } = namespace.metadata;
  const same = JSON.stringify(conditions.map(({ type, status }) => [type, status])) === JSON.stringify(before.map(({ type, status }) => [type, status]));
  if (!same) await client.patch(Kinds.Namespace, { name }, { type: "merge", body: { metadata: { uid }, status: { conditions } } }, { subresource: "status" });
}
