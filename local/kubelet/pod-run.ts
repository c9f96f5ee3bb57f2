import { join } from "node:path";
import { messageOf, rfc3339 } from "../../base/index.ts";
import { notHonoured, unsupported } from "./admission.ts";
import { containerRunner, type RunnerDeps } from "./container-runner.ts";
import { isFixedProgram } from "./container-start.ts";
import { UnknownField } from "./downward.ts";
import type { LogFile } from "./log-reader.ts";
import { type Container, isSidecar, type Pod, type PodCondition, type PodStatus } from "./pod-shapes.ts";
import { isInitialised, isRunning, podStatus, type PodView, terminated } from "./pod-status.ts";
import { findProgram } from "./program.ts";
import { VolumeNotReady } from "./volume-files.ts";
import { diskUsage, makeVolumes, type ReadyVolume } from "./volumes.ts";

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

interface Ending {
  readonly deadlineMs: number;
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly conditions?: readonly PodCondition[];
}

const VOLUME_RETRY_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const DISK_CHECK_MS = 10_000;
const REMOVED_GRACE_MS = 1_000;

export function podRun(first: Pod, deps: PodRunDeps): PodRun {
  const { clock } = deps;
  let pod = first;
  let volumes: ReadonlyMap<string, ReadyVolume> | undefined;
  let ending: Ending | undefined;
  let finished = false;
  let silent = false;
  let working = false;
  let again = false;
  let failures = 0;
  let cancelTimer: () => void = () => undefined;
  let nextDiskCheck = clock.now() + DISK_CHECK_MS;
  let whenStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (whenStopped = resolve));
  const startMs = pod.status?.startTime === undefined ? clock.now() : Date.parse(pod.status.startTime);
  const startTime = rfc3339(startMs);
  const runnerDeps: RunnerDeps = { ...deps, changed: wake, note: (type, reason, message) => void (silent || deps.note(pod, type, reason, message)) };
  const runner = (container: Container, init: boolean) => {
    const role = !init ? "main" : isSidecar(container) ? "sidecar" : "init";
    const before = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(({ name }) => name === container.name);
    const waiting = (pod.spec.initContainers ?? []).length > 0 ? "PodInitializing" : "ContainerCreating";
    return containerRunner(container, role, deps.directory, waiting, before && "running" in before.state ? before.restartCount + 1 : 0, runnerDeps);
  };
  const inits = (pod.spec.initContainers ?? []).map((container) => runner(container, true));
  const mains = pod.spec.containers.map((container) => runner(container, false));
  const all = [...inits, ...mains];
  wake();

  function wake(): void {
    again = true;
    if (!working && !finished) void work();
  }

  async function work(): Promise<void> {
    working = true;
    while (again && !finished) {
      again = false;
      try {
        await step();
        failures = 0;
      } catch (thrown) {
        putOff(thrown);
      }
      report();
    }
    working = false;
  }

  /** The API or the disk failed us, which is not the pod's fault: look again later. */
  function putOff(thrown: unknown): void {
    failures += 1;
    if (!silent) deps.note(pod, "Warning", "FailedSync", `Error syncing pod: ${messageOf(thrown)}`);
    deps.failed(pod, thrown);
    cancelTimer();
    cancelTimer = clock.after(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)), wake);
  }

  function report(): void {
    if (!silent) deps.report(pod, podStatus(view(), clock.now()));
    if (finished) deps.ended(pod);
  }

  function view(): PodView {
    return {
      pod,
      slots: all.map(({ slot }) => slot),
      startTime,
      prepared: volumes !== undefined,
      ended: finished,
      failure: ending?.failure,
      extraConditions: ending?.conditions ?? [],
    };
  }

  async function step(): Promise<void> {
    cancelTimer();
    decideToEnd();
    if (ending) return end(ending);
    if (!volumes && !(await prepare())) return;
    if (await initialise()) await Promise.all(mains.map((main) => main.ensure(pod, volumes ?? new Map())));
    decideToEnd();
    if (ending) return void (again = true);
    await checkDisks();
    schedule();
  }

  /** Looks for a reason to stop, the weightiest first. */
  function decideToEnd(): void {
    const now = clock.now();
    if (pod.metadata.deletionTimestamp !== undefined) {
      const grace = (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
      const deadlineMs = Math.min(ending?.deadlineMs ?? Number.POSITIVE_INFINITY, now + grace);
      ending = { ...ending, deadlineMs };
    }
    if (ending) return;
    const { activeDeadlineSeconds } = pod.spec;
    if (activeDeadlineSeconds !== undefined && now >= startMs + activeDeadlineSeconds * 1000) {
      ending = fail("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
      return deps.note(pod, "Normal", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
    }
    const missing = all.find((each) => each.programMissing !== undefined);
    if (missing) ending = fail("ProgramNotFound", missing.programMissing ?? "");
    else if (isDone()) ending = { deadlineMs: now + graceMs() };
  }

  /** An init container failed for good, or every main container has ended for good. */
  function isDone(): boolean {
    const failedInit = inits.some(({ slot, wantsToRun }) => slot.role === "init" && terminated(slot) && !isInitialised(slot) && !wantsToRun(pod));
    return failedInit || mains.every(({ slot, wantsToRun }) => terminated(slot) && !wantsToRun(pod));
  }

  function graceMs(): number {
    return (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  function fail(reason: string, message: string, grace = graceMs(), conditions: readonly PodCondition[] = []): Ending {
    return { deadlineMs: clock.now() + grace, failure: { reason, message }, conditions };
  }

  /** Volumes, and a first look at every program that can be looked at. True when containers may start. */
  async function prepare(): Promise<boolean> {
    const problems = unsupported(pod);
    if (problems.length > 0) {
      deps.note(pod, "Warning", "Unsupported", problems.join("; "));
      ending = fail("Unsupported", problems.join("; "));
      return (void (again = true), false);
    }
    try {
      volumes = await makeVolumes(join(deps.directory, "volumes"), { pod, sources: deps.sources(pod.metadata.namespace ?? ""), node: deps.node });
    } catch (thrown) {
      if (!(thrown instanceof VolumeNotReady || thrown instanceof UnknownField)) throw thrown;
      deps.note(pod, "Warning", "FailedMount", `MountVolume.SetUp failed: ${thrown.message}`);
      cancelTimer = clock.after(VOLUME_RETRY_MS, wake);
      return false;
    }
    const ignored = notHonoured(pod);
    if (ignored.length > 0) deps.note(pod, "Normal", "NotHonoured", `without effect on this machine: ${ignored.join(", ")}`);
    return lookForPrograms();
  }

  /** A main container whose program is missing fails the pod before its init containers have worked for nothing. */
  async function lookForPrograms(): Promise<boolean> {
    for (const { slot } of all) {
      const [program] = [...(slot.container.command ?? []), ...(slot.container.args ?? [])];
      if (program === undefined || !isFixedProgram(slot.container)) continue;
      if (findProgram(program, pathFor(slot.container), "/", [])) continue;
      await all.find((each) => each.slot === slot)?.ensure(pod, volumes ?? new Map());
      return (void (again = true), false);
    }
    return true;
  }

  function pathFor(container: Container): string {
    const prefix = deps.imagePath(container.image ?? "");
    return prefix === undefined ? deps.hostPath : `${prefix}:${deps.hostPath}`;
  }

  /** Starts the next init container or sidecar whose turn it is. True when main containers may start. */
  async function initialise(): Promise<boolean> {
    for (const init of inits) {
      if (init.slot.role === "init" && isInitialised(init.slot)) continue;
      await init.ensure(pod, volumes ?? new Map());
      if (!isInitialised(init.slot)) return mains.some(({ slot }) => isRunning(slot));
    }
    return true;
  }

  /** Main containers first, then sidecars, the last started first; at the deadline everything at once. */
  function end({ deadlineMs }: Ending): void {
    const left = deadlineMs - clock.now();
    const running = all.filter(({ slot }) => isRunning(slot));
    if (running.length === 0) return finish();
    if (left <= 0) for (const each of running) each.kill();
    const ordinary = running.filter(({ slot }) => slot.role !== "sidecar");
    const next = ordinary.length > 0 ? ordinary : running.slice(-1);
    for (const each of next) each.terminate(Math.max(0, left));
    if (left > 0) cancelTimer = clock.after(left, wake);
  }

  function finish(): void {
    finished = true;
    cancelTimer();
    whenStopped();
  }

  async function checkDisks(): Promise<void> {
    if (clock.now() < nextDiskCheck) return;
    nextDiskCheck = clock.now() + DISK_CHECK_MS;
    for (const volume of volumes?.values() ?? []) {
      if (volume.limitBytes === undefined || (await diskUsage(volume.path)) <= volume.limitBytes) continue;
      const limit = pod.spec.volumes?.find(({ name }) => name === volume.name)?.emptyDir?.sizeLimit;
      const message = `Usage of EmptyDir volume "${volume.name}" exceeds the limit "${limit}". `;
      deps.note(pod, "Warning", "Evicted", message);
      ending = fail("Evicted", message, 0, [{ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message }]);
      again = true;
    }
  }

  /** The next time something happens by itself. */
  function schedule(): void {
    if (finished || again) return;
    const times = all.flatMap(({ retryAt }) => retryAt ?? []);
    const { activeDeadlineSeconds } = pod.spec;
    if (activeDeadlineSeconds !== undefined) times.push(startMs + activeDeadlineSeconds * 1000);
    if ([...(volumes?.values() ?? [])].some(({ limitBytes }) => limitBytes !== undefined)) times.push(nextDiskCheck);
    if (times.length > 0) cancelTimer = clock.after(Math.max(0, Math.min(...times) - clock.now()), wake);
  }

  return {
    get pod() {
      return pod;
    },
    update(newer) {
      pod = newer;
      wake();
    },
    remove() {
      silent = true;
      ending = { deadlineMs: clock.now() + REMOVED_GRACE_MS };
      wake();
    },
    async shutdown(graceMs) {
      silent = true;
      ending = { deadlineMs: clock.now() + graceMs };
      wake();
      await stopped;
    },
    log: (container, previous) => all.find(({ slot }) => slot.container.name === container)?.log(previous),
  };
}
