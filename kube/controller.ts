import { type Clock, type Logger, messageOf, type Meter, type Random, silentMeter } from "../base/index.ts";
import { shareSignal } from "./abort.ts";
import { isNotFound } from "./client.ts";
import { conclude, type Ending, type Verdict } from "./conditions.ts";
import { type EventRecorder, eventRecorder } from "./events.ts";
import type { Informer, InformerSpec } from "./informer.ts";
import type { InformerSet } from "./informer-set.ts";
import { type KeyedQueue, keyedQueue, type KeyedQueueOptions } from "./keyed-queue.ts";
import type { ShardGate } from "./leases/shard-leases.ts";
import { type PassMetrics, passMetrics, type PassResult } from "./metrics.ts";
import type { KubeObject, Stored } from "./object.ts";
import { keyOf } from "./object-key.ts";
import { type PassPhase, type Reconciler, reconcilePass, writeFinalizers } from "./reconcile-pass.ts";

/** Another kind whose changes wake objects of ours. */
export interface Watch extends InformerSpec {
  /** Keys (`namespace/name`) to look at again. */
  keysOf(object: Stored): readonly string[];
}

export interface ControllerDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Defaults to a recorder over the informers' client. */
  readonly events?: EventRecorder;
  /** Where several replicas share the work: which keys are ours. Absent: all. */
  readonly shards?: ShardGate | undefined;
  readonly meter?: Meter | undefined;
  /** Asked before each pass: how many passes of one controller there may be at most. */
  readonly workers?: (() => number) | undefined;
  /** Told of every pass that looked at an object, after it: for traces. */
  readonly onPass?: ((pass: ObservedPass) => void) | undefined;
}

/** A pass that has ended. `object` is as it was when the pass began; its status may have been changed by it. */
export interface ObservedPass {
  readonly kind: string;
  readonly object: Stored;
  readonly result: PassResult;
  readonly startMs: number;
  readonly endMs: number;
  readonly error: string | undefined;
  readonly phases: readonly PassPhase[];
}

export interface ControllerOptions<T extends KubeObject> {
  readonly reconciler: Reconciler<T>;
  readonly watches?: readonly Watch[];
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly queue?: KeyedQueueOptions;
  /**
   * Keys with the same text are worked on by the same replica. Default: the namespace, so that a Run, its actions and the quota
   * they count against are decided in one place; the name of what has no namespace.
   */
  readonly shardOf?: (key: string) => string;
  /** Longest pass, milliseconds. Default 5 minutes. */
  readonly deadlineMs?: number;
  /** Told of every pass: for metrics and benchmarks. */
  readonly observe?: (pass: { readonly key: string; readonly result: PassResult; readonly ms: number }) => void;
}

export interface Controller {
  readonly name: string;
  /** Looks at this key soon. */
  wake(key: string): void;
  /** Nothing is queued or in hand (appointments do not count) and every cache is filled. */
  readonly idle: boolean;
  /** Works until the signal aborts; resolves when the passes in hand have ended. The informer set runs beside it. */
  run(signal: AbortSignal): Promise<void>;
}

/** The namespace of a key, or the key where there is none. */
const namespaceOrName = (key: string): string => (key.includes("/") ? key.slice(0, key.indexOf("/")) : key);

const DEFAULT_DEADLINE_MS = 300_000;
/** After a conflict the cache is about to change, and that wakes the key; this is for the case that it has changed already. */
const CONFLICT_RETRY_MS = 10;

/** A signal that aborts with the outer one or after the deadline. */
function deadline(clock: Clock, outer: AbortSignal, afterMs: number): { readonly signal: AbortSignal; end(): void } {
  const inner = new AbortController();
  const abort = () => inner.abort();
  const cancel = clock.after(afterMs, abort);
  if (outer.aborted) abort();
  outer.addEventListener("abort", abort, { once: true });
  return {
    signal: inner.signal,
    end() {
      cancel();
      outer.removeEventListener("abort", abort);
    },
  };
}

function logEnding(logger: Logger, key: string, verdict: Verdict, ending: Ending): void {
  if ("thrown" in ending) {
    const stack = verdict.result === "bug" && ending.thrown instanceof Error ? { stack: ending.thrown.stack } : {};
    return logger[verdict.log]("reconcile failed", { key, result: verdict.result, error: messageOf(ending.thrown), ...stack });
  }
  const { outcome } = ending;
  logger.debug("reconciled", { key, result: verdict.result, ...(outcome.kind === "waiting" ? { reason: outcome.reason, on: outcome.on } : {}) });
}

function lookAgain(queue: KeyedQueue, key: string, next: Verdict["next"]): void {
  if (next.kind === "backoff") return queue.retry(key);
  queue.forget(key);
  if (next.kind === "now") queue.add(key, CONFLICT_RETRY_MS);
  else if (next.kind === "after") queue.add(key, Math.max(1, next.ms));
}

