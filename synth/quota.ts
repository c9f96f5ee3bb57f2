import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { parseQuantity } from "../base/index.ts";
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

/** What runs beside every task to fetch its inputs and store its outputs asks for so much at most: a limit below would refuse every pod. */
const BESIDE_TASKS: Readonly<Record<string, string>> = { cpu: "1", memory: "512Mi" };

const isDevice = (name: string): boolean => name.includes("/");
const isCounted = (name: string, { totals = {} }: QuotaInput): boolean => Object.hasOwn(totals, name) || Object.hasOwn(totals, `requests.${name}`);
const larger = (left: Quantity, right: Quantity): Quantity => ((parseQuantity(String(left)) ?? 0n) < (parseQuantity(String(right)) ?? 0n) ? right : left);

function limits(chart: Chart, input: QuotaInput): ApiObject[] {
  const names = Object.keys(input.taskLimits ?? {});
  if (names.length === 0) return [];
  const max = Object.fromEntries(Object.entries(input.taskLimits ?? {}).map(([name, value]) => [name, larger(value, BESIDE_TASKS[name] ?? value)]));
  const zero = (chosen: readonly string[]) => quantities(Object.fromEntries(chosen.map((name) => [name, "0"])));
  const devices = names.filter(isDevice);
  const unreserved = names.filter((name) => isDevice(name) || !isCounted(name, input));
  const limit: k8s.LimitRangeItem = {
    type: "Container",
    max: quantities(max),
    // A cluster gives the maximum to every container that says nothing: a device to each helper, or a reservation that fits on no node.
    ...(devices.length > 0 ? { default: zero(devices) } : {}),
    ...(unreserved.length > 0 ? { defaultRequest: zero(unreserved) } : {}),
  };
  return [new k8s.KubeLimitRange(chart, "limits", { metadata: { name: QUOTA_OBJECT_NAME, namespace: input.namespace }, spec: { limits: [limit] } })];
}

/** What a ProjectQuota implies in its namespace: a ResourceQuota for the totals, a LimitRange for the largest container. */
export function quotaManifests(input: QuotaInput): Manifest[] {
  return render((chart) => inOrder([...totals(chart, input), ...limits(chart, input)]));
}
