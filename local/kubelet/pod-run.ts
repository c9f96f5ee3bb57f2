import { messageOf, rfc3339 } from "../../base/index.ts";
import { notHonoured } from "./admission.ts";
import { containerRunner, type RunnerDeps } from "./container-runner.ts";
import type { LogFile } from "./log-reader.ts";
import { activeDeadline, type Ending, endingOf, evictedEnding, failedEnding, runningOf, stopNext } from "./pod-ending.ts";
import { type Container, isSidecar, type Pod, type PodStatus } from "./pod-shapes.ts";
import { isInitialised, isRunning, podStatus } from "./pod-status.ts";
import { isLimited, overfull, type PodVolumes, preparePod, withoutProgram } from "./prepare-pod.ts";
import { workLoop } from "./work-loop.ts";

export interface PodRunDeps extends Omit<RunnerDeps, "changed" | "note"> {
  /** Directory of this pod, its own. */
  readonly directory: string;
  readonly note: (pod: Pod, type: "Normal" | "Warning", reason: string, message: string) => void;
  /** The newest status; called only when something may have changed. */
  readonly report: (pod: Pod, status: PodStatus) => void;
  /** Nothing runs any more and the last status has been reported. */
  readonly ended: (pod: Pod) => void;
  readonly failed: (pod: Pod, thrown: unknown) => void;
}

/** One pod from its first container to the end of its last. */
export interface PodRun {
  /** A newer version of the object. */
  update(pod: Pod): void;
  /** The object is gone: everything stops, with a second to do so. */
  remove(): void;
  /** This program ends: SIGTERM, SIGKILL after `graceMs`; nothing is reported. Resolves when no process is left. */
  shutdown(graceMs: number): Promise<void>;
  log(container: string, previous: boolean): LogFile | undefined;
  readonly pod: Pod;
}

const VOLUME_RETRY_MS = 1_000;
const DISK_CHECK_MS = 10_000;
const REMOVED_GRACE_MS = 1_000;

/** The runners of a pod's containers. One that ran before this program began counts that as a restart. */
function runnersOf(pod: Pod, directory: string, deps: RunnerDeps) {
  const earlier = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const waiting = (pod.spec.initContainers ?? []).length > 0 ? "PodInitializing" : "ContainerCreating";
  const runner = (container: Container, init: boolean) => {
    const role = !init ? "main" : isSidecar(container) ? "sidecar" : "init";
    const before = earlier.find(({ name }) => name === container.name);
    return containerRunner(container, role, directory, waiting, before && "running" in before.state ? before.restartCount + 1 : 0, deps);
  };
  const inits = (pod.spec.initContainers ?? []).map((container) => runner(container, true));
  const mains = pod.spec.containers.map((container) => runner(container, false));
  return { inits, mains, all: [...inits, ...mains] };
}

