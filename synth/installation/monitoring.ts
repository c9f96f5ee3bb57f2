import { PART_OF } from "../../base/index.ts";
import { SYSTEM_NAMESPACE } from "../tenancy.ts";
import type { Manifest } from "../render.ts";
import { alerts } from "./alerts.ts";
import type { Context } from "./context.ts";
import { dashboard } from "./dashboard.ts";
import { metadata } from "./metadata.ts";
import type { Program } from "./program.ts";

const OPERATOR = "monitoring.coreos.com/v1";

/** The groups of a PrometheusRule, also the file of alerts that Prometheus reads by itself. */
export function ruleGroups(): { readonly groups: readonly unknown[] } {
  const rules = alerts.map(({ severity, summary, description, for: held, ...rest }) => ({
    ...rest,
    for: held,
    labels: { severity },
    annotations: { summary, description },
  }));
  return { groups: [{ name: "flyteops", rules }] };
}

/** How metrics are found, looked at and watched; nothing unless asked for, because the first two need the Prometheus operator. */
export function monitoring({ values, version }: Context, programs: readonly Program[]): Manifest[] {
  const { serviceMonitor, rules, dashboard: board } = values.monitoring;
  const facts = { version, component: "monitoring", namespace: SYSTEM_NAMESPACE };
  const found: Manifest[] = [];
  if (serviceMonitor.enabled) {
    const components = [...new Set(programs.flatMap(({ component, containers }) => containers.map(({ runs }) => (runs === "api" ? "api" : component))))];
    found.push({
      apiVersion: OPERATOR,
      kind: "ServiceMonitor",
      metadata: metadata("flyteops", { ...facts, labels: serviceMonitor.labels }),
      spec: {
        selector: {
          matchLabels: { [PART_OF.label]: PART_OF.value },
          matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: components }],
        },
        endpoints: [{ port: "metrics", interval: serviceMonitor.interval }],
      },
    });
  }
  if (rules.enabled)
    found.push({ apiVersion: OPERATOR, kind: "PrometheusRule", metadata: metadata("flyteops", { ...facts, labels: rules.labels }), spec: ruleGroups() });
  if (board.enabled) {
    const data = { "flyteops.json": dashboard() };
    found.push({ apiVersion: "v1", kind: "ConfigMap", metadata: metadata("flyteops-dashboard", { ...facts, labels: board.labels }), data });
  }
  return found;
}
