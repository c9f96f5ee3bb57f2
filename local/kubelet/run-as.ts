import type { Container, Pod } from "./pod-shapes.ts";
import type { RunAs } from "./sandbox.ts";

/** Who a container runs as when it must not be root and no user is named: the `nonroot` of distroless images. */
const NON_ROOT = 65_532;

/**
 * The declared user of a container; undefined when it runs as this program does. `runAsNonRoot` without a user takes
 * uid 65532 when this program is root: there is no image here that could name one.
 */
export function runAs(pod: Pod, container: Container, ownUid: number): RunAs | undefined {
  const context = { ...pod.spec.securityContext, ...container.securityContext };
  const uid = context.runAsUser ?? (context.runAsNonRoot && ownUid === 0 ? NON_ROOT : undefined);
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {};
  const groups = [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])];
  if (uid === undefined && context.runAsGroup === undefined && groups.length === 0) return undefined;
  const effective = uid ?? ownUid;
  return { uid: effective, gid: context.runAsGroup ?? (effective === NON_ROOT ? NON_ROOT : 0), groups };
}

/** The sentence for CreateContainerConfigError when root is declared and forbidden at once. */
export function rootRefused(pod: Pod, container: Container): string | undefined {
  const context = { ...pod.spec.securityContext, ...container.securityContext };
  return context.runAsNonRoot && context.runAsUser === 0
    ? `container's runAsUser breaks non-root policy (pod: "${pod.metadata.name}", container: ${container.name})`
    : undefined;
}
