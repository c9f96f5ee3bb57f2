import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Clock, rfc3339, shortHash } from "../../base/index.ts";
import { makeContainerDirectories, OWN, ownMounts, rewritePaths, volumeMounts } from "./container-mounts.ts";
import { containerLog, type ContainerLog } from "./container-log.ts";
import { commandLine, ConfigError, containerEnvironment, type PodSources } from "./environment.ts";
import { logTail } from "./log-reader.ts";
import type { MemoryLimit, MemoryLimits } from "./memory-limit.ts";
import type { Container, Pod, Terminated } from "./pod-shapes.ts";
import type { ProcessReaper } from "./process-reaper.ts";
import { findProgram, type FoundProgram } from "./program.ts";
import { byteCount } from "./quantity.ts";
import type { Amounts } from "./resources.ts";
import type { ContainerMount } from "./root-plan.ts";
import { rootRefused, runAs } from "./run-as.ts";
import type { HiddenPlace } from "./container-root.ts";
import type { Sandbox } from "./sandbox.ts";
import { type ProcessExit, type RunningProcess, spawnProcess } from "./spawn-process.ts";
import type { ReadyVolume } from "./volumes.ts";

/** The command of a container cannot be found; nothing has been started. */
export class ProgramNotFound extends Error {}

export interface StartDeps {
  readonly clock: Clock;
  readonly sandbox: Sandbox;
  readonly reaper: ProcessReaper;
  readonly memory: MemoryLimits;
  readonly sources: (namespace: string) => PodSources;
  readonly node: Amounts;
  /** PATH for containers, without the prefix an image may bring. */
  readonly hostPath: string;
  /** Directory to put in front of PATH for an image name; undefined when the image is not known. */
  readonly imagePath: (image: string) => string | undefined;
  readonly logBytes: number;
  /** What of this machine a container does not see. */
  readonly hidden?: ((container: Container) => HiddenPlace) | undefined;
}

/** Everything about one start that can be said before a process exists. */
export interface Preparation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly oddNames: readonly (readonly [string, string])[];
  readonly mounts: readonly ContainerMount[];
  readonly workingDir: string;
  readonly program: FoundProgram;
  readonly directories: ReturnType<typeof makeContainerDirectories>;
}

export interface ContainerInstance {
  readonly id: string;
  readonly startedAt: string;
  readonly process: RunningProcess;
  readonly log: ContainerLog;
  readonly preparation: Preparation;
  /** Resolves when every process of the container is gone and its log is complete. */
  readonly ended: Promise<Terminated>;
}

/** Resolves environment, mounts and program. Rejects with ConfigError or ProgramNotFound. */
export async function prepareContainer(
  pod: Pod,
  container: Container,
  volumes: ReadonlyMap<string, ReadyVolume>,
  instance: { readonly directory: string; readonly number: number },
  deps: StartDeps,
): Promise<Preparation> {
  const refused = rootRefused(pod, container);
  if (refused !== undefined) throw new ConfigError(refused);
  const declared = await containerEnvironment({ pod, container, sources: deps.sources(pod.metadata.namespace ?? ""), node: deps.node });
  const directories = makeContainerDirectories(instance.directory, container.name, instance.number);
  const fromVolumes = volumeMounts(container, volumes, declared);
  const mounts = [...fromVolumes, ...ownMounts(container, directories, fromVolumes)];
  const real = deps.sandbox.capability.kind === "namespaces";
  const place = (word: string) => (real ? word : rewritePaths(word, mounts));
  const env: Record<string, string> = {
    ...baseEnvironment(pod, container, directories, deps),
    ...Object.fromEntries([...declared].map(([name, value]) => [name, place(value)])),
  };
  const workingDir = place(container.workingDir || (real ? OWN.work : directories.work));
  const argv = commandLine(container, declared).map(place);
  return {
    argv,
    env,
    oddNames: Object.entries(env).filter(([name]) => !PLAIN_NAME.test(name) || OF_THE_LOADER.test(name)),
    mounts,
    workingDir,
    program: programOf(container, argv, env, workingDir, real ? mounts : []),
    directories,
  };
}

function baseEnvironment(pod: Pod, container: Container, { home, tmp }: { home: string; tmp: string }, deps: StartDeps): Record<string, string> {
  const prefix = deps.imagePath(container.image ?? "");
  const real = deps.sandbox.capability.kind === "namespaces";
  return {
    PATH: prefix === undefined ? deps.hostPath : `${prefix}${delimiter}${deps.hostPath}`,
    HOME: real ? OWN.home : home,
    TMPDIR: real ? OWN.tmp : tmp,
    LANG: "C.UTF-8",
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name ?? "",
  };
}

