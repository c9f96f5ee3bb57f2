import type { KubeObject } from "../../../kube/index.ts";

type Quantities = Readonly<Record<string, unknown>>;
interface Container {
  resources?: { requests?: Quantities; limits?: Quantities };
}
interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  resources?: { requests?: Quantities; limits?: Quantities };
}

const COUNTED = ["cpu", "memory"];

function positive(quantities: Quantities | undefined, name: string): string | undefined {
  const value = quantities?.[name];
  if (value === undefined || /^[0.]*([a-zA-Z]*)$/.test(String(value))) return undefined;
  return String(value);
}

function guaranteed(container: Container): boolean {
  const { requests, limits } = container.resources ?? {};
  return COUNTED.every((name) => positive(limits, name) !== undefined && (requests?.[name] === undefined || String(requests[name]) === String(limits?.[name])));
}

function bestEffort(container: Container): boolean {
  const { requests, limits } = container.resources ?? {};
  return COUNTED.every((name) => positive(limits, name) === undefined && positive(requests, name) === undefined);
}

/** The quality-of-service class that requests and limits give a pod. */
function qosClass(spec: PodSpec): string {
  const containers = spec.resources ? [{ resources: spec.resources }] : [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  if (containers.every(bestEffort)) return "BestEffort";
  return containers.every(guaranteed) ? "Guaranteed" : "Burstable";
}

/** The status of a pod that nobody has looked at yet. */
export function podStatus(pod: KubeObject): Record<string, unknown> {
  return { phase: "Pending", qosClass: qosClass((pod["spec"] ?? {}) as PodSpec) };
}
