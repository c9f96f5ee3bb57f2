import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type Clock, messageOf, shortHash } from "../../../base/index.ts";
import type { ContainerRequest, ContainerRuntime, RunningContainer } from "../container-runtime.ts";
import { CreateFailed } from "../runtime-errors.ts";
import { memoryLimits } from "../memory-limit.ts";
import type { Container, Pod } from "../pod-shapes.ts";
import { byteCount } from "../quantity.ts";
import { askEngine, complaint, type ContainerEngine } from "./container-engine.ts";
import { createCommand, refusedRights } from "./create-arguments.ts";
import { startContainer } from "./engine-container.ts";
import { kernelKills, type MemoryWatch } from "./kernel-kills.ts";
import { engineImages } from "./engine-images.ts";
import { engineWatchdog } from "./engine-watchdog.ts";

export interface EngineRuntimeDeps {
  readonly engine: ContainerEngine;
  readonly clock: Clock;
  /** Tells this kubelet's containers from those of another. */
  readonly stateDir: string;
  /** What of this machine a container sees at its own path; made when it is not there. */
  readonly sees: ((container: Container) => readonly string[]) | undefined;
}

const NODE_LABEL = "flyteops.node";
const START_LABEL = "flyteops.start";

/** Containers of docker or podman, from their images. */
export function engineRuntime(deps: EngineRuntimeDeps): ContainerRuntime {
  const { engine, clock, stateDir } = deps;
  const node = `${NODE_LABEL}=${stateDir}`;
  const start = shortHash(`${process.pid} ${clock.now()}`, 16);
  const watchdog = engineWatchdog(engine, `${START_LABEL}=${start}`);
  return {
    scheme: engine.name,
    images: engineImages(engine),
    lacksProgram: () => false,
    start: (request) => create(request, { [NODE_LABEL]: stateDir, [START_LABEL]: start }, deps),
    ignores: (pod) => ignored(pod, engine),
    removeFiles: (directories) => removeFiles(directories, engine),
    async removeLeftovers() {
      const { stdout } = await askEngine(engine, ["ps", "--all", "--quiet", "--filter", `label=${node}`]);
      const ids = stdout.split("\n").filter(Boolean);
      if (ids.length > 0) await askEngine(engine, ["rm", "--force", "--volumes", ...ids]);
      return ids.length;
    },
    close: () => watchdog.close(),
  };
}

/** The names under which engines and their tools know the containers of a pod. */
function podLabels({ pod, container }: ContainerRequest): Record<string, string> {
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  return {
    "io.kubernetes.pod.name": name,
    "io.kubernetes.pod.namespace": namespace,
    "io.kubernetes.pod.uid": uid,
    "io.kubernetes.container.name": container.name,
  };
}

/** Makes and starts a container. */
async function create(request: ContainerRequest, ours: Readonly<Record<string, string>>, deps: EngineRuntimeDeps): Promise<RunningContainer> {
  try {
    return await createOnce(request, ours, deps);
  } catch (thrown) {
    if (!/workdir .* does not exist/i.test(messageOf(thrown))) throw thrown;
    return createOnce(withWorkingDir(request), ours, deps);
  }
}

async function createOnce(request: ContainerRequest, ours: Readonly<Record<string, string>>, deps: EngineRuntimeDeps): Promise<RunningContainer> {
  const { engine, clock } = deps;
  const sees = (deps.sees?.(request.container) ?? []).map(shared);
  const person = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const command = createCommand({ request, engine, labels: { ...podLabels(request), ...ours }, sees, person });
  const answer = await askEngine(engine, command.args, { more: command.environment });
  const id = answer.stdout.trim().split("\n").at(-1) ?? "";
  if (answer.exitCode !== 0 || id === "") throw new CreateFailed(complaint(answer));
  return startContainer(id, request, { engine, clock, limit: watchedLimit(request, deps) });
}

/** Podman does not make a working directory that the image lacks; other runtimes do. */
function withWorkingDir(request: ContainerRequest): ContainerRequest {
  const path = request.container.workingDir ?? "/";
  return { ...request, mounts: [...request.mounts, { path, source: request.directories.work, file: false, readOnly: false }] };
}

/** Containers write there with an id of their own. */
function shared(path: string): string {
  if (existsSync(path)) return path;
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  return path;
}

/** Where the engine has no cgroups, memory is looked at from outside; where it has, the kernel is asked whether it killed. */
function watchedLimit({ id, container }: ContainerRequest, { engine, clock }: EngineRuntimeDeps): MemoryWatch | undefined {
  const bytes = container.resources?.limits?.["memory"];
  if (bytes === undefined) return undefined;
  return engine.limits.memory ? kernelKills() : memoryLimits(clock, false).limit(id, byteCount(bytes));
}

function ignored({ spec }: Pod, { limits }: ContainerEngine): string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const named = ["seLinuxOptions", "appArmorProfile"].filter((field) => containers.some(({ securityContext }) => securityContext?.[field]));
  const profile = [spec.securityContext, ...containers.map(({ securityContext }) => securityContext)].some((context) => {
    const { type } = (context?.["seccompProfile"] ?? {}) as { type?: string };
    return type !== undefined && type !== "RuntimeDefault";
  });
  return [
    ...new Set(containers.flatMap(({ securityContext }) => refusedRights(securityContext ?? {}))),
    ...named.map((field) => `securityContext.${field}`),
    ...(profile ? ["securityContext.seccompProfile"] : []),
    ...(!limits.cpu && containers.some(({ resources }) => resources?.limits?.["cpu"] !== undefined) ? ["resources.limits.cpu"] : []),
    ...(containers.some(({ tty, stdin }) => tty || stdin) ? ["tty and stdin"] : []),
  ];
}

/** Files that a container wrote under another id are removed from within the ids that the engine hands out. */
async function removeFiles(directories: readonly string[], engine: ContainerEngine): Promise<void> {
  const left: string[] = [];
  for (const path of directories) await rm(path, { recursive: true, force: true }).catch(() => void left.push(path));
  if (left.length === 0) return;
  if (engine.name !== "podman" || !engine.rootless) throw new Error(`files in ${left.join(", ")} belong to somebody else; remove them as root`);
  const answer = await askEngine(engine, ["unshare", "rm", "-rf", "--", ...left]);
  if (answer.exitCode !== 0) throw new Error(complaint(answer));
}
