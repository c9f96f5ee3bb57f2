import { containerRunner, type ContainerRunner, type RunnerDeps } from "./container-runner.ts";
import { type Container, isSidecar, type Pod } from "./pod-shapes.ts";
import { isInitialised, isRunning } from "./pod-status.ts";
import type { PodVolumes } from "./prepare-pod.ts";

/** The containers of one pod, in the order of its manifest. */
export interface PodContainers {
  readonly inits: readonly ContainerRunner[];
  readonly mains: readonly ContainerRunner[];
  /** All of them, init containers first. */
  readonly all: readonly ContainerRunner[];
  /** Starts whatever may run now: init containers and sidecars one after the other, then the main ones together. */
  ensure(pod: Pod, volumes: PodVolumes): Promise<void>;
}

/** One that ran before this program began counts that as a restart. */
export function podContainers(pod: Pod, directory: string, deps: RunnerDeps): PodContainers {
  const earlier = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const waiting = (pod.spec.initContainers ?? []).length > 0 ? "PodInitializing" : "ContainerCreating";
  const runner = (container: Container, init: boolean) => {
    const role = !init ? "main" : isSidecar(container) ? "sidecar" : "init";
    const before = earlier.find(({ name }) => name === container.name);
    const restarts = before && "running" in before.state ? before.restartCount + 1 : 0;
    return containerRunner({ container, role, directory, waiting, restarts }, deps);
  };
  const inits = (pod.spec.initContainers ?? []).map((container) => runner(container, true));
  const mains = pod.spec.containers.map((container) => runner(container, false));
  return {
    inits,
    mains,
    all: [...inits, ...mains],
    async ensure(now, volumes) {
      if (await initialise(now, inits, mains, volumes)) await Promise.all(mains.map((main) => main.ensure(now, volumes)));
    },
  };
}

/** Starts the next init container or sidecar whose turn it is. True when main containers may start. */
async function initialise(pod: Pod, inits: readonly ContainerRunner[], mains: readonly ContainerRunner[], volumes: PodVolumes): Promise<boolean> {
  for (const init of inits) {
    if (init.slot.role === "init" && isInitialised(init.slot)) continue;
    await init.ensure(pod, volumes);
    if (!isInitialised(init.slot)) return mains.some(({ slot }) => isRunning(slot));
  }
  return true;
}
