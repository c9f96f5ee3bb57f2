import { controllerReference, type KubeObject, type Stored } from "../../kube/index.ts";
import type { EndpointGroup, OfferedEndpoint } from "./endpoint-groups.ts";
import { type Service, SERVICE } from "./workload-shapes.ts";

/** As many endpoints as the real controller puts into one slice. */
const SLICE_MAX = 100;
export const SERVICE_NAME = "kubernetes.io/service-name";
const SLICE_MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const SLICE_CONTROLLER = "endpointslice-controller.k8s.io";
const HEADLESS = "service.kubernetes.io/headless";

function labelsOf(service: Stored<Service>): Record<string, string> {
  const headless = service.spec.clusterIP === "None" ? { [HEADLESS]: "" } : {};
  return { ...service.metadata.labels, ...headless };
}

export const isOwnSlice = ({ metadata }: KubeObject): boolean => metadata.labels?.[SLICE_MANAGED_BY] === SLICE_CONTROLLER;

function sliceEndpoint({ address, ready, serving, terminating, nodeName, pod }: OfferedEndpoint): Record<string, unknown> {
  return { addresses: [address], conditions: { ready, serving, terminating }, ...(nodeName === undefined ? {} : { nodeName }), targetRef: pod };
}

/** The slices of a Service: one per group of ports and hundred endpoints, and an empty one where there is nobody. */
export function sliceObjects(service: Stored<Service>, groups: readonly EndpointGroup[]): KubeObject[] {
  const { name, namespace = "" } = service.metadata;
  const base = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labelsOf(service), [SLICE_MANAGED_BY]: SLICE_CONTROLLER, [SERVICE_NAME]: name },
      ownerReferences: [controllerReference(SERVICE, service)],
    },
    addressType: "IPv4",
  };
  const slices = groups.flatMap(({ ports, endpoints }) => {
    const count = Math.ceil(endpoints.length / SLICE_MAX);
    return Array.from({ length: count }, (_, index) => ({
      ...base,
      endpoints: endpoints.slice(index * SLICE_MAX, (index + 1) * SLICE_MAX).map(sliceEndpoint),
      ports: [...ports],
    }));
  });
  return slices.length > 0 ? slices : [{ ...base, endpoints: null, ports: null }];
}

function subsetAddress({ address, nodeName, pod }: OfferedEndpoint): Record<string, unknown> {
  return { ip: address, ...(nodeName === undefined ? {} : { nodeName }), targetRef: pod };
}

function subset({ ports, endpoints }: EndpointGroup): Record<string, unknown> {
  const going = endpoints.filter(({ terminating }) => !terminating);
  const [ready, waiting] = [going.filter((one) => one.ready), going.filter((one) => !one.ready)];
  const shown = ports.map(({ name, ...port }) => (name === "" ? port : { name, ...port }));
  return {
    ...(ready.length > 0 ? { addresses: ready.map(subsetAddress) } : {}),
    ...(waiting.length > 0 ? { notReadyAddresses: waiting.map(subsetAddress) } : {}),
    ...(shown.length > 0 ? { ports: shown } : {}),
  };
}

/** The Endpoints of a Service, for clients older than slices. */
export function endpointsObject(service: Stored<Service>, groups: readonly EndpointGroup[]): KubeObject {
  const { name, namespace = "" } = service.metadata;
  const subsets = groups.map(subset).filter((one) => one["addresses"] !== undefined || one["notReadyAddresses"] !== undefined);
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name, namespace, labels: { ...labelsOf(service), "endpoints.kubernetes.io/managed-by": "endpoint-controller" } },
    ...(subsets.length > 0 ? { subsets } : {}),
  };
}
