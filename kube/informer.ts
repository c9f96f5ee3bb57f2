import { type Clock, type Logger, messageOf, type Random, sleep } from "../base/index.ts";
import { aborted } from "./abort.ts";
import { isExpired, isNotFound, type ObjectClient } from "./client.ts";
import type { KindRef, KubeObject, Stored } from "./object.ts";
import { type ChangeListener, type ObjectCache, objectCache, type ObjectReader } from "./object-cache.ts";
import { labelMatcher } from "./selectors.ts";

export interface InformerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What to follow: a kind, wholly or narrowed on the server's side. */
export interface InformerSpec {
  readonly kind: KindRef;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** A cache of one kind that follows the API server: list, then watch, resumed where it was left. */
export interface Informer<T extends KubeObject = KubeObject> extends ObjectReader<T> {
  readonly spec: InformerSpec;
  /** True once the first list is in the cache. */
  readonly synced: boolean;
  /** When the follow loop last got on: something was heard, or an attempt ended. Undefined before the first. */
  readonly movedAt: number | undefined;
  /** Resolves when synced, or when the signal aborts. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  onChange(listener: ChangeListener<T>): () => void;
  addIndex(index: string, valuesOf: (object: Stored<T>) => readonly string[]): void;
  /** Tells of a write of our own, so that the writer reads it back at once. Ignored when outside the spec. */
  wrote(object: Stored): void;
  deleted(key: string, uid?: string): void;
  /** Follows until the signal aborts. Never rejects: trouble is logged and retried. */
  run(signal: AbortSignal): Promise<void>;
}

const PAGE = 500;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 30_000;
/** A watch that ends sooner than this without having said anything counts as a failure, or a broken server would be asked in a tight loop. */
const SHORT_WATCH_MS = 1_000;

/** Nobody reads managedFields from a cache, and they are half of an object's bytes. */
function slim<T extends KubeObject>(object: Stored<T>): Stored<T> {
  delete object.metadata.managedFields;
  return object;
}

async function listAll<T extends KubeObject>(client: ObjectClient, spec: InformerSpec, signal: AbortSignal) {
  const { kind, ...narrowed } = spec;
  const items: Stored<T>[] = [];
  let next: string | undefined;
  for (;;) {
    const page = await client.list<T>(kind, { ...narrowed, limit: PAGE, signal, ...(next === undefined ? {} : { continue: next }) });
    for (const item of page.items) items.push(slim(item));
    if (page.continue === undefined) return { items, resourceVersion: page.resourceVersion };
    next = page.continue;
  }
}

/** Follows one watch to its end. Returns the version reached and whether anything arrived. */
async function followWatch<T extends KubeObject>(deps: InformerDeps, spec: InformerSpec, cache: ObjectCache<T>, at: Position, signal: AbortSignal) {
  const { kind, ...narrowed } = spec;
  let resourceVersion = at.resourceVersion ?? "";
  let heard = false;
  for await (const event of deps.client.watch<T>(kind, { ...narrowed, resourceVersion, signal })) {
    heard = true;
    at.movedAt = deps.clock.now();
    if (event.type === "BOOKMARK") {
      resourceVersion = event.resourceVersion;
      cache.progressed(resourceVersion);
      continue;
    }
    resourceVersion = event.object.metadata.resourceVersion;
    if (event.type === "DELETED") cache.observedDeletion(slim(event.object));
    else cache.observed(slim(event.object));
    if (signal.aborted) break;
  }
  return { resourceVersion, heard };
}

/** What the follow loop remembers between two requests. */
interface Position {
  resourceVersion: string | undefined;
  failures: number;
  movedAt: number | undefined;
}

async function followOnce<T extends KubeObject>(
  deps: InformerDeps,
  spec: InformerSpec,
  cache: ObjectCache<T>,
  at: Position,
  signal: AbortSignal,
): Promise<void> {
  if (at.resourceVersion === undefined) {
    const { items, resourceVersion } = await listAll<T>(deps.client, spec, signal);
    cache.replaced(items, resourceVersion);
    at.resourceVersion = resourceVersion;
    at.failures = 0;
    return;
  }
  const startedAt = deps.clock.now();
  const { resourceVersion, heard } = await followWatch(deps, spec, cache, at, signal);
  at.resourceVersion = resourceVersion;
  at.failures = heard || deps.clock.now() - startedAt >= SHORT_WATCH_MS ? 0 : at.failures + 1;
}

function noteFailure(deps: InformerDeps, spec: InformerSpec, at: Position, thrown: unknown): void {
  at.failures += 1;
  if (isExpired(thrown)) at.resourceVersion = undefined;
  const fields = { kind: spec.kind.kind, group: spec.kind.group, failures: at.failures, error: messageOf(thrown) };
  if (isExpired(thrown)) deps.logger.debug("watch expired, listing again", fields);
  else if (isNotFound(thrown)) deps.logger[at.failures === 1 ? "info" : "debug"]("kind is not served yet", fields);
  else deps.logger[at.failures === 3 ? "error" : "debug"]("watch interrupted", fields);
}

function retryDelay({ failures }: Position, random: Random): number {
  if (failures === 0) return 0;
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)) * (0.5 + random.next() / 2);
}

/** Does this object belong to what the informer follows? A field selector cannot be judged here: then own writes wait for the watch. */
function belongs(spec: InformerSpec): (object: Stored) => boolean {
  const matches = spec.labelSelector === undefined ? () => true : labelMatcher(spec.labelSelector);
  return (object) =>
    spec.fieldSelector === undefined && (spec.namespace === undefined || spec.namespace === object.metadata.namespace) && matches(object.metadata.labels);
}

export function informer<T extends KubeObject>(deps: InformerDeps, spec: InformerSpec): Informer<T> {
  const cache = objectCache<T>();
  const isOurs = belongs(spec);
  const at: Position = { resourceVersion: undefined, failures: 0, movedAt: undefined };
  let markSynced: () => void = () => undefined;
  const firstList = new Promise<void>((resolve) => (markSynced = resolve));
  let synced = false;

  return {
    spec,
    get: cache.get,
    list: cache.list,
    byIndex: cache.byIndex,
    get size() {
      return cache.size;
    },
    get synced() {
      return synced;
    },
    get movedAt() {
      return at.movedAt;
    },
    whenSynced(signal) {
      return signal && !synced ? Promise.race([firstList, aborted(signal)]) : firstList;
    },
    onChange: cache.onChange,
    addIndex: cache.addIndex,
    wrote(object) {
      const { managedFields: _, ...metadata } = object.metadata;
      if (isOurs(object)) cache.wrote({ ...object, metadata } as Stored<T>);
    },
    deleted: cache.deleted,
    async run(signal) {
      while (!signal.aborted) {
        try {
          await followOnce(deps, spec, cache, at, signal);
        } catch (thrown) {
          if (!signal.aborted) noteFailure(deps, spec, at, thrown);
        }
        at.movedAt = deps.clock.now();
        if (!synced && at.resourceVersion !== undefined) {
          synced = true;
          markSynced();
        }
        if (at.failures > 0) await sleep(deps.clock, retryDelay(at, deps.random), signal);
      }
    },
  };
}
