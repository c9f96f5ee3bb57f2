import { type KindRef, Kinds, type ObjectClient, type Stored } from "../../kube/index.ts";
import { RunKind, TaskActionKind } from "../../crds/index.ts";
import { NAMESPACE } from "./manifests.ts";

/** The first time that something was seen of an object, by a client that watches: milliseconds of `performance.now()`. */
export interface Timeline {
  /** Undefined when it was not seen. @param kind `Run`, `TaskAction` or `Pod` */
  at(kind: string, name: string, what: string): number | undefined;
  /** Resolves when it is seen. */
  seen(kind: string, name: string, what: string): Promise<void>;
  /** Names of a kind in the order in which they appeared. */
  names(kind: string): readonly string[];
  stop(): Promise<void>;
}

interface ContainerState {
  readonly name: string;
  readonly state?: { readonly running?: object; readonly terminated?: object };
}
interface PodStatus {
  readonly phase?: string;
  readonly initContainerStatuses?: readonly ContainerState[];
  readonly containerStatuses?: readonly ContainerState[];
}

/** What can be seen of an object now: `created`, `phase=…`, and of a pod `<container> started` and `<container> ended`. */
function sights(object: Stored): string[] {
  const status = (object["status"] ?? {}) as PodStatus;
  const seen = ["created"];
  if (status.phase) seen.push(`phase=${status.phase}`);
  for (const { name, state } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    if (state?.running || state?.terminated) seen.push(`${name} started`);
    if (state?.terminated) seen.push(`${name} ended`);
  }
  if (object.metadata.deletionTimestamp) seen.push("deleting");
  return seen;
}

async function follow(client: ObjectClient, kind: KindRef, signal: AbortSignal, note: (name: string, what: string) => void): Promise<() => Promise<void>> {
  const { resourceVersion } = await client.list(kind, { namespace: NAMESPACE, limit: 1 });
  const watching = (async () => {
    for await (const event of client.watch(kind, { namespace: NAMESPACE, resourceVersion, signal })) {
      if (event.type === "ADDED" || event.type === "MODIFIED") for (const what of sights(event.object)) note(event.object.metadata.name, what);
    }
  })();
  return () => watching;
}

/** Watches Runs, TaskActions and Pods from now on. */
export async function timeline(client: ObjectClient): Promise<Timeline> {
  const stop = new AbortController();
  const times = new Map<string, number>();
  const names = new Map<string, string[]>();
  const waiting = new Map<string, () => void>();
  const ends = await Promise.all(
    [RunKind, TaskActionKind, Kinds.Pod].map((kind) =>
      follow(client, kind, stop.signal, (name, what) => {
        const key = `${kind.kind}/${name}/${what}`;
        if (times.has(key)) return;
        times.set(key, performance.now());
        waiting.get(key)?.();
        if (what === "created") names.set(kind.kind, [...(names.get(kind.kind) ?? []), name]);
      }),
    ),
  );
  return {
    at: (kind, name, what) => times.get(`${kind}/${name}/${what}`),
    seen: (kind, name, what) =>
      new Promise((resolve) => {
        const key = `${kind}/${name}/${what}`;
        if (times.has(key)) resolve();
        else waiting.set(key, resolve);
      }),
    names: (kind) => names.get(kind) ?? [],
    async stop() {
      stop.abort();
      await Promise.all(ends.map((end) => end()));
    },
  };
}
