import { type Clock, type Logger, messageOf, parseJson, sleep } from "../../base/index.ts";
import { bodyText, errorOfResponse, type InformerSet, Kinds, type KindRef, type Transport } from "../../kube/index.ts";

export interface ServedKind extends KindRef {
  readonly verbs: readonly string[];
}

/** Every kind the API serves, custom ones included, each in one version. */
export interface ServedKinds {
  /** Those of the last look. */
  all(): readonly ServedKind[];
  /** Looks again. Rejects with ApiError when the API cannot say. */
  refresh(): Promise<readonly ServedKind[]>;
  onChange(listener: () => void): void;
  /** Looks whenever a CustomResourceDefinition changes, and now and then besides. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ServedKindsDeps {
  readonly transport: Transport;
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface WireResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface WireGroups {
  readonly groups?: readonly {
    readonly name: string;
    readonly preferredVersion?: { readonly version: string };
    readonly versions: readonly { readonly version: string }[];
  }[];
}

const LOOK_MS = 30_000;
/** A definition is served a moment after it is stored: it is looked for this often before the next regular look. */
const EARLY_LOOKS_MS = [0, 50, 250, 1_000];

export function servedKinds({ transport, informers, clock, logger }: ServedKindsDeps): ServedKinds {
  let known: readonly ServedKind[] = [];
  const listeners = new Set<() => void>();

  async function read<T>(path: string): Promise<T> {
    const response = await transport.send({ method: "GET", path, headers: { accept: "application/json" } });
    if (response.status !== 200) throw await errorOfResponse(response);
    return parseJson(await bodyText(response.body)) as T;
  }

  async function kindsOf(group: string, version: string): Promise<ServedKind[]> {
    const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const { resources = [] } = await read<{ resources?: readonly WireResource[] }>(path);
    return resources
      .filter(({ name }) => !name.includes("/"))
      .map(({ name, kind, namespaced, verbs }) => ({ group, version, kind, plural: name, namespaced, verbs }));
  }

  async function refresh(): Promise<readonly ServedKind[]> {
    const { groups = [] } = await read<WireGroups>("/apis");
    const versions = groups.map(({ name, preferredVersion, versions }) => [name, (preferredVersion ?? versions[0])?.version ?? "v1"] as const);
    const found = (await Promise.all([["", "v1"] as const, ...versions].map(([group, version]) => kindsOf(group, version)))).flat();
    const text = (kinds: readonly ServedKind[]) =>
      kinds
        .map(({ group, plural, version }) => `${group}/${version}/${plural}`)
        .sort()
        .join();
    const changed = text(found) !== text(known);
    known = found;
    if (changed) for (const listener of listeners) listener();
    return known;
  }

  const look = () => refresh().catch((thrown: unknown) => logger.debug("discovery failed", { error: messageOf(thrown) }));

  return {
    all: () => known,
    refresh,
    onChange: (listener) => void listeners.add(listener),
    async run(signal) {
      let due: (() => void) | undefined;
      const definitions = informers.of({ kind: Kinds.CustomResourceDefinition });
      const stop = definitions.onChange(() => due?.());
      while (!signal.aborted) {
        const changed = new Promise<void>((resolve) => (due = resolve));
        for (const delay of EARLY_LOOKS_MS) {
          await sleep(clock, delay, signal);
          if (!signal.aborted) await look();
        }
        await Promise.race([changed, sleep(clock, LOOK_MS, signal)]);
      }
      stop();
    },
  };
}
