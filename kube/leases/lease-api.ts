import type { Clock } from "../../base/index.ts";
import { apiClient } from "../api-client.ts";
import { isAlreadyExists, isConflict, isNotFound, type Transport } from "../client.ts";
import { Kinds } from "../kinds.ts";
import type { Stored } from "../object.ts";
import { type Lease, LEASE_SET, LEASE_SHARDS, type LeasePlace, type LeaseSpec, newLease } from "./lease-record.ts";

/** Requests about Leases. None takes longer than its time; a lost race is an answer, not an error. */
export interface LeaseApi {
  list(): Promise<readonly Stored<Lease>[]>;
  get(name: string): Promise<Stored<Lease> | undefined>;
  /** Creates or replaces; undefined when somebody else was first. Rejects with ApiError when it is not known what happened. */
  write(name: string, before: Stored<Lease> | undefined, spec: LeaseSpec): Promise<Stored<Lease> | undefined>;
  remove(lease: Stored<Lease>): Promise<void>;
}

/** Every request ends after `timeoutMs`, answered or not. */
function bounded(transport: Transport, clock: Clock, timeoutMs: number): Transport {
  return {
    async send(request) {
      const limit = new AbortController();
      const cancel = clock.after(timeoutMs, () => limit.abort(new Error(`no answer within ${timeoutMs} ms`)));
      try {
        return await transport.send({ ...request, signal: limit.signal });
      } finally {
        cancel();
      }
    },
  };
}

export function leaseApi(transport: Transport, clock: Clock, place: LeasePlace, timeoutMs: number): LeaseApi {
  const { set, namespace, shards } = place;
  const client = apiClient(bounded(transport, clock, timeoutMs), { fieldManager: "flyteops-leases" });
  const lost = (thrown: unknown): undefined => {
    if (isConflict(thrown) || isAlreadyExists(thrown) || isNotFound(thrown)) return undefined;
    throw thrown;
  };
  const ours = ({ metadata, ...rest }: Stored<Lease>, spec: LeaseSpec): Lease => ({
    ...rest,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [LEASE_SHARDS]: String(shards) } },
    spec,
  });
  return {
    list: async () => (await client.list<Lease>(Kinds.Lease, { namespace, labelSelector: `${LEASE_SET}=${set}` })).items,
    get: (name) => client.get<Lease>(Kinds.Lease, { namespace, name }).catch(lost),
    write: (name, before, spec) =>
      (before ? client.replace<Lease>(Kinds.Lease, ours(before, spec)) : client.create<Lease>(Kinds.Lease, newLease(place, name, spec))).catch(lost),
    remove: async ({ metadata: { name, uid, resourceVersion } }) => {
      await client.delete(Kinds.Lease, { namespace, name }, { uid, resourceVersion }).catch(lost);
    },
  };
}
