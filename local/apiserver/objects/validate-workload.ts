import { type Fields, isFields, jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { type Cause, fieldCause } from "../../../schema/structural/index.ts";
import { fieldsOf, listOf } from "./default-pod.ts";
import { labelValueProblems, qualifiedNameProblems } from "./names.ts";
import { validatePod } from "./validate-pod.ts";

const { forbidden, invalid, notSupported, required } = fieldCause;
const PERCENT = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const each = (field: string, value: unknown, problems: readonly string[]): Cause[] => problems.map((problem) => invalid(field, value, problem));

function notNegative(spec: Fields, name: string, path = "spec"): Cause[] {
  const value = spec[name];
  return typeof value === "number" && value < 0 ? [invalid(`${path}.${name}`, value, "must be greater than or equal to 0")] : [];
}

function requirementCauses(one: Fields, path: string): Cause[] {
  const operator = textOf(one["operator"]);
  const values = Array.isArray(one["values"]) ? (one["values"] as unknown[]) : [];
  const causes = each(`${path}.key`, one["key"] ?? "", qualifiedNameProblems(textOf(one["key"])));
  if (!OPERATORS.includes(operator)) causes.push(invalid(`${path}.operator`, operator, "not a valid selector operator"));
  else if (operator.endsWith("In") && values.length === 0) causes.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  else if (!operator.endsWith("In") && values.length > 0)
    causes.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  return causes;
}

function selectorCauses(selector: Fields, path: string): Cause[] {
  const labels = Object.entries(fieldsOf(selector["matchLabels"]) ?? {}).flatMap(([key, value]) => [
    ...each(`${path}.matchLabels`, key, qualifiedNameProblems(key)),
    ...each(`${path}.matchLabels`, value, labelValueProblems(textOf(value))),
  ]);
  return [...labels, ...listOf(selector["matchExpressions"]).flatMap((one, index) => requirementCauses(one, `${path}.matchExpressions[${index}]`))];
}

function requirementHolds(one: Fields, labels: Fields): boolean {
  const [key, values] = [textOf(one["key"]), Array.isArray(one["values"]) ? (one["values"] as unknown[]) : []];
  switch (one["operator"]) {
    case "In":
      return key in labels && values.includes(labels[key]);
    case "NotIn":
      return !(key in labels && values.includes(labels[key]));
    case "Exists":
      return key in labels;
    default:
      return !(key in labels);
  }
}

function selects(selector: Fields, labels: Fields): boolean {
  const wanted = Object.entries(fieldsOf(selector["matchLabels"]) ?? {});
  return wanted.every(([key, value]) => labels[key] === value) && listOf(selector["matchExpressions"]).every((one) => requirementHolds(one, labels));
}

const isEmptySelector = (selector: Fields): boolean =>
  Object.keys(fieldsOf(selector["matchLabels"]) ?? {}).length + listOf(selector["matchExpressions"]).length === 0;

function checkSelector(spec: Fields): Cause[] {
  const selector = spec["selector"];
  if (!isFields(selector)) return [required("spec.selector", "")];
  const causes = selectorCauses(selector, "spec.selector");
  return isEmptySelector(selector) ? [...causes, invalid("spec.selector", selector, "empty selector is invalid for deployment")] : causes;
}

/** The template must be a pod that the selector selects and that is started again whenever it ends. */
function checkTemplate(spec: Fields): Cause[] {
  const template = fieldsOf(spec["template"]) ?? {};
  const labels = fieldsOf(fieldsOf(template["metadata"])?.["labels"]);
  const field = "spec.template.metadata.labels";
  const causes: Cause[] = [];
  const matched = labels !== undefined && isFields(spec["selector"]) && selects(spec["selector"], labels);
  if (!matched) causes.push(invalid(field, labels ?? null, "`selector` does not match template `labels`"));
  for (const [key, value] of Object.entries(labels ?? {})) {
    causes.push(...each(field, key, qualifiedNameProblems(key)), ...each(field, value, labelValueProblems(textOf(value))));
  }
  const pod = fieldsOf(template["spec"]) ?? {};
  const inside = validatePod({ apiVersion: "v1", kind: "Pod", metadata: {}, spec: pod }, undefined);
  causes.push(...inside.map((cause) => ({ ...cause, field: `spec.template.${cause.field}` })));
  if (["Never", "OnFailure"].includes(textOf(pod["restartPolicy"])))
    causes.push(notSupported("spec.template.spec.restartPolicy", pod["restartPolicy"], ["Always"]));
  if (pod["activeDeadlineSeconds"] !== undefined)
    causes.push(forbidden("spec.template.spec.activeDeadlineSeconds", "activeDeadlineSeconds in ReplicaSet is not Supported"));
  return causes;
}

function unchangedSelector(spec: Fields, old: KubeObject | undefined): Cause[] {
  const before = fieldsOf(old?.["spec"])?.["selector"];
  return old && !jsonEqual(before, spec["selector"]) ? [invalid("spec.selector", spec["selector"] ?? null, "field is immutable")] : [];
}

export function validateReplicaSet(object: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = fieldsOf(object["spec"]) ?? {};
  return [
    ...notNegative(spec, "replicas"),
    ...notNegative(spec, "minReadySeconds"),
    ...checkSelector(spec),
    ...checkTemplate(spec),
    ...unchangedSelector(spec, old),
  ];
}

function checkAmount(value: unknown, field: string): Cause[] {
  if (typeof value === "number") return value < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];
  return /^[0-9]+%$/.test(textOf(value)) ? [] : [invalid(field, value, PERCENT)];
}

