import type { KubeObject } from "../../../kube/index.ts";
import type { ScalePaths } from "./served-kind.ts";

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

const sorted = (values: readonly string[] | undefined): string => [...(values ?? [])].sort().join(",");

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case "In":
      return `${key} in (${sorted(values)})`;
    case "NotIn":
      return `${key} notin (${sorted(values)})`;
    case "Exists":
      return key;
    default:
      return `!${key}`;
  }
}

/** A selector as one writes it in a query: `a=b,c in (d,e)`. Empty for one that selects everything. */
export function selectorText(selector: LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => [key, `${key}=${value}`] as const);
  const others = (selector?.matchExpressions ?? []).map((one) => [one.key, requirementText(one)] as const);
  return [...labels, ...others]
    .sort(([left], [right]) => (left < right ? -1 : Number(left > right)))
    .map(([, text]) => text)
    .join(",");
}

/** Deployments and ReplicaSets. */
export const WORKLOAD_SCALE: ScalePaths = {
  spec: ["spec", "replicas"],
  status: ["status", "replicas"],
  selector: (object) => selectorText((object["spec"] as { selector?: LabelSelector } | undefined)?.selector),
  strict: false,
};

interface DeclaredScale {
  readonly specReplicasPath?: string;
  readonly statusReplicasPath?: string;
  readonly labelSelectorPath?: string;
}

const stepsOf = (path: string): string[] => path.split(".").filter((step) => step !== "");

/** The value at nested fields; undefined where one is missing. */
export function fieldAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, step) => (typeof at === "object" && at !== null ? (at as Readonly<Record<string, unknown>>)[step] : undefined), object);
}

/** The paths that a definition declares for the scale subresource of a version. */
export function declaredScale({ specReplicasPath = "", statusReplicasPath = "", labelSelectorPath }: DeclaredScale): ScalePaths {
  const selector = labelSelectorPath === undefined ? undefined : stepsOf(labelSelectorPath);
  const read = (object: KubeObject) => fieldAt(object, selector ?? []);
  return {
    spec: stepsOf(specReplicasPath),
    status: stepsOf(statusReplicasPath),
    selector: (object) => (selector === undefined ? undefined : String(read(object) ?? "")),
    strict: true,
  };
}
