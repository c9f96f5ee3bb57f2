import { rm } from "node:fs/promises";
import { delimiter } from "node:path";
import type { Clock } from "../../base/index.ts";
import type { HiddenPlace } from "./container-root.ts";
import { OWN, ownMounts, rewritePaths } from "./container-mounts.ts";
import { type ContainerRequest, type ContainerRuntime, LaunchFailed, type RunningContainer } from "./container-runtime.ts";
import { LeadsOut } from "./inside.ts";
import { launchedEnvironment, type LaunchedEnvironment, launcherEnvironment } from "./launcher-environment.ts";
import type { MemoryLimits } from "./memory-limit.ts";
import type { Container, Pod } from "./pod-shapes.ts";
import { execInContainer } from "./process-exec.ts";
import { killLeftovers, type ProcessReaper } from "./process-reaper.ts";
import { findProgram, type FoundProgram, isFixedProgram, programOf } from "./program.ts";
import { byteCount } from "./quantity.ts";
import type { ContainerMount } from "./root-plan.ts";
import { runAs } from "./run-as.ts";
import type { Sandbox } from "./sandbox.ts";
import { type ProcessExit, spawnProcess } from "./spawn-process.ts";

export interface ProcessRuntimeDeps {
  readonly clock: Clock;
  readonly sandbox: Sandbox;
  readonly reaper: ProcessReaper;
  readonly memory: MemoryLimits;
  /** Where the reaper keeps its records. */
  readonly processes: string;
  /** PATH for containers, without the prefix an image may bring. */
  readonly hostPath: string;
  /** Directory to put in front of PATH for an image name; undefined when the image is not known. */
  readonly imagePath: (image: string) => string | undefined;
  /** What of this machine a container does not see. */
  readonly hidden: ((container: Container) => HiddenPlace) | undefined;
  /** Which program runs in place of an image. */
  readonly programFound: (pod: Pod, container: Container, program: FoundProgram) => void;
}

/** Everything about one start that can be said before a process exists. */
export interface ProcessPlan extends LaunchedEnvironment {
  readonly argv: readonly string[];
  readonly mounts: readonly ContainerMount[];
  readonly workingDir: string;
  readonly program: FoundProgram;
}

const NO_EFFECT = ["readOnlyRootFilesystem", "privileged", "capabilities", "seccompProfile", "seLinuxOptions", "appArmorProfile"];

/** Containers as processes of this machine: images are not used, a program of this machine runs instead. */
export function processRuntime(deps: ProcessRuntimeDeps): ContainerRuntime {
  return {
    scheme: "process",
    lacksProgram(container) {
      const [program] = [...(container.command ?? []), ...(container.args ?? [])];
      return program !== undefined && isFixedProgram(container) && !findProgram(program, pathFor(container, deps), "/", []);
    },
    start: (request) => startProcess(request, deps),
    ignores({ spec }) {
      const containers = [...(spec.initContainers ?? []), ...spec.containers];
      return [
        ...NO_EFFECT.filter((field) => containers.some(({ securityContext }) => securityContext?.[field])).map((field) => `securityContext.${field}`),
        ...(containers.some(({ resources }) => resources?.limits?.["cpu"] !== undefined) ? ["resources.limits.cpu"] : []),
        ...(containers.some(({ tty, stdin }) => tty || stdin) ? ["tty and stdin"] : []),
      ];
    },
    async removeFiles(directories) {
      await Promise.all(directories.map((path) => rm(path, { recursive: true, force: true })));
    },
    removeLeftovers: async () => killLeftovers(deps.processes),
    close: () => deps.reaper.close(),
  };
}

async function startProcess(request: ContainerRequest, deps: ProcessRuntimeDeps): Promise<RunningContainer> {
  const { pod, container, directories, id, output } = request;
  const plan = planProcess(request, deps);
  deps.programFound(pod, container, plan.program);
  const bytes = container.resources?.limits?.["memory"];
  const limit = deps.memory.limit(id, bytes === undefined ? undefined : byteCount(bytes));
  try {
    const launch = deps.sandbox.launch({
      ...plan,
      runAs: runAs(pod, container, process.getuid?.() ?? 0),
      directory: directories.base,
      cgroupProcs: limit?.procs,
      hidden: deps.hidden?.(container),
    });
    const running = await spawnProcess(launch, launcherEnvironment(plan), output, deps);
    limit?.watch(running.pid, running.kill);
    const exited = running.exited.then((exit) => {
      const outOfMemory = exit.exitCode !== 0 && limit?.exceeded() === true;
      limit?.close();
      return { ...exit, exitCode: outOfMemory ? oomCode(exit) : exit.exitCode, outOfMemory };
    });
    return { id, imageId: "", exited, signal: running.signal, kill: running.kill, exec: (command) => execInContainer(running, plan, command, deps) };
  } catch (thrown) {
    limit?.close();
    throw thrown instanceof LeadsOut ? new LaunchFailed(thrown.message, { cause: thrown }) : thrown;
  }
}

/** A program may have survived the end of its child and have an exit code of its own. */
const oomCode = ({ exitCode, signal }: ProcessExit): number => (signal === undefined ? exitCode : 137);

function pathFor({ image = "" }: Container, { imagePath, hostPath }: ProcessRuntimeDeps): string {
  const prefix = imagePath(image);
  return prefix === undefined ? hostPath : `${prefix}${delimiter}${hostPath}`;
}

/** Rejects with ConfigError or ProgramNotFound. */
function planProcess({ pod, container, directories, env: declared, mounts: volumes, ...words }: ContainerRequest, deps: ProcessRuntimeDeps): ProcessPlan {
  const real = deps.sandbox.capability.kind === "namespaces";
  const mounts = [...volumes, ...ownMounts(container, directories, volumes)];
  const place = (word: string) => (real ? word : rewritePaths(word, mounts));
  const env: Record<string, string> = {
    PATH: pathFor(container, deps),
    HOME: real ? OWN.home : directories.home,
    TMPDIR: real ? OWN.tmp : directories.tmp,
    LANG: "C.UTF-8",
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name ?? "",
    ...Object.fromEntries([...declared].map(([name, value]) => [name, place(value)])),
  };
  const workingDir = place(container.workingDir || (real ? OWN.work : directories.work));
  const argv = [...words.command, ...words.args].map(place);
  return {
    ...launchedEnvironment(env),
    argv,
    mounts,
    workingDir,
    program: programOf(container, argv, env["PATH"] ?? "", workingDir, real ? mounts : []),
  };
}
