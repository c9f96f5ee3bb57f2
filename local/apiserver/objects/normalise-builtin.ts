import { type Fields, isFields } from "../../../base/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { canonicalQuantity } from "./quantity.ts";

/** Definitions whose optional text may be empty and mean it. */
const KEEPS_EMPTY_TEXT: ReadonlySet<string> = new Set(["EndpointPort", "HostPathVolumeSource", "LeaseSpec", "PersistentVolumeClaimSpec", "GRPCAction"]);
/** Fields that have no "not set": false and 0 are the same as leaving them out. */
const FALSE_IS_ABSENT: ReadonlySet<string> = new Set([
  "hostNetwork",
  "hostPID",
  "hostIPC",
  "stdin",
  "stdinOnce",
  "tty",
  "readOnly",
  "unschedulable",
  "paused",
  "publishNotReadyAddresses",
]);
const ZERO_IS_ABSENT: ReadonlySet<string> = new Set([
  "hostPort",
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
  "minReadySeconds",
  "nodePort",
  "observedGeneration",
]);
/** Counters that are left out at nought, where a specification of the same name is not. */
const STATUS_COUNTERS: ReadonlySet<string> = new Set(["DeploymentStatus", "ReplicaSetStatus", "ScaleSpec"]);
const ALWAYS_COUNTED: ReadonlySet<string> = new Set(["terminatingReplicas"]);

function isEmptyCollection(node: Structural, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && node.name === undefined && node.properties.size === 0 && !node.preserveUnknown && Object.keys(value).length === 0;
}

const structOf = (node: Structural): string => node.name?.slice(node.name.lastIndexOf(".") + 1) ?? "";

/** Whether a field of a Go struct is left out when it is written: nil, empty, or the zero value of a plain field. */
function leavesOut(owner: Structural, name: string, node: Structural, value: unknown): boolean {
  if (value === null) return !node.preserveUnknown;
  if (owner.source.required?.includes(name)) return false;
  if (value === "") return !KEEPS_EMPTY_TEXT.has(structOf(owner)) && node.types[0] === "string" && node.name === undefined;
  if (value === false) return FALSE_IS_ABSENT.has(name);
  if (value === 0) return ZERO_IS_ABSENT.has(name) || (STATUS_COUNTERS.has(structOf(owner)) && !ALWAYS_COUNTED.has(name));
  return name !== "managedFields" && isEmptyCollection(node, value);
}

function normaliseFields(node: Structural, object: Fields): void {
  for (const name of Object.keys(object)) {
    const child = node.properties.get(name);
    const entry = child ?? (node.additional === "any" ? undefined : node.additional);
    if (!entry) continue;
    object[name] = normalised(entry, object[name]);
    if (child && leavesOut(node, name, child, object[name])) delete object[name];
  }
}

function normalised(node: Structural, value: unknown): unknown {
  if (node.source.format === "quantity") return canonicalQuantity(value) ?? value;
  if (Array.isArray(value)) {
    const { items } = node;
    if (items) for (let index = 0; index < value.length; index++) value[index] = normalised(items, value[index]);
  } else if (isFields(value)) normaliseFields(node, value);
  return value;
}

/** Writes a built-in object as its Go type would, in place: nothing empty that may be left out, quantities in their one spelling. */
export function normaliseBuiltin(schema: Structural, object: Fields): void {
  normaliseFields(schema, object);
}
