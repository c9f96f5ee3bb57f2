import type { Clock } from "../../base/index.ts";
import type { RunningContainer } from "./container-runtime.ts";
import type { Container, LifecycleHook, Probe } from "./pod-shapes.ts";
import { type Answer, askProbe, runAction } from "./probe-actions.ts";

export type ProbeKind = "Liveness" | "Readiness" | "Startup";

/** What probes may bring about; each is called only on a change. */
export interface ProbeListener {
  started(): void;
  ready(isReady: boolean): void;
  /** A liveness or startup probe has given up. */
  unhealthy(kind: "Liveness" | "Startup", probe: Probe): void;
  /** Each failed look, for an Event. */
  failed(kind: ProbeKind, message: string): void;
}

export interface ProbedContainer {
  readonly container: Container;
  readonly running: RunningContainer;
  readonly clock: Clock;
  readonly listener: ProbeListener;
  /** Ends all of it. */
  readonly signal: AbortSignal;
}

/** Runs the probes of one container instance until the signal aborts. The startup probe holds the others back. */
export function runProbes(probed: ProbedContainer): void {
  const { container, listener, signal } = probed;
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const others = () => {
    listener.started();
    if (livenessProbe) repeat(livenessProbe, "Liveness", (passed) => passed || listener.unhealthy("Liveness", livenessProbe), probed);
    if (readinessProbe) repeat(readinessProbe, "Readiness", listener.ready, probed);
    else listener.ready(true);
  };
  if (!startupProbe) return others();
  const startup = new AbortController();
  const settled = (passed: boolean) => {
    startup.abort();
    if (passed) others();
    else listener.unhealthy("Startup", startupProbe);
  };
  repeat(startupProbe, "Startup", settled, { ...probed, signal: AbortSignal.any([signal, startup.signal]) });
}

/** Looks every period; `change` hears when enough looks in a row agree on something new. */
function repeat(probe: Probe, kind: ProbeKind, change: (passed: boolean) => void, probed: ProbedContainer): void {
  const { container, running, clock, listener, signal } = probed;
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  const needed = { true: probe.successThreshold ?? 1, false: probe.failureThreshold ?? 3 };
  let known: boolean | undefined;
  let streak = { passed: true, count: 0 };
  const look = async () => {
    const problem = await askProbe(probe, container, running);
    if (signal.aborted) return;
    const passed = problem === undefined;
    if (!passed) listener.failed(kind, `${kind} probe failed: ${problem}`);
    streak = streak.passed === passed ? { passed, count: streak.count + 1 } : { passed, count: 1 };
    if (streak.count >= needed[`${passed}`] && known !== passed) {
      known = passed;
      change(passed);
    }
    again(periodMs);
  };
  const again = (delayMs: number) => {
    if (signal.aborted) return;
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener("abort", cancel);
      void look();
    });
    signal.addEventListener("abort", cancel, { once: true });
  };
  again((probe.initialDelaySeconds ?? 0) * 1000);
}

/** Runs a lifecycle hook to its end or its time limit; returns why it failed. */
export async function runHook(hook: LifecycleHook, probed: Omit<ProbedContainer, "listener" | "signal">, timeoutMs: number): Promise<Answer> {
  const { sleep } = hook;
  if (!sleep) return runAction(hook, probed.container, probed.running, timeoutMs);
  await new Promise<void>((resolve) => probed.clock.after(Math.min(sleep.seconds * 1000, timeoutMs), resolve));
  return undefined;
}