const isNone = (value: unknown): boolean => value === 0 || /^0+%$/.test(textOf(value));

function checkRolling(rolling: Fields, path: string): Cause[] {
  const { maxUnavailable, maxSurge } = rolling;
  const causes = [...checkAmount(maxUnavailable, `${path}.maxUnavailable`), ...checkAmount(maxSurge, `${path}.maxSurge`)];
  if (isNone(maxUnavailable) && isNone(maxSurge)) causes.push(invalid(`${path}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  if (/^[0-9]+%$/.test(textOf(maxUnavailable)) && Number.parseInt(textOf(maxUnavailable), 10) > 100)
    causes.push(invalid(`${path}.maxUnavailable`, maxUnavailable, "must not be greater than 100%"));
  return causes;
}

function checkStrategy(strategy: Fields): Cause[] {
  const rolling = fieldsOf(strategy["rollingUpdate"]);
  switch (strategy["type"]) {
    case "Recreate":
      return rolling ? [forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")] : [];
    case "RollingUpdate":
      return rolling
        ? checkRolling(rolling, "spec.strategy.rollingUpdate")
        : [required("spec.strategy.rollingUpdate", "this should be defaulted and never be nil")];
    default: {
      const shown = { Type: strategy["type"] ?? "", RollingUpdate: rolling ?? null };
      return [notSupported("spec.strategy", shown, ["Recreate", "RollingUpdate"])];
    }
  }
}

function checkDeadline(spec: Fields): Cause[] {
  const [deadline, ready] = [spec["progressDeadlineSeconds"], Number(spec["minReadySeconds"] ?? 0)];
  const field = "spec.progressDeadlineSeconds";
  if (typeof deadline !== "number") return [];
  if (deadline < 0) return notNegative(spec, "progressDeadlineSeconds");
  return deadline <= ready && ready >= 0 ? [invalid(field, deadline, "must be greater than minReadySeconds")] : [];
}

export function validateDeployment(object: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = fieldsOf(object["spec"]) ?? {};
  return [
    ...notNegative(spec, "replicas"),
    ...checkSelector(spec),
    ...checkTemplate(spec),
    ...checkStrategy(fieldsOf(spec["strategy"]) ?? {}),
    ...notNegative(spec, "minReadySeconds"),
    ...notNegative(spec, "revisionHistoryLimit"),
    ...checkDeadline(spec),
    ...unchangedSelector(spec, old),
  ];
}