/** The object to pass over, with our finalizer on it; undefined when there is nothing to do for it now. */
async function admitted<T extends KubeObject>(
  informers: InformerSet,
  reconciler: Reconciler<T>,
  cached: Stored<T> | undefined,
): Promise<Stored<T> | undefined> {
  if (!cached) return undefined;
  const object = structuredClone(cached);
  const finalizers = object.metadata.finalizers ?? [];
  const finalizer = reconciler.finalize ? reconciler.finalizer : undefined;
  const has = finalizer !== undefined && finalizers.includes(finalizer);
  if (object.metadata.deletionTimestamp !== undefined) return has || reconciler.whileDeleting ? object : undefined;
  if (reconciler.suspended?.(object)) return undefined;
  if (finalizer === undefined || has) return object;
  return structuredClone(await writeFinalizers(informers.client, reconciler.kind, object, [...finalizers, finalizer]));
}

/** Works on one key, and never rejects. */
function worker<T extends KubeObject>(deps: ControllerDeps, options: ControllerOptions<T>, primary: Informer<T>, queue: KeyedQueue, metrics: PassMetrics) {
  const { informers, clock } = deps;
  const { reconciler } = options;
  const logger = deps.logger.with({ kind: reconciler.kind.kind });
  const events = deps.events ?? eventRecorder({ client: informers.client, clock, logger, component: "flyteops" });
  const passDeps = { client: informers.client, clock, logger, events };

  function told(object: Stored<T>, startMs: number, result: PassResult, ending: Ending, phases: readonly PassPhase[]): PassResult {
    const error = "thrown" in ending ? messageOf(ending.thrown) : undefined;
    deps.onPass?.({ kind: reconciler.kind.kind, object, result, startMs, endMs: clock.now(), error, phases });
    return result;
  }

  async function attempt(key: string, stopping: AbortSignal, signal: AbortSignal): Promise<PassResult> {
    const startMs = clock.now();
    const object = await admitted(informers, reconciler, primary.get(key));
    if (!object) {
      queue.forget(key);
      return "gone";
    }
    const { verdict, ending, phases } = await reconcilePass({ ...passDeps, stopping }, reconciler, object, signal);
    logEnding(logger, key, verdict, ending);
    lookAgain(queue, key, verdict.next);
    return told(object, startMs, verdict.result, ending, phases);
  }

  function writesFailed(key: string, thrown: unknown): PassResult {
    if (isNotFound(thrown)) return "gone";
    const verdict = conclude({ thrown });
    logEnding(logger, key, verdict, { thrown });
    lookAgain(queue, key, verdict.next.kind === "on change" ? { kind: "backoff" } : verdict.next);
    return verdict.result;
  }

  const shardOf = options.shardOf ?? namespaceOrName;
  const everywhere = () => {};

  return async (key: string, outer: AbortSignal): Promise<void> => {
    const leave = deps.shards ? deps.shards.enter(shardOf(key)) : everywhere;
    // Another replica's. Should it become ours, all its keys are looked at then.
    if (!leave) return queue.forget(key);
    const startedAt = clock.now();
    const { signal, end } = deadline(clock, outer, options.deadlineMs ?? DEFAULT_DEADLINE_MS);
    const result = await attempt(key, outer, signal)
      .catch((thrown: unknown) => writesFailed(key, thrown))
      .finally(() => {
        end();
        leave();
      });
    const ms = clock.now() - startedAt;
    metrics.passed(result, ms);
    options.observe?.({ key, result, ms });
  };
}

/** The shell around a reconciler: load, finalizer, suspend, one status write, events on transition, log once, look again. */
export function controller<T extends KubeObject>(deps: ControllerDeps, options: ControllerOptions<T>): Controller {
  const { kind } = options.reconciler;
  const metrics = passMetrics(deps.meter ?? silentMeter, kind.kind);
  const queue = keyedQueue(deps, { ...options.queue, workers: deps.workers, onWait: deps.meter && metrics.waited });
  metrics.depth(() => queue.depth);
  const primary = deps.informers.of<T>({ kind, namespace: options.namespace, labelSelector: options.labelSelector });
  const watched = (options.watches ?? []).map(({ keysOf, ...spec }): [Informer, Watch["keysOf"]] => [deps.informers.of(spec), keysOf]);
  const work = worker(deps, options, primary, queue, metrics);
  const shardOf = options.shardOf ?? namespaceOrName;

  return {
    name: kind.kind,
    wake: (key) => queue.add(key),
    get idle() {
      return queue.idle && primary.synced && watched.every(([informer]) => informer.synced);
    },
    async run(signal) {
      shareSignal(signal);
      const stops = [
        deps.shards?.onGain((isOurs) => {
          for (const key of primary.list().map(keyOf)) if (isOurs(shardOf(key))) queue.add(key);
        }),
        primary.onChange(({ object }) => queue.add(keyOf(object))),
        ...watched.map(([informer, keysOf]) =>
          informer.onChange(({ object, previous }) => {
            for (const key of new Set([...keysOf(object), ...(previous ? keysOf(previous) : [])])) queue.add(key);
          }),
        ),
      ];
      await Promise.all([primary, ...watched.map(([informer]) => informer)].map((informer) => informer.whenSynced(signal)));
      for (const object of primary.list()) queue.add(keyOf(object));
      await queue.run(signal, (key) => work(key, signal));
      for (const stop of stops) stop?.();
    },
  };
}
