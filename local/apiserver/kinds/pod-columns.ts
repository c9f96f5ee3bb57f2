import type { KubeObject } from "../../../kube/index.ts";
import { ageOf } from "../wire/age.ts";

interface ContainerState {
  waiting?: { reason?: string };
  running?: object;
  terminated?: { reason?: string; exitCode?: number; signal?: number; finishedAt?: string };
}
interface ContainerStatus {
  name: string;
  ready?: boolean;
  started?: boolean;
  restartCount?: number;
  state?: ContainerState;
  lastState?: ContainerState;
}
interface PodFields {
  spec?: { containers?: unknown[]; initContainers?: { name: string; restartPolicy?: string }[] };
  status?: {
    phase?: string;
    reason?: string;
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    conditions?: { type: string; status: string }[];
  };
}

const fieldsOf = (object: KubeObject): PodFields => object as unknown as PodFields;

/** Sidecars: init containers that keep running. */
function sidecars(pod: PodFields): ReadonlySet<string> {
  return new Set((pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name));
}

function endedBecause({ reason, exitCode = 0, signal }: NonNullable<ContainerState["terminated"]>): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

/** Why initialisation is not over: `Init:1/3`, `Init:Error`; undefined when it is. */
function initPhase(pod: PodFields): string | undefined {
  const native = sidecars(pod);
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, { name, state, started }] of statuses.entries()) {
    if (state?.terminated?.exitCode === 0 || (native.has(name) && started)) continue;
    if (state?.terminated) return `Init:${endedBecause(state.terminated)}`;
    const waiting = state?.waiting?.reason;
    if (waiting && waiting !== "PodInitializing") return `Init:${waiting}`;
    return `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
  }
  return undefined;
}

function containersPhase(pod: PodFields, phase: string): string {
  let shown = phase;
  let running = false;
  for (const { state, ready } of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    if (state?.waiting?.reason) shown = state.waiting.reason;
    else if (state?.terminated) shown = endedBecause(state.terminated);
    else if (ready && state?.running) running = true;
  }
  if (shown !== "Completed" || !running) return shown;
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ? "Running" : "NotReady";
}

/** The STATUS column: the phase, or the reason that says more. */
export function podPhase(object: KubeObject): string {
  const pod = fieldsOf(object);
  const phase = pod.status?.reason || pod.status?.phase || "Unknown";
  const shown = initPhase(pod) ?? containersPhase(pod, phase);
  if (object.metadata.deletionTimestamp && pod.status?.reason !== "NodeLost" && !["Succeeded", "Failed"].includes(pod.status?.phase ?? ""))
    return "Terminating";
  return shown;
}

/** `1/2`; sidecars count. */
export function podReady(object: KubeObject): string {
  const pod = fieldsOf(object);
  const native = sidecars(pod);
  const started = (pod.status?.initContainerStatuses ?? []).filter(({ name, ready }) => native.has(name) && ready).length;
  const ready = (pod.status?.containerStatuses ?? []).filter((status) => status.ready && status.state?.running).length;
  return `${ready + started}/${(pod.spec?.containers?.length ?? 0) + native.size}`;
}

/** `3 (2m ago)` */
export function podRestarts(object: KubeObject, now: number): string {
  const pod = fieldsOf(object);
  const native = sidecars(pod);
  const initializing = initPhase(pod) !== undefined;
  const init = (pod.status?.initContainerStatuses ?? []).filter(({ name }) => initializing || native.has(name));
  const statuses = [...init, ...(initializing ? [] : (pod.status?.containerStatuses ?? []))];
  const restarts = statuses.reduce((sum, status) => sum + Number(status.restartCount ?? 0), 0);
  const last = statuses
    .map((status) => status.lastState?.terminated?.finishedAt ?? "")
    .sort()
    .at(-1);
  return restarts > 0 && last ? `${restarts} (${ageOf(last, now)} ago)` : String(restarts);
}
