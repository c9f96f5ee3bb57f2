import { parseDuration } from "../../base/index.ts";
import type { TaskActionSpec } from "../../crds/index.ts";

export interface Backoff {
  readonly firstMs: number;
  readonly factor: number;
  readonly capMs: number;
}

/** A TaskAction's policy with every default in place and durations in milliseconds. */
export interface Policy {
  readonly limits: { readonly user: number; readonly system: number; readonly preemption: number };
  readonly onExit: { readonly retry: readonly number[]; readonly fail: readonly number[]; readonly skip: readonly number[] };
  /** Of the user's failures; absent: at once. */
  readonly backoff: Backoff | undefined;
  readonly onOOM: { readonly factor: number; readonly max: string | undefined } | undefined;
  readonly timeoutMs: number | undefined;
  readonly queuedMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly interruptible: boolean;
}

const DEFAULT_LIMITS = { user: 0, system: 3, preemption: 5 };
/** The platform's failures never repeat at once: what failed may need a moment. */
export const PLATFORM_BACKOFF: Backoff = { firstMs: 1_000, factor: 2, capMs: 60_000 };

const milliseconds = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseDuration(text));

function backoffOf(said: NonNullable<TaskActionSpec["policy"]>["retries"]["backoff"]): Backoff | undefined {
  if (!said) return undefined;
  return { firstMs: milliseconds(said.duration) ?? 0, factor: said.factor, capMs: milliseconds(said.cap) ?? PLATFORM_BACKOFF.capMs };
}

export function policyOf(spec: Pick<TaskActionSpec, "policy" | "interruptible">): Policy {
  const { policy } = spec;
  const retries = policy?.retries;
  return {
    limits: retries ? { user: retries.limit, system: retries.system, preemption: retries.preemption } : DEFAULT_LIMITS,
    onExit: retries?.onExit ?? { retry: [], fail: [], skip: [] },
    backoff: backoffOf(retries?.backoff),
    onOOM: retries?.onOOM && { factor: retries.onOOM.memoryFactor, max: retries.onOOM.maxMemory === undefined ? undefined : String(retries.onOOM.maxMemory) },
    timeoutMs: milliseconds(policy?.timeout),
    queuedMs: milliseconds(policy?.queuedTimeout),
    totalMs: milliseconds(policy?.totalTimeout),
    interruptible: spec.interruptible ?? policy?.interruptible ?? false,
  };
}

/** The wait before the n-th re-run (n from 1). */
export function backoffDelay(backoff: Backoff | undefined, n: number): number {
  return backoff === undefined ? 0 : Math.min(backoff.capMs, backoff.firstMs * backoff.factor ** (n - 1));
}
