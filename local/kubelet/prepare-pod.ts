import { join } from "node:path";
import { unsupported } from "./admission.ts";
import type { ContainerRunner, RunnerDeps } from "./container-runner.ts";
import { UnknownField } from "./downward.ts";
import type { Pod } from "./pod-shapes.ts";
import { VolumeNotReady } from "./volume-files.ts";
import { diskUsage, fillVolume, makeVolumes, type ReadyVolume } from "./volumes.ts";

export type PodVolumes = ReadonlyMap<string, ReadyVolume>;

export type PodPreparation =
  | { readonly kind: "ready"; readonly volumes: PodVolumes }
  /** Something that the volumes come from is not there yet. */
  | { readonly kind: "later"; readonly message: string }
  /** This pod can never run here. */
  | { readonly kind: "refused"; readonly message: string };

export type PrepareDeps = Pick<RunnerDeps, "sources" | "node" | "runtimeOf"> & { readonly directory: string };

/** Makes the volumes of a pod, unless it asks for what cannot be had here. */
export async function preparePod(pod: Pod, { directory, sources, node }: PrepareDeps): Promise<PodPreparation> {
  const problems = unsupported(pod);
  if (problems.length > 0) return { kind: "refused", message: problems.join("; ") };
  try {
    return { kind: "ready", volumes: await makeVolumes(join(directory, "volumes"), { pod, sources: sources(pod.metadata.namespace ?? ""), node }) };
  } catch (thrown) {
    if (!(thrown instanceof VolumeNotReady || thrown instanceof UnknownField)) throw thrown;
    return { kind: "later", message: thrown.message };
  }
}

/** The first container whose program is named by a fixed path or name that leads nowhere; known before anything has run. */
export function withoutProgram(containers: readonly ContainerRunner[], { runtimeOf }: PrepareDeps): ContainerRunner | undefined {
  return containers.find(({ slot: { container } }) => runtimeOf(container).lacksProgram(container));
}

/** Says which volume holds more than its `sizeLimit`, if one does. */
export async function overfull(pod: Pod, volumes: PodVolumes): Promise<string | undefined> {
  for (const { name, path, limitBytes } of volumes.values()) {
    if (limitBytes === undefined || (await diskUsage(path)) <= limitBytes) continue;
    const limit = pod.spec.volumes?.find((volume) => volume.name === name)?.emptyDir?.sizeLimit;
    return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  return undefined;
}

/** Writes anew what the objects behind the volumes say now. A volume whose object is gone or broken keeps what it has, as in Kubernetes. */
export async function refreshVolumes(pod: Pod, volumes: PodVolumes, { sources, node }: PrepareDeps): Promise<void> {
  const input = { pod, sources: sources(pod.metadata.namespace ?? ""), node };
  for (const volume of pod.spec.volumes ?? []) {
    const ready = volumes.get(volume.name);
    if (ready?.readOnly !== true) continue;
    try {
      await fillVolume(ready.path, volume, input);
    } catch (thrown) {
      if (!(thrown instanceof VolumeNotReady || thrown instanceof UnknownField)) throw thrown;
    }
  }
}
