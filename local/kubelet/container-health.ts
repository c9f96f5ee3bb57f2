import type { Clock } from "../../base/index.ts";
import type { ContainerInstance } from "./container-instance.ts";
import type { Container, Pod, Probe } from "./pod-shapes.ts";
import type { Slot } from "./pod-status.ts";
import { runHook, runProbes } from "./probes.ts";

export interface HealthDeps {
  readonly clock: Clock;
  /** Something changed: look at the pod again. */
  readonly changed: () => void;
  readonly note: (type: "Normal" | "Warning", reason: string, message: string) => void;
}

export interface HealthWatch {
  /** No probe has a say any more. */
  stop(): void;
}

/** What a hook may take that has no limit of its own. */
const HOOK_MS = 600_000;

/** Runs the postStart hook and then the probes of one container instance; they change its slot, or end the instance. */
export function watchHealth(pod: Pod, slot: Slot, instance: ContainerInstance, deps: HealthDeps): HealthWatch {
  const { container } = slot;
  const { running } = instance;
  const { clock, note } = deps;
  const stopped = new AbortController();

  function unhealthy(kind: string, probe: Probe): void {
    const graceSeconds = probe.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    note("Normal", "Killing", `Container ${container.name} failed ${kind.toLowerCase()} probe, will be restarted`);
    stopped.abort();
    const endsAt = clock.now() + graceSeconds * 1000;
    void stopGently(container, instance, graceSeconds * 1000, deps).then(() => {
      const cancel = clock.after(endsAt - clock.now(), () => running.kill());
      void instance.ended.then(cancel);
    });
  }

  function probe(): void {
    const listener = {
      started: () => void (slot.started = true),
      ready(isReady: boolean) {
        slot.ready = isReady;
        deps.changed();
      },
      unhealthy,
      failed: (_kind: string, message: string) => note("Warning", "Unhealthy", message),
    };
    runProbes({ container, running, clock, listener, signal: stopped.signal });
    deps.changed();
  }

  const hook = container.lifecycle?.postStart;
  if (!hook) probe();
  else {
    void runHook(hook, { container, running, clock }, HOOK_MS).then((problem) => {
      if (stopped.signal.aborted) return;
      if (problem === undefined) return probe();
      note("Warning", "FailedPostStartHook", `PostStartHook failed: ${problem}`);
      running.kill();
    });
  }
  return { stop: () => stopped.abort() };
}

/** The preStop hook, then SIGTERM. Resolves when the signal has been sent. */
export async function stopGently(container: Container, { running }: ContainerInstance, graceMs: number, { clock, note }: HealthDeps): Promise<void> {
  const hook = container.lifecycle?.preStop;
  if (hook) {
    const problem = await runHook(hook, { container, running, clock }, graceMs);
    if (problem !== undefined) note("Warning", "FailedPreStopHook", `PreStopHook failed: ${problem}`);
  }
  running.signal("SIGTERM");
}
