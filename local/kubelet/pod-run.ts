import { messageOf, rfc3339 } from "../../base/index.ts";
import { notHonoured } from "./admission.ts";
import type { RunnerDeps } from "./container-runner.ts";
import type { RunningContainer } from "./container-runtime.ts";
import type { LogFile } from "./log-reader.ts";
import { activeDeadline, type Ending, endingOf, evictedEnding, failedEnding, runningOf, stopNext } from "./pod-ending.ts";
import { podChores } from "./pod-chores.ts";
import { podContainers } from "./pod-containers.ts";
import type { Pod, PodStatus } from "./pod-shapes.ts";
import { podStatus } from "./pod-status.ts";
import { type PodVolumes, preparePod, withoutProgram } from "./prepare-pod.ts";
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
  /** The instance of a container that runs now. */
  running(container: string): RunningContainer | undefined;
  readonly pod: Pod;
}

const VOLUME_RETRY_MS = 1_000;
const REMOVED_GRACE_MS = 1_000;

export function podRun(first: Pod, deps: PodRunDeps): PodRun {
  const { clock } = deps;
  let pod = first;
  let volumes: PodVolumes | undefined;
  let ending: Ending | undefined;
  let finished = false;
  let silent = false;
  const chores = podChores(deps);
  let whenStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (whenStopped = resolve));
  const startMs = pod.status?.startTime === undefined ? clock.now() : Date.parse(pod.status.startTime);
  const loop = workLoop(clock, { step, failed: putOff, stepped: report });
  const note = (type: "Normal" | "Warning", reason: string, message: string) => void (silent || deps.note(pod, type, reason, message));
  const containers = podContainers(pod, deps.directory, { ...deps, changed: () => loop.wake(), note });
  const { all } = containers;
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
    await containers.ensure(pod, ready);
    decideToEnd();
    if (ending) return loop.wake();
    const overfull = await chores.run(pod, ready);
    if (overfull === undefined) return schedule(ready);
    note("Warning", "Evicted", overfull);
    ending = evictedEnding(clock.now(), overfull);
    loop.wake();
  }

  function decideToEnd(): void {
    const next = endingOf({ pod, ...containers, startMs, now: clock.now() }, ending);
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
    const runtimes = new Set(all.map(({ slot }) => deps.runtimeOf(slot.container)));
    const ignored = [...new Set([...runtimes].flatMap((runtime) => runtime.ignores(pod))), ...notHonoured(pod)];
    if (ignored.length > 0) note("Normal", "NotHonoured", `without effect on this machine: ${ignored.join(", ")}`);
    // A program that is missing fails the pod before its init containers have worked for nothing.
    await withoutProgram(all, deps)?.ensure(pod, preparation.volumes);
    return preparation.volumes;
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

  /** The next time something happens by itself. */
  function schedule(ready: PodVolumes): void {
    const times = all.flatMap(({ retryAt }) => retryAt ?? []);
    times.push(activeDeadline(pod, startMs) ?? Number.POSITIVE_INFINITY, chores.due(ready) ?? Number.POSITIVE_INFINITY);
    const next = Math.min(...times);
    if (Number.isFinite(next)) loop.wakeIn(Math.max(0, next - clock.now()));
  }

  const named = (container: string) => all.find(({ slot }) => slot.container.name === container);

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
    log: (container, previous) => named(container)?.log(previous),
    running: (container) => named(container)?.running,
  };
}
