import { copyJson, digestJson, jsonEqual } from "../../base/index.ts";
import { controllerReference, type Stored } from "../../kube/index.ts";
import { DESIRED, maximumOf, MAXIMUM, oldestFirst } from "./rollout.ts";
import { type Deployment, DEPLOYMENT, type PodTemplate, type ReplicaSet } from "./workload-shapes.ts";

export const REVISION = "deployment.kubernetes.io/revision";
const HISTORY = "deployment.kubernetes.io/revision-history";
export const TEMPLATE_HASH = "pod-template-hash";
/** Annotations that speak of one object only. */
const NOT_COPIED: ReadonlySet<string> = new Set(["kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAXIMUM]);
/** Letters and digits that make no words. */
const SAFE = "bcdfghjklmnpqrstvwxz2456789";

/** A short name of a template; another one for the same template after each collision. */
export function templateHash(template: PodTemplate, collisions: number): string {
  const hex = digestJson([template, collisions]).slice("sha256:".length, "sha256:".length + 20);
  return [...Buffer.from(hex, "hex")].map((byte) => SAFE[byte % SAFE.length]).join("");
}

function withoutHash(template: PodTemplate): PodTemplate {
  const { [TEMPLATE_HASH]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** The ReplicaSet that runs the deployment's template; the oldest where there are several. */
export function newestSet(deployment: Deployment, sets: readonly Stored<ReplicaSet>[]): Stored<ReplicaSet> | undefined {
  const template = withoutHash(deployment.spec.template);
  return oldestFirst(sets).find((set) => jsonEqual(withoutHash(set.spec.template), template));
}

export function revisionOf({ metadata }: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }): number {
  return Number(metadata.annotations?.[REVISION] ?? 0) || 0;
}

export const nextRevision = (old: readonly ReplicaSet[]): number => Math.max(0, ...old.map(revisionOf)) + 1;

/** The annotations a ReplicaSet of a deployment shall have. */
export function setAnnotations(deployment: Deployment, before: Readonly<Record<string, string>>, revision: number): Record<string, string> {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !NOT_COPIED.has(name));
  const annotations: Record<string, string> = { ...before, ...Object.fromEntries(copied) };
  annotations[DESIRED] = String(deployment.spec.replicas);
  annotations[MAXIMUM] = String(maximumOf(deployment));
  const had = Number(before[REVISION] ?? 0) || 0;
  if (had >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (had > 0) annotations[HISTORY] = before[HISTORY] ? `${before[HISTORY]},${had}` : String(had);
  return annotations;
}

/** A ReplicaSet for the deployment's template. */
export function makeSet(deployment: Stored<Deployment>, replicas: number, revision: number): ReplicaSet {
  const { name, namespace } = deployment.metadata;
  const hash = templateHash(deployment.spec.template, Number(deployment.status?.collisionCount ?? 0));
  const template = copyJson(deployment.spec.template);
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH]: hash };
  const { selector, minReadySeconds } = deployment.spec;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace ? { namespace } : {}),
      labels,
      annotations: setAnnotations(deployment, {}, revision),
      ownerReferences: [controllerReference(DEPLOYMENT, deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** Old sets that nobody needs any longer: empty, and more than the history keeps. */
export function forgettable(deployment: Deployment, old: readonly Stored<ReplicaSet>[]): Stored<ReplicaSet>[] {
  const surplus = old.length - Number(deployment.spec.revisionHistoryLimit ?? 10);
  if (surplus <= 0) return [];
  const byRevision = [...old].sort((left, right) => revisionOf(left) - revisionOf(right));
  const isIdle = ({ spec, status, metadata }: Stored<ReplicaSet>) =>
    Number(spec.replicas) === 0 &&
    Number(status?.replicas ?? 0) === 0 &&
    Number(status?.observedGeneration ?? 0) >= Number(metadata.generation ?? 0) &&
    metadata.deletionTimestamp === undefined;
  return byRevision.slice(0, surplus).filter(isIdle);
}
