import { type Fields, fieldsOf } from "../../base/index.ts";
import type { Manifest } from "../plugin.ts";

export interface Waiting {
  readonly reason?: string;
  readonly message?: string;
}

export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly state: { readonly waiting?: Waiting; readonly running?: { readonly startedAt?: string }; readonly terminated?: Terminated };
}

export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime?: string;
}

/** A pod's status with everything in place: absent lists are empty, absent texts "". */
export interface PodStatus {
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  readonly conditions: readonly PodCondition[];
  readonly init: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
  readonly startTime?: string;
  readonly scheduled: boolean;
  readonly deleting: boolean;
  /** When it should have stopped. */
  readonly deletedBy?: string;
  readonly createdAt?: string;
}

const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function optionalTexts<Name extends string>(fields: Fields, ...names: Name[]): { readonly [name in Name]?: string } {
  return Object.fromEntries(names.flatMap((name) => (typeof fields[name] === "string" ? [[name, fields[name]]] : []))) as { readonly [name in Name]?: string };
}

function containerStatus(fields: Fields): ContainerStatus {
  const state = fieldsOf(fields["state"]);
  const { waiting, running, terminated } = state;
  return {
    name: textOf(fields["name"]),
    state: {
      ...(waiting ? { waiting: optionalTexts(fieldsOf(waiting), "reason", "message") } : {}),
      ...(running ? { running: optionalTexts(fieldsOf(running), "startedAt") } : {}),
      ...(terminated
        ? {
            terminated: {
              exitCode: Number(fieldsOf(terminated)["exitCode"] ?? 0),
              ...optionalTexts(fieldsOf(terminated), "reason", "message", "startedAt", "finishedAt"),
            },
          }
        : {}),
    },
  };
}

/** Reads a pod, whatever it holds: kubelets of many versions write these. */
export function podStatus(pod: Manifest): PodStatus {
  const status = fieldsOf(pod["status"]);
  const metadata = fieldsOf(pod.metadata);
  const createdAt = metadata["creationTimestamp"];
  const deletedBy = metadata["deletionTimestamp"];
  return {
    phase: textOf(status["phase"]) || "Pending",
    reason: textOf(status["reason"]),
    message: textOf(status["message"]),
    conditions: listOf(status["conditions"]).map((condition) => ({
      type: textOf(condition["type"]),
      status: textOf(condition["status"]),
      reason: textOf(condition["reason"]),
      message: textOf(condition["message"]),
      ...optionalTexts(condition, "lastTransitionTime"),
    })),
    init: listOf(status["initContainerStatuses"]).map(containerStatus),
    containers: listOf(status["containerStatuses"]).map(containerStatus),
    scheduled: textOf(fieldsOf(pod["spec"])["nodeName"]) !== "",
    deleting: metadata["deletionTimestamp"] !== undefined,
    ...optionalTexts(status, "startTime"),
    ...(typeof createdAt === "string" ? { createdAt } : {}),
    ...(typeof deletedBy === "string" ? { deletedBy } : {}),
  };
}
