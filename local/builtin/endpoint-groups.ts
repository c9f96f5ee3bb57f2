import type { Stored } from "../../kube/index.ts";
import { isFinished, type Pod } from "../kubelet/index.ts";
import { isGoing, isReady } from "./pod-readiness.ts";
import type { Service, ServicePort } from "./workload-shapes.ts";

/** A port as pods offer it; undefined number: every port of the address. */
export interface OfferedPort {
  readonly name: string;
  readonly protocol: ServicePort["protocol"];
  readonly port: number;
  readonly appProtocol?: string;
}

export interface OfferedEndpoint {
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly nodeName: string | undefined;
  readonly pod: { readonly kind: "Pod"; readonly namespace: string; readonly name: string; readonly uid: string };
}

/** Pods that offer the same ports. A named port may be another number in each pod. */
export interface EndpointGroup {
  readonly ports: readonly OfferedPort[];
  readonly endpoints: readonly OfferedEndpoint[];
}

function portNumber({ targetPort, protocol }: ServicePort, pod: Pod): number | undefined {
  if (typeof targetPort !== "string") return Number(targetPort);
  const offered = pod.spec.containers.flatMap((container) => (container["ports"] ?? []) as { name?: string; containerPort: number; protocol?: string }[]);
  const found = offered.find((one) => one.name === targetPort && (one.protocol ?? "TCP") === protocol);
  return found === undefined ? undefined : Number(found.containerPort);
}

function portsOf(service: Service, pod: Pod): OfferedPort[] {
  return (service.spec.ports ?? []).flatMap((one) => {
    const port = portNumber(one, pod);
    const { name = "", protocol, appProtocol } = one;
    return port === undefined ? [] : [{ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function endpointOf(service: Service, pod: Stored<Pod>): OfferedEndpoint {
  const { name, namespace = "", uid } = pod.metadata;
  const terminating = isGoing(pod);
  const serving = isReady(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  return { address: pod.status?.podIP ?? "", ready, serving, terminating, nodeName: pod.spec.nodeName, pod: { kind: "Pod", namespace, name, uid } };
}

/** Where connections to a Service may go, over the pods that its selector selects. Ended pods and those without an address are left out. */
export function endpointGroups(service: Stored<Service>, pods: readonly Stored<Pod>[]): EndpointGroup[] {
  const groups = new Map<string, { ports: OfferedPort[]; endpoints: OfferedEndpoint[] }>();
  const byName = [...pods].sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  for (const pod of byName) {
    if (!pod.status?.podIP || isFinished(pod)) continue;
    const ports = portsOf(service, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod));
  }
  return [...groups.values()];
}
