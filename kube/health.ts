import { type Fields, fieldsOf } from "../base/index.ts";
import type { Condition, KubeObject } from "./object.ts";

/** What an object's status says about itself: kstatus' words, so that Flux, Argo CD and we agree. */
export interface Health {
  readonly state: "Current" | "InProgress" | "Failed" | "Terminating" | "Unknown";
  readonly message: string;
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined);

const current = (message: string): Health => ({ state: "Current", message });
const inProgress = (message: string): Health => ({ state: "InProgress", message });
const failed = (message: string): Health => ({ state: "Failed", message });

interface Seen {
  readonly spec: Fields;
  readonly status: Fields;
  condition(type: string): Condition | undefined;
}

function replicated({ spec, status }: Seen): Health {
  const wanted = numberOf(spec["replicas"]) ?? 1;
  const updated = numberOf(status["updatedReplicas"]) ?? 0;
  const available = numberOf(status["availableReplicas"]) ?? numberOf(status["readyReplicas"]) ?? 0;
  const total = numberOf(status["replicas"]) ?? 0;
  if (updated < wanted) return inProgress(`updated: ${updated}/${wanted}`);
  if (total > wanted) return inProgress(`pending termination: ${total - wanted}`);
  if (available < wanted) return inProgress(`available: ${available}/${wanted}`);
  return current(`available: ${available}/${wanted}`);
}

function deployment(seen: Seen): Health {
  const progressing = seen.condition("Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return failed(progressing.message || "progress deadline exceeded");
  return replicated(seen);
}

function daemonSet({ status }: Seen): Health {
  const wanted = numberOf(status["desiredNumberScheduled"]);
  if (wanted === undefined) return inProgress("no status yet");
  const available = Math.min(numberOf(status["updatedNumberScheduled"]) ?? 0, numberOf(status["numberAvailable"]) ?? 0);
  return available < wanted ? inProgress(`available: ${available}/${wanted}`) : current(`available: ${available}/${wanted}`);
}

function pod({ status, condition }: Seen): Health {
  const phase = status["phase"];
  if (phase === "Succeeded") return current("pod has completed");
  if (phase === "Failed") return failed(String(status["message"] ?? status["reason"] ?? "pod failed"));
  if (phase === "Running") return condition("Ready")?.status === "True" ? current("pod is ready") : inProgress("pod is running but not ready");
  const scheduled = condition("PodScheduled");
  return inProgress(scheduled?.status === "False" ? `${scheduled.reason}: ${scheduled.message}` : "pod is pending");
}

function job({ status, condition }: Seen): Health {
  const failure = condition("Failed");
  if (failure?.status === "True") return failed(failure.message || failure.reason);
  if (condition("Complete")?.status === "True") return current("job completed");
  return inProgress(`succeeded: ${numberOf(status["succeeded"]) ?? 0}, active: ${numberOf(status["active"]) ?? 0}`);
}

function namespace({ status }: Seen): Health {
  return status["phase"] === "Terminating" ? { state: "Terminating", message: "namespace is being deleted" } : current("namespace is active");
}

function definition({ condition }: Seen): Health {
  const refused = condition("NamesAccepted");
  if (refused?.status === "False") return failed(refused.message);
  return condition("Established")?.status === "True" ? current("CRD is established") : inProgress("CRD is not established yet");
}

function claim({ status }: Seen): Health {
  return status["phase"] === "Bound" ? current("volume is bound") : inProgress(`volume claim is ${String(status["phase"] ?? "Pending")}`);
}

function run({ status }: Seen): Health {
  const phase = String(status["phase"] ?? "Queued");
  const message = String(fieldsOf(status["error"] ?? status["errorState"])["message"] ?? phase);
  if (phase === "Succeeded" || phase === "Skipped") return current(phase.toLowerCase());
  return ["Failed", "Aborted", "TimedOut"].includes(phase) ? failed(`${phase}: ${message}`) : inProgress(`${phase} ${String(status["done"] ?? "")}`.trim());
}

/** Kinds that say how they are in fields of their own, by `group/Kind`. */
const RULES: Readonly<Record<string, (seen: Seen) => Health>> = {
  "apps/Deployment": deployment,
  "apps/StatefulSet": replicated,
  "apps/ReplicaSet": replicated,
  "apps/DaemonSet": daemonSet,
  "batch/Job": job,
  "/Pod": pod,
  "/Namespace": namespace,
  "/PersistentVolumeClaim": claim,
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
  "flyte.org/Run": run,
  "flyte.org/TaskAction": run,
};

/** The conditions every well-behaved kind shares. */
function byConditions({ status, condition }: Seen): Health {
  const stalled = condition("Stalled");
  if (stalled?.status === "True") return failed(stalled.message || stalled.reason);
  const reconciling = condition("Reconciling");
  if (reconciling?.status === "True") return inProgress(reconciling.message || reconciling.reason);
  const ready = condition("Ready");
  if (ready?.status === "False") return inProgress(ready.message || ready.reason);
  if (ready?.status === "Unknown") return inProgress(ready.message || ready.reason);
  return current(ready ? ready.message || "ready" : Object.keys(status).length === 0 ? "the object has no status" : "no condition says otherwise");
}

/** How an object is, judged from the object alone. A status that is older than the spec is never Current. */
export function healthOf(object: KubeObject): Health {
  if (object.metadata.deletionTimestamp !== undefined) return { state: "Terminating", message: "the object is being deleted" };
  const status = fieldsOf(object["status"]);
  const observed = numberOf(status["observedGeneration"]);
  const { generation } = object.metadata;
  if (observed !== undefined && generation !== undefined && observed !== Number(generation))
    return inProgress(`generation ${generation} is not observed yet (${observed})`);
  const conditions = Array.isArray(status["conditions"]) ? (status["conditions"] as Condition[]) : [];
  const seen: Seen = { spec: fieldsOf(object["spec"]), status, condition: (type) => conditions.find((condition) => condition.type === type) };
  const group = object.apiVersion.includes("/") ? object.apiVersion.slice(0, object.apiVersion.indexOf("/")) : "";
  return (RULES[`${group}/${object.kind}`] ?? byConditions)(seen);
}