/** Finds the program of a container on this machine, or says in one sentence what is missing. */
function programOf(
  container: Container,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  workingDir: string,
  mounts: readonly ContainerMount[],
): FoundProgram {
  const [program] = argv;
  if (program === undefined || program === "") {
    throw new ProgramNotFound(
      `container ${container.name} has no command; images are not used on this machine, so the command of image ${container.image ?? ""} must be written out`,
    );
  }
  const found = findProgram(program, env["PATH"] ?? "", workingDir, mounts);
  if (found) return found;
  throw new ProgramNotFound(
    program.includes("/")
      ? `${program} is not a program on this machine (image ${container.image ?? ""} is not used here)`
      : `${program} is not on PATH (image ${container.image ?? ""} is not used on this machine)`,
  );
}

/** Whether a look at the program is possible before the pod's volumes are filled: by name on PATH, or at a path outside every mount. */
export function isFixedProgram(container: Container): boolean {
  const [program = ""] = [...(container.command ?? []), ...(container.args ?? [])];
  if (!program.includes("/")) return !(container.env ?? []).some(({ name }) => name === "PATH") && (container.envFrom ?? []).length === 0;
  return program.startsWith("/") && !(container.volumeMounts ?? []).some(({ mountPath }) => program.startsWith(mountPath));
}

const PLAIN_NAME = /^[A-Za-z_]\w*$/;
/** Variables with which a loader, a C library or a shell runs somebody's code: the launcher, which has more rights than the container, must not see them. */
const OF_THE_LOADER = /^(LD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|LIBMOUNT_.*|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PS4|IFS|CDPATH)$/;

/** What the launcher is started with: everything but what it must not see. */
export function launcherEnvironment({ env, oddNames }: Pick<Preparation, "env" | "oddNames">): Readonly<Record<string, string>> {
  const odd = new Set(oddNames.map(([name]) => name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !odd.has(name)));
}

/** Starts the process of a prepared container. Rejects with LaunchFailed. */
export async function startContainer(pod: Pod, container: Container, number: number, preparation: Preparation, deps: StartDeps): Promise<ContainerInstance> {
  const id = shortHash(`${pod.metadata.uid}/${container.name}/${number}`, 32);
  const { directories, oddNames } = preparation;
  const bytes = container.resources?.limits?.["memory"];
  const limit = deps.memory.limit(id, bytes === undefined ? undefined : byteCount(bytes));
  const log = containerLog({ path: logPath(directories.base, number), clock: deps.clock, maxBytes: deps.logBytes });
  try {
    const launch = deps.sandbox.launch({
      argv: preparation.argv,
      workingDir: preparation.workingDir,
      mounts: preparation.mounts,
      runAs: runAs(pod, container, process.getuid?.() ?? 0),
      directory: directories.base,
      cgroupProcs: limit?.procs,
      oddNames,
      hidden: deps.hidden?.(container),
    });
    const running = await spawnProcess(launch, launcherEnvironment(preparation), log, deps);
    limit?.watch(running.pid, running.kill);
    const startedAt = rfc3339(deps.clock.now());
    const ended = running.exited.then((exit) => conclude({ exit, container, startedAt, id, directories, log, limit, clock: deps.clock }));
    return { id, startedAt, process: running, log, preparation, ended };
  } catch (thrown) {
    log.close();
    limit?.close();
    throw thrown;
  }
}

export const logPath = (containerDirectory: string, number: number): string => join(containerDirectory, `${number}.log`);

interface Ending {
  readonly exit: ProcessExit;
  readonly container: Container;
  readonly startedAt: string;
  readonly id: string;
  readonly directories: Preparation["directories"];
  readonly log: ContainerLog;
  readonly limit: MemoryLimit | undefined;
  readonly clock: Clock;
}

async function conclude({ exit, container, startedAt, id, directories, log, limit, clock }: Ending): Promise<Terminated> {
  log.close();
  const oom = exit.exitCode !== 0 && limit?.exceeded() === true;
  limit?.close();
  const exitCode = oom && exit.signal === undefined ? exit.exitCode : oom ? 137 : exit.exitCode;
  const message = await terminationMessage(container, directories.terminationLog, log.path, exitCode);
  return {
    exitCode,
    reason: oom ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error",
    ...(message === "" ? {} : { message }),
    startedAt,
    finishedAt: rfc3339(clock.now()),
    containerID: `process://${id}`,
  };
}

const MESSAGE_MAX = 4_096;

async function terminationMessage(container: Container, file: string, logFile: string, exitCode: number): Promise<string> {
  const written = head(file, MESSAGE_MAX);
  if (written !== "" || exitCode === 0 || container.terminationMessagePolicy !== "FallbackToLogsOnError") return written;
  return logTail(logFile);
}

/** Without mount namespaces a container can put anything in place of the file: a link is not followed, a fifo not waited for. */
function head(path: string, bytes: number): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return ""; // not the file we made
  }
  try {
    if (!fstatSync(file).isFile()) return "";
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0)).toString("utf8");
  } finally {
    closeSync(file);
  }
}
