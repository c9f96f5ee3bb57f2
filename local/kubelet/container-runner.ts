import { rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf, rfc3339 } from "../../base/index.ts";
import { type ContainerInstance, logPath, type Preparation, prepareContainer, ProgramNotFound, type StartDeps, startContainer } from "./container-start.ts";
import { ConfigError } from "./environment.ts";
import type { LogFile } from "./log-reader.ts";
import { type Container, isSidecar, type Pod, type Terminated } from "./pod-shapes.ts";
import { isRunning, type Role, type Slot, terminated } from "./pod-status.ts";
import { runHook, runProbes } from "./probes.ts";
import { FORGIVE_MS, restartDelay } from "./restart-delay.ts";
import { LeadsOut } from "./inside.ts";
import { LaunchFailed } from "./spawn-process.ts";
import type { ReadyVolume } from "./volumes.ts";

export interface RunnerDeps extends StartDeps {
  /** Something changed: look at the pod again. */
  readonly changed: () => void;
  readonly note: (type: "Normal" | "Warning", reason: string, message: string) => void;
  readonly programFound: (container: Container, preparation: Preparation) => void;
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
}

const CONFIG_RETRY_MS = 2_000;

/** `directory` is the pod's; `restarts` continues the count of an earlier node instance. */
export function containerRunner(container: Container, role: Role, directory: string, waiting: string, restarts: number, deps: RunnerDeps): ContainerRunner {
  const slot: Slot = { container, role, state: { waiting: { reason: waiting } }, last: undefined, restarts, started: false, ready: false, id: undefined };
  let instance: ContainerInstance | undefined;
  let number = restarts;
  let ends = 0;
  let retryAt: number | undefined;
  let programMissing: string | undefined;
  let terminating = false;
  let stopProbes = new AbortController();

  const policy = (pod: Pod) => (isSidecar(container) ? "Always" : (pod.spec.restartPolicy ?? "Always"));

  function wantsToRun(pod: Pod): boolean {
    if (isRunning(slot)) return true;
    const ended = terminated(slot);
    if (!ended) return true;
    if (role === "init") return ended.exitCode !== 0 && policy(pod) !== "Never";
    return policy(pod) === "Always" || (policy(pod) === "OnFailure" && ended.exitCode !== 0);
  }

  async function ensure(pod: Pod, volumes: ReadonlyMap<string, ReadyVolume>): Promise<void> {
    if (isRunning(slot) || terminating || !wantsToRun(pod)) return;
    if (retryAt !== undefined && deps.clock.now() < retryAt) return;
    const ended = terminated(slot);
    if (ended && backOff(pod, ended)) return;
    retryAt = undefined;
    await start(pod, volumes);
  }

  /** True when the restart has to wait. */
  function backOff(pod: Pod, ended: Terminated): boolean {
    slot.last = ended;
    slot.restarts += 1;
    number += 1;
    const delay = restartDelay(ends);
    const due = Date.parse(ended.finishedAt ?? "") + delay;
    if (delay === 0 || due <= deps.clock.now()) return false;
    const name = `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
    const message = `back-off ${formatSeconds(delay)} restarting failed container=${container.name} pod=${name}`;
    slot.state = { waiting: { reason: "CrashLoopBackOff", message } };
    retryAt = due;
    deps.note("Warning", "BackOff", `Back-off restarting failed container ${container.name} in pod ${name}`);
    return true;
  }

  async function start(pod: Pod, volumes: ReadonlyMap<string, ReadyVolume>): Promise<void> {
    try {
      const preparation = await prepareContainer(pod, container, volumes, { directory, number }, deps);
      deps.programFound(container, preparation);
      instance = await startContainer(pod, container, number, preparation, deps);
      slot.id = instance.id;
      deps.note("Normal", "Created", `Container created: ${container.name}`);
      running(pod, instance);
    } catch (thrown) {
      notStarted(pod, thrown);
    }
  }

  function running(pod: Pod, begun: ContainerInstance): void {
    slot.state = { running: { startedAt: begun.startedAt } };
    slot.started = false;
    slot.ready = false;
    deps.note("Normal", "Started", `Container started: ${container.name}`);
    forgetOlder();
    void begun.ended.then((end) => ended(begun, end));
    if (terminating) return begun.process.kill();
    if (role === "init") slot.started = true;
    else begin(pod, begun);
  }

  /** postStart first; the probes count from its end. */
  function begin(pod: Pod, begun: ContainerInstance): void {
    stopProbes = new AbortController();
    const hook = container.lifecycle?.postStart;
    if (!hook) return watchHealth(pod, begun);
    void runHook(hook, container, begun, 600_000, deps).then((problem) => {
      if (instance !== begun || !isRunning(slot)) return;
      if (problem === undefined) return watchHealth(pod, begun);
      deps.note("Warning", "FailedPostStartHook", `PostStartHook failed: ${problem}`);
      begun.process.kill();
    });
  }

  function watchHealth(pod: Pod, begun: ContainerInstance): void {
    const graceMs = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    const listener = {
      started: () => void (slot.started = true),
      ready: (isReady: boolean) => {
        slot.ready = isReady;
        deps.changed();
      },
      unhealthy: (kind: string) => {
        deps.note("Normal", "Killing", `Container ${container.name} failed ${kind.toLowerCase()} probe, will be restarted`);
        begun.process.signal("SIGTERM");
        const cancel = deps.clock.after(graceMs, begun.process.kill);
        void begun.ended.then(cancel);
      },
      failed: (_kind: string, message: string) => deps.note("Warning", "Unhealthy", message),
    };
    runProbes(container, begun, listener, deps, stopProbes.signal);
    deps.changed();
  }

  function ended(which: ContainerInstance, end: Terminated): void {
    if (which !== instance) return;
    stopProbes.abort();
    const ranMs = deps.clock.now() - Date.parse(which.startedAt);
    ends = ranMs >= FORGIVE_MS ? 1 : ends + 1;
    slot.state = { terminated: end };
    slot.started = false;
    slot.ready = false;
    deps.changed();
  }

  function notStarted(pod: Pod, thrown: unknown): void {
    const message = messageOf(thrown);
    const now = rfc3339(deps.clock.now());
    if (thrown instanceof ConfigError) {
      slot.state = { waiting: { reason: "CreateContainerConfigError", message } };
      retryAt = deps.clock.now() + CONFIG_RETRY_MS;
      return deps.note("Warning", "Failed", `Error: ${message}`);
    }
    const missing = thrown instanceof ProgramNotFound;
    if (!missing && !(thrown instanceof LaunchFailed || thrown instanceof LeadsOut)) throw thrown;
    deps.note("Warning", missing ? "ProgramNotFound" : "Failed", missing ? message : `Error: ${message}`);
    if (missing && (pod.spec.restartPolicy ?? "Always") !== "Always") programMissing = message;
    ends += 1;
    slot.state = {
      terminated: { exitCode: missing ? 127 : 128, reason: missing ? "ProgramNotFound" : "StartError", message, startedAt: now, finishedAt: now },
    };
  }

  /** The previous log is kept, as in Kubernetes; what is older goes. */
  function forgetOlder(): void {
    const base = join(directory, "containers", container.name);
    for (const path of [logPath(base, number - 2), `${logPath(base, number - 2)}.1`, join(base, `instance-${number - 1}`)]) {
      rmSync(path, { recursive: true, force: true });
    }
  }

  return {
    slot,
    ensure,
    wantsToRun,
    get retryAt() {
      return retryAt;
    },
    get programMissing() {
      return programMissing;
    },
    terminate(graceMs) {
      if (terminating) return;
      terminating = true;
      stopProbes.abort();
      const current = instance;
      if (!current || !isRunning(slot)) return;
      deps.note("Normal", "Killing", `Stopping container ${container.name}`);
      const hook = container.lifecycle?.preStop;
      if (!hook) return current.process.signal("SIGTERM");
      void runHook(hook, container, current, graceMs, deps).then((problem) => {
        if (problem !== undefined) deps.note("Warning", "FailedPreStopHook", `PreStopHook failed: ${problem}`);
        current.process.signal("SIGTERM");
      });
    },
    kill() {
      terminating = true;
      instance?.process.kill();
    },
    log(previous) {
      const base = join(directory, "containers", container.name);
      const wanted = isRunning(slot) || terminated(slot) ? number : number - 1;
      const which = previous ? (slot.restarts > 0 ? number - 1 : -1) : wanted;
      if (which < 0 || !instance) return undefined;
      return { path: logPath(base, which), live: which === number ? instance.log : undefined };
    },
  };
}

function formatSeconds(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes > 0 ? `${minutes}m${(ms % 60_000) / 1000}s` : `${ms / 1000}s`;
}
