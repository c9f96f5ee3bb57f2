import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { inOrder, type Manifest, render } from "./render.ts";

type Quantity = string | number;

/** What of a ProjectQuota the cluster itself can enforce. Run and action concurrency are the controllers' part. */
export interface QuotaInput {
  readonly namespace: string;
  /** Totals of the namespace, by ResourceQuota resource name (`requests.cpu`, `pods`, …). */
  readonly totals?: Readonly<Record<string, Quantity>> | undefined;
  /** Largest single container, by resource name. */
  readonly taskLimits?: Readonly<Record<string, Quantity>> | undefined;
}

/** The names of the objects that a ProjectQuota stands behind. */
export const QUOTA_OBJECT_NAME = "flyte-project-quota";

const quantities = (from: Readonly<Record<string, Quantity>>) =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, k8s.Quantity.fromString(String(value))]));

function totals(chart: Chart, input: QuotaInput): ApiObject[] {
  if (Object.keys(input.totals ?? {}).length === 0) return [];
  return [
    new k8s.KubeResourceQuota(chart, "totals", {
      metadata: { name: QUOTA_OBJECT_NAME, namespace: input.namespace },
      spec: { hard: quantities(input.totals ?? {}) },
    }),
  ];
}

function limits(chart: Chart, input: QuotaInput): ApiObject[] {
  if (Object.keys(input.taskLimits ?? {}).length === 0) return [];
  const limit: k8s.LimitRangeItem = { type: "Container", max: quantities(input.taskLimits ?? {}) };
  return [new k8s.KubeLimitRange(chart, "limits", { metadata: { name: QUOTA_OBJECT_NAME, namespace: input.namespace }, spec: { limits: [limit] } })];
}

/** What a ProjectQuota implies in its namespace: a ResourceQuota for the totals, a LimitRange for the largest container. */
export function quotaManifests(input: QuotaInput): Manifest[] {
  return render((chart) => inOrder([...totals(chart, input), ...limits(chart, input)]));
}
