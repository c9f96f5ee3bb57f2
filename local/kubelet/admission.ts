import type { Container, LifecycleHook, Pod, ProjectedSource, Volume } from "./pod-shapes.ts";

const VOLUME_KINDS = ["emptyDir", "configMap", "secret", "downwardAPI", "projected"];
const PROJECTED_KINDS = ["configMap", "secret", "downwardAPI"];

/** Why this kubelet cannot run a pod at all, one sentence each; empty when it can. Nothing that would change what a program does is left out silently. */
export function unsupported(pod: Pod): string[] {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return [
    ...(pod.spec.volumes ?? []).flatMap(volumeProblems),
    ...containers.flatMap(containerProblems),
    ...((pod.spec.ephemeralContainers ?? []).length > 0 ? ["ephemeral containers are not supported on this machine"] : []),
  ];
}

function volumeProblems(volume: Volume): string[] {
  const [kind = "emptyDir"] = Object.keys(volume).filter((key) => key !== "name" && volume[key] !== undefined && volume[key] !== null);
  if (kind === "hostPath") return [`volume ${volume.name}: hostPath is refused on this machine; it would give the pod the directory of a person`];
  if (!VOLUME_KINDS.includes(kind)) return [`volume ${volume.name}: ${kind} volumes are not supported on this machine`];
  return (volume.projected?.sources ?? []).flatMap((source) => projectedProblems(volume.name, source));
}

function projectedProblems(volume: string, source: ProjectedSource): string[] {
  const kinds = Object.keys(source).filter((kind) => !PROJECTED_KINDS.includes(kind));
  return kinds.map((kind) => `volume ${volume}: projected ${kind} is not supported on this machine`);
}

function containerProblems(container: Container): string[] {
  const at = `container ${container.name}`;
  const hooks: [string, LifecycleHook | undefined][] = [
    ["postStart", container.lifecycle?.postStart],
    ["preStop", container.lifecycle?.preStop],
  ];
  return [
    ...hooks
      .filter(([, hook]) => hook && !hook.exec && !hook.httpGet && !hook.sleep)
      .map(([name]) => `${at}: this ${name} hook is not supported on this machine`),
    ...((container.volumeDevices ?? []).length > 0 ? [`${at}: volumeDevices are not supported on this machine`] : []),
    ...((container.resources?.claims ?? []).length > 0 ? [`${at}: resource claims are not supported on this machine`] : []),
    ...(container.restartPolicyRules ? [`${at}: restartPolicyRules are not supported on this machine`] : []),
    ...(container.volumeMounts ?? []).filter((mount) => mount.mountPath === "/").map(() => `${at}: a volume cannot be mounted at /`),
  ];
}

/** Fields of the pod that are accepted and have no effect here, whatever runs its containers. They restrict a program, or name what only a cluster has. */
export function notHonoured({ spec }: Pod): string[] {
  return ["dnsConfig", "hostAliases", "runtimeClassName", "shareProcessNamespace", "imagePullSecrets"].filter((field) => {
    const value = spec[field];
    return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  });
}
