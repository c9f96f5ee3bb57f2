import { rm } from "node:fs/promises";
import type { Clock } from "../../base/index.ts";
import type { HiddenPlace } from "./container-root.ts";
import type { ContainerRequest, ContainerRuntime, RunningContainer } from "./container-runtime.ts";
import { LaunchFailed, ProgramNotFound } from "./runtime-errors.ts";
import { LeadsOut } from "./inside.ts";
import { launcherEnvironment } from "./launcher-environment.ts";
import type { MemoryLimits } from "./memory-limit.ts";
import type { Container, Pod } from "./pod-shapes.ts";
import { execInContainer } from "./process-exec.ts";
import { pathFor, type PlanDeps, planProcess, type ProcessPlan } from "./process-plan.ts";
import { killLeftovers, type ProcessReaper } from "./process-reaper.ts";
import { findProgram, type FoundProgram, isFixedProgram } from "./program.ts";
import { byteCount } from "./quantity.ts";
import { type ProcessExit, spawnProcess } from "./spawn-process.ts";

export interface ProcessRuntimeDeps extends PlanDeps {
  readonly clock: Clock;
  readonly reaper: ProcessReaper;
  readonly memory: MemoryLimits;
  /** Where the reaper keeps its records. */
  readonly processes: string;
  /** What of this machine a container does not see. */
  readonly hidden: ((container: Container) => HiddenPlace) | undefined;
  /** What a person can do about a program that is not here. */
  readonly waysOut: ((image: string) => Promise<string>) | undefined;
  /** Which program runs in place of an image. */
  readonly programFound: (pod: Pod, container: Container, program: FoundProgram) => void;
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
  const plan = await planOrAdvice(request, deps);
  deps.programFound(pod, container, plan.program);
  const bytes = container.resources?.limits?.["memory"];
  const limit = deps.memory.limit(id, bytes === undefined ? undefined : byteCount(bytes));
  try {
    const launch = deps.sandbox.launch({
      ...plan,
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

async function planOrAdvice(request: ContainerRequest, deps: ProcessRuntimeDeps): Promise<ProcessPlan> {
  try {
    return planProcess(request, deps);
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound) || !deps.waysOut) throw thrown;
    throw new ProgramNotFound(`${thrown.message}: ${await deps.waysOut(request.container.image ?? "")}`, { cause: thrown });
  }
}

/** A program may have survived the end of its child and have an exit code of its own. */
const oomCode = ({ exitCode, signal }: ProcessExit): number => (signal === undefined ? exitCode : 137);
