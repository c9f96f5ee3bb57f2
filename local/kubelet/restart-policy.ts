import { type Container, isSidecar, type Pod, type Terminated } from "./pod-shapes.ts";
import { isRunning, type Slot, terminated } from "./pod-status.ts";
import { FORGIVE_MS, restartDelay } from "./restart-delay.ts";

/** Whether a container will be started (again) as long as its pod lives. */
export function wantsToRun(slot: Slot, { spec }: Pod): boolean {
  if (isRunning(slot)) return true;
  const ended = terminated(slot);
  if (!ended) return true;
  const policy = isSidecar(slot.container) ? "Always" : (spec.restartPolicy ?? "Always");
  if (slot.role === "init") return ended.exitCode !== 0 && policy !== "Never";
  return policy === "Always" || (policy === "OnFailure" && ended.exitCode !== 0);
}

/** How often a container has ended lately, and how long its next start has to wait for it. */
export interface RestartHistory {
  /** An instance has ended after so many milliseconds. */
  ended(ranMs: number): void;
  /** When the next start is due and what the kubelet says until then; undefined: at once. */
  backOff(container: Container, pod: Pod, ended: Terminated, now: number): BackOff | undefined;
}

export interface BackOff {
  readonly until: number;
  readonly message: string;
  readonly event: string;
}

export function restartHistory(): RestartHistory {
  let ends = 0;
  return {
    ended(ranMs) {
      ends = ranMs >= FORGIVE_MS ? 1 : ends + 1;
    },
    backOff(container, pod, ended, now) {
      const delay = restartDelay(ends);
      const until = Date.parse(ended.finishedAt ?? "") + delay;
      if (delay === 0 || until <= now) return undefined;
      const name = `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
      return {
        until,
        message: `back-off ${seconds(delay)} restarting failed container=${container.name} pod=${name}`,
        event: `Back-off restarting failed container ${container.name} in pod ${name}`,
      };
    },
  };
}

/** As Go writes durations. */
function seconds(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes > 0 ? `${minutes}m${(ms % 60_000) / 1000}s` : `${ms / 1000}s`;
}
