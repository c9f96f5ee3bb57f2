import { quantity } from "./quantity.ts";
import type { Container, Pod, ResourceSelector } from "./pod-shapes.ts";
import type { Amounts } from "./resources.ts";

/** A `fieldRef` or `resourceFieldRef` that names nothing this kubelet can answer. */
export class UnknownField extends Error {}

const LOOPBACK = "127.0.0.1";

function formatMap(map: Record<string, string> | undefined): string {
  const lines = Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return lines.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join("\n");
}

/** The value of a downward API `fieldRef`. Throws UnknownField. */
export function podField(pod: Pod, fieldPath: string): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (subscript) return (subscript[1] === "labels" ? pod.metadata.labels : pod.metadata.annotations)?.[subscript[2] ?? ""] ?? "";
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace,
    "metadata.uid": pod.metadata.uid,
    "metadata.labels": formatMap(pod.metadata.labels),
    "metadata.annotations": formatMap(pod.metadata.annotations),
    "spec.nodeName": pod.spec.nodeName ?? "",
    "spec.serviceAccountName": pod.spec.serviceAccountName ?? "default",
    "status.hostIP": LOOPBACK,
    "status.hostIPs": LOOPBACK,
    "status.podIP": LOOPBACK,
    "status.podIPs": LOOPBACK,
  };
  const value = Object.hasOwn(fields, fieldPath) ? fields[fieldPath] : undefined;
  if (value === undefined) throw new UnknownField(`field ${fieldPath} is not known here`);
  return value;
}

/** The value of a `resourceFieldRef`: a limit that is not set is what the node has. Throws UnknownField. */
export function containerResource(pod: Pod, own: Container, selector: ResourceSelector, node: Amounts): string {
  const name = selector.containerName ?? own.name;
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((candidate) => candidate.name === name);
  if (!container) throw new UnknownField(`resourceFieldRef names the container ${name}, which is not in this pod`);
  const [list, resource = ""] = splitOnce(selector.resource);
  const { limits = {}, requests = {} } = container.resources ?? {};
  if ((list !== "limits" && list !== "requests") || (!["cpu", "memory", "ephemeral-storage"].includes(resource) && !/^hugepages-/.test(resource))) {
    throw new UnknownField(`resource ${selector.resource} is not known here`);
  }
  const fallback = list === "limits" ? nodeHas(node, resource) : 0;
  const declared = list === "limits" ? limits[resource] : requests[resource];
  const divisor = quantity(selector.divisor ?? "1") || 1;
  return String(Math.ceil((declared === undefined ? fallback : quantity(declared)) / divisor - 1e-9));
}

function splitOnce(text: string): [string, string?] {
  const dot = text.indexOf(".");
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

function nodeHas(node: Amounts, resource: string): number {
  if (resource === "cpu") return node.cpuMillis / 1000;
  return resource === "memory" ? node.memoryBytes : 0;
}
