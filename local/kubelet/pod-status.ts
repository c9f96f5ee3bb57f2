/** What a pod's status says, from what its containers do. Pure; held to the rules of the real kubelet. */
import { rfc3339 } from "../../base/index.ts";
import type { Container, ContainerState, ContainerStatus, Pod, PodCondition, PodPhase, PodStatus, Terminated } from "./pod-shapes.ts";
import { qosClass } from "./resources.ts";

export type Role = "init" | "sidecar" | "main";

/** One container of a pod as this kubelet knows it. */
export interface Slot {
  readonly container: Container;
  readonly role: Role;
  state: ContainerState;
  /** How the instance before the present one ended. */
  last: Terminated | undefined;
  restarts: number;
  started: boolean;
  ready: boolean;
  /** As `containerID` says it: with the scheme of the runtime. */
  id: string | undefined;
  imageId: string;
}

export interface PodView {
  readonly pod: Pod;
  readonly slots: readonly Slot[];
  readonly startTime: string;
  /** Volumes are there and containers may start. */
  readonly prepared: boolean;
  /** Everything has stopped and nothing will start again. */
  readonly ended: boolean;
  /** Why the pod as a whole failed, when it was not one of its containers. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  /** Conditions added by this kubelet beside the usual ones. */
  readonly extraConditions: readonly PodCondition[];
}

const LOOPBACK = "127.0.0.1";

export const isRunning = (slot: Slot): boolean => "running" in slot.state;
export const terminated = (slot: Slot): Terminated | undefined => ("terminated" in slot.state ? slot.state.terminated : undefined);
const succeeded = (slot: Slot): boolean => terminated(slot)?.exitCode === 0;

/** Whether an init container no longer holds up the ones after it. */
export const isInitialised = (slot: Slot): boolean => (slot.role === "sidecar" ? slot.started : succeeded(slot));

export function podPhase({ slots, ended, failure }: PodView): PodPhase {
  const mains = slots.filter((slot) => slot.role === "main");
  if (ended) return failure === undefined && mains.every(succeeded) && mains.length > 0 ? "Succeeded" : "Failed";
  const inits = slots.filter((slot) => slot.role !== "main");
  const begun = mains.every((slot) => isRunning(slot) || terminated(slot) || slot.last);
  return begun && inits.every((slot) => isInitialised(slot) || mains.some((main) => main.last || terminated(main))) ? "Running" : "Pending";
}

export function podStatus(view: PodView, nowMs: number): PodStatus {
  const { pod, slots, startTime, failure } = view;
  const phase = podPhase(view);
  const inits = slots.filter((slot) => slot.role !== "main").map(containerStatus);
  return {
    phase,
    ...(failure ?? {}),
    conditions: podConditions(view, phase, rfc3339(nowMs)),
    startTime,
    hostIP: LOOPBACK,
    hostIPs: [{ ip: LOOPBACK }],
    podIP: LOOPBACK,
    podIPs: [{ ip: LOOPBACK }],
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: slots.filter((slot) => slot.role === "main").map(containerStatus),
  };
}

function containerStatus(slot: Slot): ContainerStatus {
  return {
    name: slot.container.name,
    state: slot.state,
    lastState: slot.last ? { terminated: slot.last } : {},
    ready: slot.role === "init" ? succeeded(slot) : isRunning(slot) && slot.ready,
    started: slot.role === "init" ? false : isRunning(slot) && slot.started,
    restartCount: slot.restarts,
    image: slot.container.image ?? "",
    imageID: slot.imageId,
    ...(slot.id === undefined ? {} : { containerID: slot.id }),
  };
}

type Verdict = Pick<PodCondition, "type" | "status" | "reason" | "message">;

function podConditions(view: PodView, phase: PodPhase, now: string): PodCondition[] {
  const containersReady = readiness(view, phase);
  const ours: Verdict[] = [
    { type: "PodReadyToStartContainers", status: view.prepared && !view.ended ? "True" : "False" },
    initialised(view, phase),
    { ...gates(view, containersReady), type: "Ready" },
    containersReady,
    { type: "PodScheduled", status: "True" },
    ...view.extraConditions,
  ];
  const before = view.pod.status?.conditions ?? [];
  const foreign = before.filter((condition) => !ours.some(({ type }) => type === condition.type));
  return [...ours.map((condition) => withTransition(condition, before, now)), ...foreign];
}

/** The time of a condition stays while its status stays. */
function withTransition(condition: Verdict, before: readonly PodCondition[], now: string): PodCondition {
  const old = before.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  return { ...condition, lastProbeTime: null, lastTransitionTime };
}

const names = (slots: readonly Slot[]): string => `[${slots.map((slot) => slot.container.name).join(" ")}]`;

function initialised({ slots }: PodView, phase: PodPhase): Verdict {
  const incomplete = slots.filter((slot) => slot.role !== "main" && !isInitialised(slot));
  if (phase === "Succeeded") return { type: "Initialized", status: "True", reason: "PodCompleted" };
  if (incomplete.length === 0 || phase === "Running") return { type: "Initialized", status: "True" };
  return { type: "Initialized", status: "False", reason: "ContainersNotInitialized", message: `containers with incomplete status: ${names(incomplete)}` };
}

function readiness({ slots }: PodView, phase: PodPhase): Verdict {
  const type = "ContainersReady";
  if (phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const unready = slots.filter((slot) => slot.role !== "init" && !(isRunning(slot) && slot.ready));
  if (unready.length === 0) return { type, status: "True" };
  return { type, status: "False", reason: "ContainersNotReady", message: `containers with unready status: ${names(unready)}` };
}

function gates({ pod }: PodView, containersReady: Verdict): Verdict {
  if (containersReady.status !== "True") return containersReady;
  const isTrue = (type: string) => pod.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true;
  const closed = (pod.spec.readinessGates ?? []).filter(({ conditionType }) => !isTrue(conditionType));
  if (closed.length === 0) return containersReady;
  const message = closed.map(({ conditionType }) => `corresponding condition of pod readiness gate "${conditionType}" does not exist.`).join(", ");
  return { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message };
}
