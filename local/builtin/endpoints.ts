import { type Clock, jsonEqual, type Logger, messageOf, type Random } from "../../base/index.ts";
import { type InformerSet, isNotFound, keyedQueue, keyOf, Kinds, type KubeObject, type Stored } from "../../kube/index.ts";
import type { Pod } from "../kubelet/index.ts";
import { BY_NAMESPACE } from "./claim.ts";
import { endpointGroups } from "./endpoint-groups.ts";
import { endpointsObject, isOwnSlice, SERVICE_NAME, sliceObjects } from "./endpoint-objects.ts";
import { selects } from "./label-selector.ts";
import { ENDPOINT_SLICE, ENDPOINTS, type Service, SERVICE } from "./workload-shapes.ts";

export interface EndpointDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const BY_SERVICE = "service";

/** What of an object is ours to say; the rest is the server's. */
function said(object: KubeObject): unknown {
  const { metadata, addressType, endpoints = null, ports = null, subsets = null } = object;
  return { labels: metadata.labels, owners: metadata.ownerReferences ?? null, addressType, endpoints, ports, subsets };
}

/** Keeps for every Service with a selector the list of pods behind it, as EndpointSlices and as Endpoints. */
export function endpointController(deps: EndpointDeps): { run(signal: AbortSignal): Promise<void> } {
  const { informers, logger } = deps;
  const { client } = informers;
  const services = informers.of<Service>({ kind: SERVICE });
  const pods = informers.of<Pod>({ kind: Kinds.Pod });
  const slices = informers.of({ kind: ENDPOINT_SLICE });
  const endpoints = informers.of({ kind: ENDPOINTS });
  const queue = keyedQueue(deps, { concurrency: 4 });

  async function settleSlice(wanted: KubeObject | undefined, held: Stored | undefined): Promise<void> {
    if (!wanted) {
      if (!held) return;
      await client.delete(ENDPOINT_SLICE, { namespace: held.metadata.namespace, name: held.metadata.name }, { uid: held.metadata.uid });
      return slices.deleted(keyOf(held), held.metadata.uid);
    }
    if (!held) return slices.wrote(await client.create(ENDPOINT_SLICE, wanted));
    if (jsonEqual(said(wanted), said(held))) return;
    slices.wrote(await client.replace(ENDPOINT_SLICE, { ...wanted, metadata: { ...held.metadata, labels: wanted.metadata.labels ?? {} } }));
  }

  async function settleEndpoints(key: string, wanted: KubeObject): Promise<void> {
    const held = endpoints.get(key);
    if (!held) return endpoints.wrote(await client.create(ENDPOINTS, wanted));
    if (jsonEqual(said(wanted), said(held))) return;
    const { uid, resourceVersion } = held.metadata;
    endpoints.wrote(await client.replace(ENDPOINTS, { ...wanted, metadata: { ...wanted.metadata, uid, resourceVersion } }));
  }

  async function reconcile(key: string): Promise<void> {
    const service = services.get(key);
    if (!service) return removeEndpoints(key);
    const { selector, type } = service.spec;
    if (!selector || Object.keys(selector).length === 0 || type === "ExternalName" || service.metadata.deletionTimestamp !== undefined) return;
    const chosen = pods.byIndex(BY_NAMESPACE, service.metadata.namespace ?? "").filter(({ metadata }) => selects({ matchLabels: selector }, metadata.labels));
    const groups = endpointGroups(service, chosen);
    const wanted = sliceObjects(service, groups);
    const held = slices.byIndex(BY_SERVICE, key).filter(isOwnSlice);
    const count = Math.max(wanted.length, held.length);
    for (let index = 0; index < count; index++) await settleSlice(wanted[index], held[index]);
    await settleEndpoints(key, endpointsObject(service, groups));
  }

  /** Slices go with their owner; Endpoints have none, and are called like the Service. */
  async function removeEndpoints(key: string): Promise<void> {
    const held = endpoints.get(key);
    if (!held || held.metadata.labels?.["endpoints.kubernetes.io/managed-by"] !== "endpoint-controller") return;
    await client.delete(ENDPOINTS, { namespace: held.metadata.namespace, name: held.metadata.name }, { uid: held.metadata.uid });
    endpoints.deleted(key, held.metadata.uid);
  }

  async function work(key: string): Promise<void> {
    try {
      await reconcile(key);
      queue.forget(key);
    } catch (thrown) {
      if (!isNotFound(thrown)) logger.debug("endpoints put off", { service: key, error: messageOf(thrown) });
      queue.retry(key);
    }
  }

  function concerned(pod: Stored<Pod>): void {
    const { namespace = "", labels } = pod.metadata;
    for (const service of services.byIndex(BY_NAMESPACE, namespace))
      if (service.spec.selector && selects({ matchLabels: service.spec.selector }, labels)) queue.add(keyOf(service));
  }

  return {
    async run(signal) {
      pods.addIndex(BY_NAMESPACE, ({ metadata }) => [metadata.namespace ?? ""]);
      services.addIndex(BY_NAMESPACE, ({ metadata }) => [metadata.namespace ?? ""]);
      slices.addIndex(BY_SERVICE, ({ metadata }) => [`${metadata.namespace ?? ""}/${metadata.labels?.[SERVICE_NAME] ?? ""}`]);
      await Promise.all([services, pods, slices, endpoints].map((informer) => informer.whenSynced(signal)));
      services.onChange(({ object }) => queue.add(keyOf(object)));
      slices.onChange(({ object }) => queue.add(`${object.metadata.namespace ?? ""}/${object.metadata.labels?.[SERVICE_NAME] ?? ""}`));
      endpoints.onChange(({ object }) => queue.add(keyOf(object)));
      pods.onChange(({ object, previous }) => {
        if (previous) concerned(previous);
        concerned(object);
      });
      for (const service of services.list()) queue.add(keyOf(service));
      await queue.run(signal, work);
    },
  };
}
