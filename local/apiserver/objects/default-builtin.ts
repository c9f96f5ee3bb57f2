import { copyJson, type Fields } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { builtinSchema } from "./builtin.ts";
import { defaultPodSpec, fieldsOf, listOf } from "./default-pod.ts";
import { defaultDeployment, defaultEndpoints, defaultEndpointSlice, defaultReplicaSet, defaultService } from "./default-workload.ts";
import { normaliseBuiltin } from "./normalise-builtin.ts";

const RBAC = "rbac.authorization.k8s.io";

function part(object: Fields, name: string): Fields {
  const existing = fieldsOf(object[name]);
  if (existing) return existing;
  const created: Fields = {};
  object[name] = created;
  return created;
}

function defaultSecret(secret: Fields): void {
  secret["type"] ??= "Opaque";
  const texts = fieldsOf(secret["stringData"]);
  if (!texts) return;
  const encoded = Object.entries(texts).map(([key, text]) => [key, Buffer.from(String(text), "utf8").toString("base64")]);
  secret["data"] = { ...fieldsOf(secret["data"]), ...(Object.fromEntries(encoded) as Fields) };
  delete secret["stringData"];
}

/** A limit's maximum is its default, and its default the default request. */
function defaultLimits(object: Fields): void {
  for (const limit of listOf(part(object, "spec")["limits"])) {
    if (limit["type"] !== "Container") continue;
    const [max, min] = [fieldsOf(limit["max"]) ?? {}, fieldsOf(limit["min"]) ?? {}];
    const defaults = { ...max, ...fieldsOf(limit["default"]) };
    const requests = { ...min, ...defaults, ...fieldsOf(limit["defaultRequest"]) };
    if (Object.keys(defaults).length > 0) limit["default"] = defaults;
    if (Object.keys(requests).length > 0) limit["defaultRequest"] = requests;
  }
}

function defaultBinding(binding: Fields): void {
  const role = fieldsOf(binding["roleRef"]);
  if (role && !role["apiGroup"]) role["apiGroup"] = RBAC;
  for (const subject of listOf(binding["subjects"])) {
    if (!subject["apiGroup"] && (subject["kind"] === "User" || subject["kind"] === "Group")) subject["apiGroup"] = RBAC;
  }
}

function defaultNetworkPolicy(policy: Fields): void {
  const spec = part(policy, "spec");
  spec["podSelector"] ??= {};
  if (!Array.isArray(spec["policyTypes"])) spec["policyTypes"] = listOf(spec["egress"]).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
  for (const rule of [...listOf(spec["ingress"]), ...listOf(spec["egress"])]) for (const port of listOf(rule["ports"])) port["protocol"] ??= "TCP";
}

/** Fields of an Event that are always written. */
function defaultEvent(event: Fields): void {
  event["involvedObject"] ??= {};
  event["source"] ??= {};
  for (const time of ["firstTimestamp", "lastTimestamp", "eventTime"]) event[time] ??= null;
  for (const text of ["reportingComponent", "reportingInstance"]) event[text] ??= "";
}

function defaultDefinition(definition: Fields): void {
  const spec = part(definition, "spec");
  const names = part(spec, "names");
  const kind = names["kind"];
  if (typeof kind === "string" && kind !== "") {
    names["singular"] ??= kind.toLowerCase();
    names["listKind"] ??= `${kind}List`;
  }
  const conversion = part(spec, "conversion");
  conversion["strategy"] ??= "None";
}

function defaultNode(node: Fields): void {
  const status = fieldsOf(node["status"]);
  if (status && status["allocatable"] === undefined && status["capacity"] !== undefined) status["allocatable"] = copyJson(status["capacity"]);
}

const DEFAULTS: Readonly<Record<string, (object: Fields) => void>> = {
  "/Pod": (pod) => defaultPodSpec(part(pod, "spec")),
  "/Secret": defaultSecret,
  "/LimitRange": defaultLimits,
  "/Service": defaultService,
  "/Endpoints": defaultEndpoints,
  "apps/Deployment": defaultDeployment,
  "apps/ReplicaSet": defaultReplicaSet,
  "discovery.k8s.io/EndpointSlice": defaultEndpointSlice,
  "/Event": defaultEvent,
  "/Node": defaultNode,
  [`${RBAC}/RoleBinding`]: defaultBinding,
  [`${RBAC}/ClusterRoleBinding`]: defaultBinding,
  "networking.k8s.io/NetworkPolicy": defaultNetworkPolicy,
  "apiextensions.k8s.io/CustomResourceDefinition": defaultDefinition,
};

/**
 * Writes a built-in object as the real server would after reading it, in place: nothing empty that may be left out,
 * quantities in their one spelling, defaults filled in. Idempotent; leaves a part of the wrong type for `decodeProblem`.
 */
export function defaultBuiltin(kind: { readonly group: string; readonly kind: string }, object: KubeObject): void {
  const schema = builtinSchema(kind.group, "v1", kind.kind);
  if (schema) normaliseBuiltin(schema, object);
  DEFAULTS[`${kind.group}/${kind.kind}`]?.(object);
}
