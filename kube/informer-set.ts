import { canonicalJson } from "../base/index.ts";
import { aborted, shareSignal } from "./abort.ts";
import type { DeleteOptions, ObjectClient, Patch, WriteOptions } from "./client.ts";
import { informer, type Informer, type InformerDeps, type InformerSpec } from "./informer.ts";
import type { KindRef, KubeObject, ObjectRef, Stored } from "./object.ts";
import { keyOf } from "./object-key.ts";

/** The informers of one program: whoever asks for the same spec shares one watch and one cache. */
export interface InformerSet {
  of<T extends KubeObject = KubeObject>(spec: InformerSpec): Informer<T>;
  /** The client whose writes are in these caches before its promise resolves. Controllers write with this one. */
  readonly client: ObjectClient;
  /** Every informer that was asked for so far. */
  all(): readonly Informer[];
  /** Runs every informer, those asked for later too, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Feeds the answers of writes to `tell`; reads pass through. */
function tellingClient(
  client: ObjectClient,
  tell: { wrote(kind: KindRef, object: Stored): void; deleted(kind: KindRef, ref: ObjectRef, uid?: string): void },
): ObjectClient {
  const told = <T extends KubeObject>(kind: KindRef, object: Stored<T>, how?: WriteOptions): Stored<T> => {
    if (!how?.dryRun && (how?.subresource === undefined || how.subresource === "status")) tell.wrote(kind, object);
    return object;
  };
  return {
    get: client.get.bind(client),
    list: client.list.bind(client),
    watch: client.watch.bind(client),
    create: async <T extends KubeObject>(kind: KindRef, object: T, how?: WriteOptions) => told(kind, await client.create(kind, object, how), how),
    replace: async <T extends KubeObject>(kind: KindRef, object: T, how?: WriteOptions) => told(kind, await client.replace(kind, object, how), how),
    patch: async <T extends KubeObject>(kind: KindRef, ref: ObjectRef, patch: Patch, how?: WriteOptions) =>
      told(kind, await client.patch<T>(kind, ref, patch, how), how),
    async delete(kind: KindRef, ref: ObjectRef, how?: DeleteOptions) {
      const remains = await client.delete(kind, ref, how);
      if (how?.dryRun) return remains;
      if (remains) tell.wrote(kind, remains);
      else tell.deleted(kind, ref, how?.uid);
      return remains;
    },
  };
}

export function informerSet(deps: InformerDeps): InformerSet {
  const informers = new Map<string, Informer>();
  let running: { readonly signal: AbortSignal; readonly tasks: Promise<void>[] } | undefined;

  const following = (kind: KindRef) => [...informers.values()].filter(({ spec }) => spec.kind.kind === kind.kind && spec.kind.group === kind.group);

  return {
    of<T extends KubeObject>(spec: InformerSpec) {
      const { group, version, kind, plural, namespaced } = spec.kind;
      const key = canonicalJson({ ...spec, kind: { group, version, kind, plural, namespaced } });
      const found = informers.get(key);
      if (found) return found as unknown as Informer<T>;
      const made = informer<T>(deps, spec);
      informers.set(key, made as unknown as Informer);
      running?.tasks.push(made.run(running.signal));
      return made;
    },
    all: () => [...informers.values()],
    client: tellingClient(deps.client, {
      wrote: (kind, object) => following(kind).forEach((each) => each.wrote(object)),
      deleted: (kind, ref, uid) =>
        following(kind).forEach((each) => each.deleted(keyOf({ metadata: { name: ref.name, ...(ref.namespace ? { namespace: ref.namespace } : {}) } }), uid)),
    }),
    async run(signal) {
      shareSignal(signal);
      const tasks: Promise<void>[] = [];
      running = { signal, tasks };
      for (const each of informers.values()) tasks.push(each.run(signal));
      await aborted(signal);
      running = undefined;
      await Promise.all(tasks);
    },
  };
}
