import { join } from "node:path";
import { shortHash } from "../../base/index.ts";
import { makeContainerDirectories, volumeMounts } from "./container-mounts.ts";
import type { ContainerRequest, StoredImage } from "./container-runtime.ts";
import { ConfigError, containerEnvironment, expandWords, type PodSources } from "./environment.ts";
import type { Container, Pod } from "./pod-shapes.ts";
import type { Amounts } from "./resources.ts";
import { rootRefused } from "./run-as.ts";
import type { ReadyVolume } from "./volumes.ts";

export interface RequestDeps {
  readonly sources: (namespace: string) => PodSources;
  readonly node: Amounts;
}

/** Which instance of which container: `directory` is the pod's, `number` counts from 0. */
export interface Instance {
  readonly pod: Pod;
  readonly container: Container;
  readonly volumes: ReadonlyMap<string, ReadyVolume>;
  readonly directory: string;
  readonly number: number;
  readonly image: StoredImage | undefined;
}

/** Resolves what Kubernetes decides about one start. Rejects with ConfigError. */
export async function containerRequest(instance: Instance, deps: RequestDeps): Promise<Omit<ContainerRequest, "output">> {
  const { pod, container, directory, number, volumes, image } = instance;
  const refused = rootRefused(pod, container);
  if (refused !== undefined) throw new ConfigError(refused);
  const env = await containerEnvironment({ pod, container, sources: deps.sources(pod.metadata.namespace ?? ""), node: deps.node });
  return {
    id: shortHash(`${pod.metadata.uid}/${container.name}/${number}`, 32),
    pod,
    container,
    env,
    command: expandWords(container.command, env),
    args: expandWords(container.args, env),
    mounts: volumeMounts(container, volumes, env),
    directories: makeContainerDirectories(directory, container.name, number),
    image,
  };
}

export const containerDirectory = (podDirectory: string, container: string): string => join(podDirectory, "containers", container);
export const logPath = (directory: string, number: number): string => join(directory, `${number}.log`);
