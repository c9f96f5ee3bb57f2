import { rmSync } from "node:fs";
import { join } from "node:path";
import { type HealthWatch, stopGently, watchHealth } from "./container-health.ts";
import { type ContainerInstance, type InstanceDeps, startInstance } from "./container-instance.ts";
import { containerDirectory, logPath } from "./container-request.ts";
import type { ContainerRuntime, RunningContainer, StoredImage } from "./container-runtime.ts";
import { imageGate } from "./image-gate.ts";
import type { LogFile } from "./log-reader.ts";
import type { Container, Pod, Terminated } from "./pod-shapes.ts";
import { isRunning, type Role, type Slot, terminated } from "./pod-status.ts";
import { restartHistory, wantsToRun } from "./restart-policy.ts";
import { startFailure } from "./start-failure.ts";
import type { ReadyVolume } from "./volumes.ts";

export interface RunnerDeps extends InstanceDeps {
  readonly runtimeOf: (container: Container) => ContainerRuntime;
  /** Something changed: look at the pod again. */
  readonly changed: () => void;
  readonly note: (type: "Normal" | "Warning", reason: string, message: string) => void;
}

/** One container of one pod through all its instances. */
export interface ContainerRunner {
  readonly slot: Slot;
  /** Starts the container when it is not running and its restart policy wants it to. Resolves when that is done or has been put off. */
  ensure(pod: Pod, volumes: ReadonlyMap<string, ReadyVolume>): Promise<void>;
  /** Whether it will be started (again) as long as the pod lives. */
  wantsToRun(pod: Pod): boolean;
  /** The time of the next attempt, when one has been put off. */
  readonly retryAt: number | undefined;
  /** Set when the program cannot be found and the pod must fail for it. */
  readonly programMissing: string | undefined;
  /** preStop hook, then SIGTERM to the first process; asking twice does nothing. */
  terminate(graceMs: number): void;
  /** SIGKILL to every process. */
  kill(): void;
  log(previous: boolean): LogFile | undefined;
  /** The instance that runs now. */
  readonly running: RunningContainer | undefined;
}

export interface RunnerOptions {
  readonly container: Container;
  readonly role: Role;
  /** The pod's. */
  readonly directory: string;
  /** Why it has not started yet. */
  readonly waiting: string;
  /** Continues the count of an earlier node instance. */
  readonly restarts: number;
}

export function containerRunner({ container, role, directory, waiting, restarts }: RunnerOptions, deps: RunnerDeps): ContainerRunner {
  const { clock, note } = deps;
  const slot: Slot = {
    container,
    role,
    state: { waiting: { reason: waiting } },
    last: undefined,
    restarts,
    started: false,
    ready: false,
    id: undefined,
    imageId: "",
  };
  const runtime = deps.runtimeOf(container);
  const gate = imageGate(slot, runtime, deps);
  const history = restartHistory();
  const base = containerDirectory(directory, container.name);
  let instance: ContainerInstance | undefined;
  let health: HealthWatch | undefined;
  let number = restarts;
  let retryAt: number | undefined;
  let programMissing: string | undefined;
  let terminating = false;

  async function ensure(pod: Pod, volumes: ReadonlyMap<string, ReadyVolume>): Promise<void> {
    if (isRunning(slot) || terminating || !wantsToRun(slot, pod)) return;
    if (retryAt !== undefined && clock.now() < retryAt) return;
    const ended = terminated(slot);
    if (ended && putOff(pod, ended)) return;
    retryAt = undefined;
    const passed = gate.pass();
    if (passed) await start(pod, volumes, passed.image);
  }

  /** True when the restart has to wait. */
  function putOff(pod: Pod, ended: Terminated): boolean {
    slot.last = ended;
    slot.restarts += 1;
    number += 1;
    const backOff = history.backOff(container, pod, ended, clock.now());
    // Not `terminated` any more: its end has been counted.
    slot.state = { waiting: backOff ? { reason: "CrashLoopBackOff", message: backOff.message } : { reason: "ContainerCreating" } };
    if (!backOff) return false;
    retryAt = backOff.until;
    note("Warning", "BackOff", backOff.event);
    return true;
  }

  async function start(pod: Pod, volumes: ReadonlyMap<string, ReadyVolume>, image: StoredImage | undefined): Promise<void> {
    try {
      const begun = await startInstance(runtime, { pod, container, volumes, directory, number, image }, deps);
      instance = begun;
      slot.id = begun.id;
      slot.imageId = begun.imageId;
      note("Normal", "Created", `Container created: ${container.name}`);
      running(pod, begun);
    } catch (thrown) {
      notStarted(pod, thrown);
    }
  }

  function running(pod: Pod, begun: ContainerInstance): void {
    slot.state = { running: { startedAt: begun.startedAt } };
    slot.started = role === "init";
    slot.ready = false;
    note("Normal", "Started", `Container started: ${container.name}`);
    forgetOlder();
    void begun.ended.then((end) => ended(begun, end));
    if (terminating) return begun.running.kill();
    if (role !== "init") health = watchHealth(pod, slot, begun, deps);
  }

  function ended(which: ContainerInstance, end: Terminated): void {
    if (which !== instance) return;
    health?.stop();
    history.ended(clock.now() - Date.parse(which.startedAt));
    slot.state = { terminated: end };
    slot.started = false;
    slot.ready = false;
    deps.changed();
  }

  function notStarted(pod: Pod, thrown: unknown): void {
    const failure = startFailure(thrown, clock.now());
    slot.state = failure.state;
    note("Warning", failure.event.reason, failure.event.message);
    if (failure.retryMs !== undefined) return void (retryAt = clock.now() + failure.retryMs);
    if ((pod.spec.restartPolicy ?? "Always") !== "Always") programMissing = failure.programMissing;
    history.ended(0);
  }

  /** The previous log is kept, as in Kubernetes; what is older goes. */
  function forgetOlder(): void {
    for (const path of [logPath(base, number - 2), `${logPath(base, number - 2)}.1`, join(base, `instance-${number - 1}`)]) {
      rmSync(path, { recursive: true, force: true });
    }
  }

  return {
    slot,
    ensure,
    wantsToRun: (pod) => wantsToRun(slot, pod),
    get retryAt() {
      return retryAt ?? gate.retryAt;
    },
    get programMissing() {
      return programMissing;
    },
    get running() {
      return isRunning(slot) ? instance?.running : undefined;
    },
    terminate(graceMs) {
      if (terminating) return;
      terminating = true;
      health?.stop();
      if (!instance || !isRunning(slot)) return;
      note("Normal", "Killing", `Stopping container ${container.name}`);
      void stopGently(container, instance, graceMs, deps);
    },
    kill() {
      terminating = true;
      instance?.running.kill();
    },
    log(previous) {
      const wanted = isRunning(slot) || terminated(slot) ? number : number - 1;
      const which = previous ? (slot.restarts > 0 ? number - 1 : -1) : wanted;
      if (which < 0 || !instance) return undefined;
      return { path: logPath(base, which), live: which === number ? instance.log : undefined };
    },
  };
}
