import { type Fields, isFields, jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { type Cause, fieldCause, validateStructural } from "../../../schema/structural/index.ts";
import { builtinSchema } from "./builtin.ts";
import { fieldsOf, listOf } from "./default-pod.ts";
import { configKeyProblems, pathSegmentProblems } from "./names.ts";
import { quantityNanos } from "./quantity.ts";
import { validatePod } from "./validate-pod.ts";
import { validateEndpointSlice, validateScale, validateService } from "./validate-service.ts";
import { validateDeployment, validateReplicaSet } from "./validate-workload.ts";

type Check = (object: KubeObject, old: KubeObject | undefined) => Cause[];

const { forbidden, invalid, notSupported, required, tooLong } = fieldCause;
const MAX_DATA_BYTES = 1024 * 1024;
const RBAC = "rbac.authorization.k8s.io";
const FROZEN = "field is immutable when `immutable` is set";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const each = (field: string, value: unknown, problems: readonly string[]): Cause[] => problems.map((problem) => invalid(field, value, problem));
const entriesOf = (value: unknown): [string, unknown][] => Object.entries(isFields(value) ? value : {});

function checkKeys(object: KubeObject, part: string): Cause[] {
  return entriesOf(object[part]).flatMap(([key]) => each(`${part}[${key}]`, key, configKeyProblems(key)));
}

function checkFrozen(object: KubeObject, old: KubeObject | undefined, parts: readonly string[]): Cause[] {
  if (old?.["immutable"] !== true) return [];
  const causes = object["immutable"] === true ? [] : [forbidden("immutable", FROZEN)];
  return [...causes, ...parts.filter((part) => !jsonEqual(object[part] ?? {}, old[part] ?? {})).map((part) => forbidden(part, FROZEN))];
}

const decodedBytes = (value: unknown): number => Buffer.byteLength(textOf(value), "base64");

const configMap: Check = (object, old) => {
  const binary = fieldsOf(object["binaryData"]) ?? {};
  const twice = entriesOf(object["data"]).filter(([key]) => Object.hasOwn(binary, key));
  const size =
    entriesOf(object["data"]).reduce((sum, [, value]) => sum + Buffer.byteLength(textOf(value)), 0) +
    entriesOf(binary).reduce((sum, [, value]) => sum + decodedBytes(value), 0);
  return [
    ...checkFrozen(object, old, ["data", "binaryData"]),
    ...checkKeys(object, "data"),
    ...twice.map(([key]) => invalid(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...checkKeys(object, "binaryData"),
    ...(size > MAX_DATA_BYTES ? [tooLong("[]", MAX_DATA_BYTES)] : []),
  ];
};

/** Keys without which a secret of a type means nothing. */
const SECRET_NEEDS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

const secret: Check = (object, old) => {
  const data = fieldsOf(object["data"]) ?? {};
  const size = entriesOf(data).reduce((sum, [, value]) => sum + decodedBytes(value), 0);
  const missing = (SECRET_NEEDS[textOf(object["type"])] ?? []).filter((key) => data[key] === undefined);
  return [
    ...(old && object["type"] !== old["type"] ? [invalid("type", object["type"] ?? "", "field is immutable")] : []),
    ...checkFrozen(object, old, ["data"]),
    ...checkKeys(object, "data"),
    ...(size > MAX_DATA_BYTES ? [tooLong("data", MAX_DATA_BYTES)] : []),
    ...missing.map((key) => required(`data[${key}]`, "")),
  ];
};

function checkRule(rule: Fields, path: string, namespaced: boolean): Cause[] {
  const count = (name: string): number => (Array.isArray(rule[name]) ? rule[name].length : 0);
  const causes = count("verbs") === 0 ? [required(`${path}.verbs`, "verbs must contain at least one value")] : [];
  if (count("nonResourceURLs") > 0) {
    const field = `${path}.nonResourceURLs`;
    if (namespaced) causes.push(invalid(field, rule["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs"));
    if (count("apiGroups") + count("resources") + count("resourceNames") > 0) {
      causes.push(invalid(field, rule["nonResourceURLs"], "rules cannot apply to both regular resources and non-resource URLs"));
    }
    return causes;
  }
  if (count("apiGroups") === 0) causes.push(required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  if (count("resources") === 0) causes.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
  return causes;
}

const role =
  (namespaced: boolean): Check =>
  (object) =>
    listOf(object["rules"]).flatMap((rule, index) => checkRule(rule, `rules[${index}]`, namespaced));

function checkSubject(subject: Fields, path: string, namespaced: boolean): Cause[] {
  const causes: Cause[] = [];
  const [kind, group] = [textOf(subject["kind"]), textOf(subject["apiGroup"])];
  if (!subject["name"]) causes.push(required(`${path}.name`, ""));
  if (kind === "ServiceAccount") {
    if (group !== "") causes.push(notSupported(`${path}.apiGroup`, group, [""]));
    if (!namespaced && !subject["namespace"]) causes.push(required(`${path}.namespace`, ""));
  } else if (kind === "User" || kind === "Group") {
    if (group !== RBAC) causes.push(notSupported(`${path}.apiGroup`, group, [RBAC]));
  } else causes.push(notSupported(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"]));
  return causes;
}

const binding =
  (namespaced: boolean): Check =>
  (object, old) => {
    const roleRef = fieldsOf(object["roleRef"]) ?? {};
    const kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
    const causes: Cause[] = [];
    if (roleRef["apiGroup"] !== RBAC) causes.push(notSupported("roleRef.apiGroup", textOf(roleRef["apiGroup"]), [RBAC]));
    if (!kinds.includes(textOf(roleRef["kind"]))) causes.push(notSupported("roleRef.kind", textOf(roleRef["kind"]), kinds));
    if (!roleRef["name"]) causes.push(required("roleRef.name", ""));
    else causes.push(...each("roleRef.name", roleRef["name"], pathSegmentProblems(textOf(roleRef["name"]))));
    causes.push(...listOf(object["subjects"]).flatMap((subject, index) => checkSubject(subject, `subjects[${index}]`, namespaced)));
    if (old && !jsonEqual(object["roleRef"], old["roleRef"])) causes.push(invalid("roleRef", object["roleRef"], "cannot change roleRef"));
    return causes;
  };

const lease: Check = (object) => {
  const spec = fieldsOf(object["spec"]) ?? {};
  const causes: Cause[] = [];
  const [duration, transitions] = [spec["leaseDurationSeconds"], spec["leaseTransitions"]];
  if (typeof duration === "number" && duration <= 0) causes.push(invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"));
  if (typeof transitions === "number" && transitions < 0) causes.push(invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
  return causes;
};

const quota: Check = (object) =>
  entriesOf(fieldsOf(object["spec"])?.["hard"]).flatMap(([name, quantity]) =>
    (quantityNanos(quantity) ?? 0n) < 0n ? [invalid(`spec.hard[${name}]`, quantity, "must be greater than or equal to 0")] : [],
  );

/** What may not be more than what, which field is blamed, and what the two are called. */
const LIMIT_ORDER = [
  ["min", "max", "min", "min", "max"],
  ["min", "defaultRequest", "defaultRequest", "min", "default request"],
  ["min", "default", "default", "min", "default"],
  ["defaultRequest", "max", "defaultRequest", "default request", "max"],
  ["defaultRequest", "default", "defaultRequest", "default request", "default limit"],
  ["default", "max", "default", "default", "max"],
] as const;
const LIMIT_TYPES = ["Container", "Pod", "PersistentVolumeClaim"];

function checkLimit(limit: Fields, path: string): Cause[] {
  const causes = LIMIT_ORDER.flatMap(([low, high, at, lowName, highName]) => {
    const [lows, highs] = [fieldsOf(limit[low]) ?? {}, fieldsOf(limit[high]) ?? {}];
    const above = Object.keys(lows).filter((name) => (quantityNanos(lows[name]) ?? 0n) > (quantityNanos(highs[name]) ?? quantityNanos(lows[name]) ?? 0n));
    return above.map((name) => {
      const detail = `${lowName} value ${textOf(lows[name])} is greater than ${highName} value ${textOf(highs[name])}`;
      return invalid(`${path}.${at}[${name}]`, lows[name], detail);
    });
  });
  const defaults = limit["type"] === "Pod" ? ["default", "defaultRequest"].filter((name) => entriesOf(limit[name]).length > 0) : [];
  return [...causes, ...defaults.map((name) => forbidden(`${path}.${name}`, "may not be specified when `type` is 'Pod'"))];
}

const limitRange: Check = (object) => {
  const seen = new Set<string>();
  return listOf(fieldsOf(object["spec"])?.["limits"]).flatMap((limit, index) => {
    const path = `spec.limits[${index}]`;
    const type = textOf(limit["type"]);
    const causes = checkLimit(limit, path);
    if (!LIMIT_TYPES.includes(type) && !type.includes("/")) causes.push(invalid(`${path}.type`, type, "must be a standard limit type or fully qualified"));
    if (seen.has(type)) causes.push({ reason: "FieldValueDuplicate", message: `Duplicate value: ${JSON.stringify(type)}`, field: `${path}.type` });
    seen.add(type);
    return causes;
  });
};

/** An event lies in the namespace of what it is about; events about cluster-wide objects lie in `default`. */
const event: Check = (object) => {
  const about = fieldsOf(object["involvedObject"] ?? object["regarding"]) ?? {};
  const [namespace, own] = [textOf(about["namespace"]), object.metadata.namespace ?? ""];
  const right = namespace === own || (namespace === "" && own === "default");
  return right ? [] : [invalid("involvedObject.namespace", namespace, "does not match event.namespace")];
};

const CHECKS: Readonly<Record<string, Check>> = {
  "/Pod": validatePod,
  "/ConfigMap": configMap,
  "/Secret": secret,
  "/ResourceQuota": quota,
  "/LimitRange": limitRange,
  "/Service": validateService,
  "/Endpoints": () => [],
  "apps/Deployment": validateDeployment,
  "apps/ReplicaSet": validateReplicaSet,
  "autoscaling/Scale": validateScale,
  "discovery.k8s.io/EndpointSlice": validateEndpointSlice,
  "/Event": event,
  "events.k8s.io/Event": event,
  "coordination.k8s.io/Lease": lease,
  [`${RBAC}/Role`]: role(true),
  [`${RBAC}/ClusterRole`]: role(false),
  [`${RBAC}/RoleBinding`]: binding(true),
  [`${RBAC}/ClusterRoleBinding`]: binding(false),
};

/** Rules of a built-in kind, after defaulting: written by hand where its schema says too little, else those of the schema. `old` is the stored object on update. Metadata is `validateMetadata`'s. */
export function validateBuiltin(kind: { readonly group: string; readonly kind: string }, object: KubeObject, old: KubeObject | undefined): Cause[] {
  const check = CHECKS[`${kind.group}/${kind.kind}`];
  if (check) return check(object, old);
  const schema = builtinSchema(kind.group, "v1", kind.kind);
  return schema ? validateStructural(schema, object, { old }) : [];
}
