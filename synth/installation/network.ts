import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { SYSTEM_NAMESPACE } from "../tenancy.ts";
import { type Context, isEmbedded } from "./context.ts";
import { metadata, selectorLabels } from "./metadata.ts";
import { PORT } from "./names.ts";

interface Peer {
  readonly cidrs: readonly string[];
  readonly ports: readonly number[];
}

const tcp = (port: number): k8s.NetworkPolicyPort => ({ protocol: "TCP", port: k8s.IntOrString.fromNumber(port) });

function wayOut({ cidrs, ports }: Peer): k8s.NetworkPolicyEgressRule {
  return { ports: ports.map(tcp), ...(cidrs.length === 0 ? {} : { to: cidrs.map((cidr) => ({ ipBlock: { cidr } })) }) };
}

const DNS: k8s.NetworkPolicyEgressRule = { ports: [{ protocol: "UDP", port: k8s.IntOrString.fromNumber(53) }, tcp(53)] };

/** Where a program may call. Repositories are fetched by whoever runs the sync. */
function waysOut(context: Context, git: boolean): k8s.NetworkPolicyEgressRule[] {
  const { networkPolicy, config } = context.values;
  return [
    DNS,
    wayOut(networkPolicy.apiServer),
    ...(isEmbedded(context) ? [] : [wayOut(networkPolicy.database)]),
    wayOut(networkPolicy.objectStore),
    ...(git ? [wayOut(networkPolicy.git)] : []),
    ...(config.otel?.type === "otlphttp" ? [wayOut(networkPolicy.telemetry)] : []),
  ];
}

/** Nothing in, nothing out; then for each program what it needs. Probes come from the node, which no policy stops. */
export function networkPolicies(
  chart: Chart,
  context: Context,
  programs: readonly { readonly account: string; readonly component: string; readonly git: boolean }[],
): ApiObject[] {
  const { networkPolicy } = context.values;
  if (!networkPolicy.enabled) return [];
  const facts = { version: context.version, component: "network", namespace: SYSTEM_NAMESPACE };
  const from = [{ namespaceSelector: Object.keys(networkPolicy.metricsFrom).length === 0 ? {} : { matchLabels: networkPolicy.metricsFrom } }];
  return [
    new k8s.KubeNetworkPolicy(chart, "deny", {
      metadata: metadata("flyteops-deny", facts),
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    }),
    ...programs.map(
      ({ account, component, git }) =>
        new k8s.KubeNetworkPolicy(chart, `${account}-network`, {
          metadata: metadata(account, facts),
          spec: {
            podSelector: { matchLabels: selectorLabels(component) },
            policyTypes: ["Ingress", "Egress"],
            ingress: [{ from, ports: [tcp(PORT.metrics)] }],
            egress: waysOut(context, git),
          },
        }),
    ),
  ];
}
