import { rfc3339Micro } from "../../base/index.ts";
import type { KubeObject, Stored } from "../object.ts";

/** What is said of who may work: `coordination.k8s.io/v1`. An empty holder is nobody. */
export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export type Lease = KubeObject & { readonly spec?: LeaseSpec };

/** Label of every Lease of one set, by which they are listed. */
export const LEASE_SET = "flyte.org/lease-set";

/** Annotation that says into how many parts the work is split. Replicas that disagree about it never work side by side. */
export const LEASE_SHARDS = "flyte.org/shards";

export interface LeasePlace {
  /** Common beginning of the names; also the value of the label. */
  readonly set: string;
  readonly namespace: string;
  readonly shards: number;
}

export function newLease({ set, namespace, shards }: LeasePlace, name: string, spec: LeaseSpec): Lease {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { namespace, name, labels: { [LEASE_SET]: set, "app.kubernetes.io/part-of": "flyteops" }, annotations: { [LEASE_SHARDS]: String(shards) } },
    spec,
  };
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/** The record of a holder that begins now: a change of holders is counted, as client-go does. */
export function acquiredSpec(before: LeaseSpec | undefined, identity: string, durationMs: number, now: number): LeaseSpec {
  const time = rfc3339Micro(now);
  const transitions = before?.leaseTransitions ?? 0;
  const changes = before !== undefined && (before.holderIdentity ?? "") !== identity;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: seconds(durationMs),
    acquireTime: time,
    renewTime: time,
    leaseTransitions: changes ? transitions + 1 : transitions,
  };
}

export function renewedSpec(before: LeaseSpec | undefined, now: number): LeaseSpec {
  return { ...before, renewTime: rfc3339Micro(now) };
}

/** The record of a Lease that was given back: anybody may take it at once. */
export function releasedSpec(before: LeaseSpec | undefined, now: number): LeaseSpec {
  return { ...before, holderIdentity: "", leaseDurationSeconds: 1, renewTime: rfc3339Micro(now) };
}

export const holderOf = (lease: Stored<Lease>): string => lease.spec?.holderIdentity ?? "";

/** Into how many parts the work was split for whoever wrote this Lease last. */
export const shardsOf = (lease: Stored<Lease>): number => Number(lease.metadata.annotations?.[LEASE_SHARDS] ?? NaN);