export function podRun(first: Pod, deps: PodRunDeps): PodRun {
  const { clock } = deps;
  let pod = first;
  let volumes: PodVolumes | undefined;
  let ending: Ending | undefined;
  let finished = false;
  let silent = false;
  let nextDiskCheck = clock.now() + DISK_CHECK_MS;
  let whenStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (whenStopped = resolve));
  const startMs = pod.status?.startTime === undefined ? clock.now() : Date.parse(pod.status.startTime);
  const loop = workLoop(clock, { step, failed: putOff, stepped: report });
  const note = (type: "Normal" | "Warning", reason: string, message: string) => void (silent || deps.note(pod, type, reason, message));
  const { inits, mains, all } = runnersOf(pod, deps.directory, { ...deps, changed: () => loop.wake(), note });
  loop.wake();

  /** The API or the disk failed us, which is not the pod's fault. */
  function putOff(thrown: unknown): void {
    note("Warning", "FailedSync", `Error syncing pod: ${messageOf(thrown)}`);
    deps.failed(pod, thrown);
  }

  function report(): void {
    if (!silent) {
      const startTime = rfc3339(startMs);
      const { failure, conditions: extraConditions = [] } = ending ?? {};
      const view = { pod, slots: all.map(({ slot }) => slot), startTime, prepared: volumes !== undefined, ended: finished, failure, extraConditions };
      deps.report(pod, podStatus(view, clock.now()));
    }
    if (finished) deps.ended(pod);
  }

  async function step(): Promise<void> {
    decideToEnd();
    if (ending) return end(ending);
    if (!volumes) {
      volumes = await prepare();
      decideToEnd();
    }
    if (ending) return loop.wake();
    if (volumes) await goOn(volumes);
  }

  /** Starts what is to run and makes the next appointment. */
  async function goOn(ready: PodVolumes): Promise<void> {
    if (await initialise(ready)) await Promise.all(mains.map((main) => main.ensure(pod, ready)));
    decideToEnd();
    if (ending) return loop.wake();
    await checkDisks(ready);
    schedule(ready);
  }

  function decideToEnd(): void {
    const next = endingOf({ pod, inits, mains, startMs, now: clock.now() }, ending);
    if (!ending && next?.failure?.reason === "DeadlineExceeded") note("Normal", "DeadlineExceeded", next.failure.message);
    ending = next;
  }

  /** Volumes, and a first look at every program that can be looked at. Undefined when containers may not start yet. */
  async function prepare(): Promise<PodVolumes | undefined> {
    const preparation = await preparePod(pod, deps);
    if (preparation.kind === "refused") {
      note("Warning", "Unsupported", preparation.message);
      ending = failedEnding({ pod, now: clock.now() }, "Unsupported", preparation.message);
      return undefined;
    }
    if (preparation.kind === "later") {
      note("Warning", "FailedMount", `MountVolume.SetUp failed: ${preparation.message}`);
      return void loop.wakeIn(VOLUME_RETRY_MS);
    }
    const ignored = notHonoured(pod);
    if (ignored.length > 0) note("Normal", "NotHonoured", `without effect on this machine: ${ignored.join(", ")}`);
    // A program that is missing fails the pod before its init containers have worked for nothing.
    await withoutProgram(all, deps)?.ensure(pod, preparation.volumes);
    return preparation.volumes;
  }

  /** Starts the next init container or sidecar whose turn it is. True when main containers may start. */
  async function initialise(ready: PodVolumes): Promise<boolean> {
    for (const init of inits) {
      if (init.slot.role === "init" && isInitialised(init.slot)) continue;
      await init.ensure(pod, ready);
      if (!isInitialised(init.slot)) return mains.some(({ slot }) => isRunning(slot));
    }
    return true;
  }

  function end({ deadlineMs }: Ending): void {
    const left = deadlineMs - clock.now();
    const running = runningOf(all);
    if (running.length === 0) return finish();
    stopNext(running, left);
    if (left > 0) loop.wakeIn(left);
  }

  function finish(): void {
    finished = true;
    loop.stop();
    whenStopped();
  }

  async function checkDisks(ready: PodVolumes): Promise<void> {
    if (clock.now() < nextDiskCheck) return;
    nextDiskCheck = clock.now() + DISK_CHECK_MS;
    const message = await overfull(pod, ready);
    if (message === undefined) return;
    note("Warning", "Evicted", message);
    ending = evictedEnding(clock.now(), message);
    loop.wake();
  }

  /** The next time something happens by itself. */
  function schedule(ready: PodVolumes): void {
    const times = all.flatMap(({ retryAt }) => retryAt ?? []);
    times.push(activeDeadline(pod, startMs) ?? Number.POSITIVE_INFINITY, isLimited(ready) ? nextDiskCheck : Number.POSITIVE_INFINITY);
    const next = Math.min(...times);
    if (Number.isFinite(next)) loop.wakeIn(Math.max(0, next - clock.now()));
  }

  /** Stops everything; the API does not want to hear of it any more. */
  function stopUnheard(graceMs: number): void {
    silent = true;
    ending = { deadlineMs: clock.now() + graceMs };
    loop.wake();
  }

  return {
    get pod() {
      return pod;
    },
    update(newer) {
      pod = newer;
      loop.wake();
    },
    remove: () => stopUnheard(REMOVED_GRACE_MS),
    async shutdown(graceMs) {
      stopUnheard(graceMs);
      await stopped;
    },
    log: (container, previous) => all.find(({ slot }) => slot.container.name === container)?.log(previous),
  };
}
