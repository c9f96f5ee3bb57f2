import type { KubeObject } from "../../../../kube/index.ts";
import type { Quantity } from "../../objects/index.ts";
import { type Amounts, ONE } from "./amounts.ts";
import { podLimits, podRequests, type ContainerFields, type PodFields } from "./pod-amounts.ts";

export const PODS = "/pods";
const SERVICES = "/services";

/** Kinds that are also counted without the word `count`. */
const PLAIN_COUNTS = new Set(["/configmaps", "/secrets", "/services", "/resourcequotas", "/replicationcontrollers", "/persistentvolumeclaims"]);
const COMPUTE = new Set(["cpu", "memory", "ephemeral-storage"]);
const ENDED = new Set(["Succeeded", "Failed"]);

const isExtended = (name: string): boolean => name.includes("/") && !/(^|\.)kubernetes\.io\//.test(name);

/** `pods` and `requests.cpu` and their like: what pods use besides their number in the store. */
function isPodResource(name: string): boolean {
  if (name === "pods" || COMPUTE.has(name) || name.startsWith("hugepages-")) return true;
  const [, rest] = /^(?:requests|limits)\.(.+)$/.exec(name) ?? [];
  return rest !== undefined && (COMPUTE.has(rest) || (name.startsWith("requests.") && (rest.startsWith("hugepages-") || isExtended(rest))));
}

/** The collection whose objects use a resource of a quota; undefined for a resource that nothing here uses. */
export function collectionOf(resource: string): string | undefined {
  if (isPodResource(resource)) return PODS;
  const [, plural, group = ""] = /^count\/([^.]+)(?:\.(.+))?$/.exec(resource) ?? [];
  if (plural !== undefined) return `${group}/${plural}`;
  if (resource === "services.nodeports" || resource === "services.loadbalancers") return SERVICES;
  return PLAIN_COUNTS.has(`/${resource}`) ? `/${resource}` : undefined;
}

/** What a pod or a container asks for, in the names that quotas use. */
function computeUsage(requests: Amounts, limits: Amounts): Map<string, Quantity> {
  const usage = new Map<string, Quantity>([["pods", ONE]]);
  for (const [name, quantity] of requests) {
    if (COMPUTE.has(name) || name.startsWith("hugepages-")) usage.set(name, quantity).set(`requests.${name}`, quantity);
    else if (isExtended(name)) usage.set(`requests.${name}`, quantity);
  }
  for (const [name, quantity] of limits) if (COMPUTE.has(name)) usage.set(`limits.${name}`, quantity);
  return usage;
}

function podUsage(pod: PodFields): Map<string, Quantity> {
  // A pod that has ended lies in the store still, and uses nothing else.
  return ENDED.has(pod.status?.phase ?? "") ? new Map() : computeUsage(podRequests(pod), podLimits(pod));
}

interface ServiceFields {
  readonly spec?: { readonly type?: string; readonly ports?: readonly { readonly nodePort?: number }[] };
}

function serviceUsage({ spec }: ServiceFields): Map<string, Quantity> {
  const usage = new Map<string, Quantity>();
  if (spec?.type === "LoadBalancer") usage.set("services.loadbalancers", ONE);
  const ports = spec?.type === "LoadBalancer" || spec?.type === "NodePort" ? BigInt(spec.ports?.length ?? 0) : 0n;
  if (ports > 0n) usage.set("services.nodeports", { nanos: ports * ONE.nanos, form: "decimal" });
  return usage;
}

function ownUsage(collection: string, object: KubeObject): Map<string, Quantity> {
  if (collection === PODS) return podUsage(object as unknown as PodFields);
  return collection === SERVICES ? serviceUsage(object as unknown as ServiceFields) : new Map<string, Quantity>();
}

/** What an object uses of its namespace's quotas. */
export function usageOf(collection: string, object: KubeObject): Amounts {
  const usage = ownUsage(collection, object);
  const [group = "", plural = ""] = collection.split("/");
  usage.set(group === "" ? `count/${plural}` : `count/${plural}.${group}`, ONE);
  if (PLAIN_COUNTS.has(collection)) usage.set(plural, ONE);
  return usage;
}

/** Resources that every container has to ask for when a quota counts them. */
const MUST_ASK = new Set(["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]);

/** What is wrong with a pod that leaves open what a quota counts: `must specify cpu for: a,b`; undefined when nothing is. */
export function unspecified(pod: PodFields, hard: Iterable<string>): string | undefined {
  if (pod.spec?.resources && Object.keys({ ...pod.spec.resources.requests, ...pod.spec.resources.limits }).length > 0) return undefined;
  const containers: readonly ContainerFields[] = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const asked = containers.map((container) => {
    const only = { spec: { containers: [container] } };
    return { name: container.name, usage: computeUsage(podRequests(only), podLimits(only)) };
  });
  const missing = [...hard]
    .filter((name) => MUST_ASK.has(name))
    .sort()
    .flatMap((name) => {
      const silent = asked.filter(({ usage }) => !usage.has(name)).map((container) => container.name);
      return silent.length === 0 ? [] : [`${name} for: ${[...new Set(silent)].sort().join(",")}`];
    });
  return missing.length === 0 ? undefined : `must specify ${missing.join("; ")}`;
}
