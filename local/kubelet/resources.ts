import { byteCount, cpuMillis } from "./quantity.ts";
import { type Container, isSidecar, type Pod } from "./pod-shapes.ts";

/** What a pod asks for, or what a node has. */
export interface Amounts {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

const none: Amounts = { cpuMillis: 0, memoryBytes: 0 };
const plus = (a: Amounts, b: Amounts): Amounts => ({ cpuMillis: a.cpuMillis + b.cpuMillis, memoryBytes: a.memoryBytes + b.memoryBytes });
const most = (a: Amounts, b: Amounts): Amounts => ({
  cpuMillis: Math.max(a.cpuMillis, b.cpuMillis),
  memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
});

function containerRequests(container: Container): Amounts {
  const { requests = {}, limits = {} } = container.resources ?? {};
  return { cpuMillis: cpuMillis(requests["cpu"] ?? limits["cpu"]), memoryBytes: byteCount(requests["memory"] ?? limits["memory"]) };
}

/**
 * The effective request of a pod, as the Kubernetes scheduler counts it: the larger of all main containers together and
 * of each init container alone, sidecars added to everything that starts after them.
 */
export function podRequests(pod: Pod): Amounts {
  let sidecars = none;
  let peak = none;
  for (const init of pod.spec.initContainers ?? []) {
    if (isSidecar(init)) sidecars = plus(sidecars, containerRequests(init));
    peak = most(peak, isSidecar(init) ? sidecars : plus(sidecars, containerRequests(init)));
  }
  const mains = pod.spec.containers.map(containerRequests).reduce(plus, sidecars);
  const overhead = { cpuMillis: cpuMillis(pod.spec.overhead?.["cpu"]), memoryBytes: byteCount(pod.spec.overhead?.["memory"]) };
  return plus(most(peak, mains), overhead);
}

/** Guaranteed, Burstable or BestEffort, by the rules of the API server. */
export function qosClass(pod: Pod): string {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const set = (values: Record<string, string | number> | undefined, name: string) => values?.[name] !== undefined;
  const any = containers.some(({ resources }) => ["cpu", "memory"].some((name) => set(resources?.requests, name) || set(resources?.limits, name)));
  if (!any) return "BestEffort";
  const exact = containers.every(({ resources }) => {
    const { limits = {}, requests = limits } = resources ?? {};
    return ["cpu", "memory"].every((name) => set(limits, name) && byteCount(limits[name]) === byteCount(requests[name] ?? limits[name]));
  });
  return exact ? "Guaranteed" : "Burstable";
}
