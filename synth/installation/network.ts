import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { SYSTEM_NAMESPACE } from "../tenancy.ts";
import { type Context, isEmbedded } from "./context.ts";
import { metadata, selectorLabels } from "./metadata.ts";
import { PORT } from "./names.ts";
import type { Program } from "./program.ts";

interface Peer {
  readonly cidrs: readonly string[];
  readonly ports: readonly number[];
}

const tcp = (port: number): k8s.NetworkPolicyPort => ({ protocol: "TCP", port: k8s.IntOrString.fromNumber(port) });

function wayOut({ cidrs, ports }: Peer): k8s.NetworkPolicyEgressRule {
  return { ports: ports.map(tcp), ...(cidrs.length === 0 ? {} : { to: cidrs.map((cidr) => ({ ipBlock: { cidr } })) }) };
}

const DNS: k8s.NetworkPolicyEgressRule = { ports: [{ protocol: "UDP", port: k8s.IntOrString.fromNumber(53) }, tcp(53)] };

const runs = ({ containers }: Program, what: "controllers" | "api"): boolean => containers.some((each) => each.runs === what);

/** Where a program may call. Repositories are fetched by whoever runs the sync; the API reads no objects. */
function waysOut(context: Context, program: Program): k8s.NetworkPolicyEgressRule[] {
  const { flavour, values } = context;
  const { networkPolicy, config } = values;
  return [
    DNS,
    wayOut(networkPolicy.apiServer),
    ...(isEmbedded(context) ? [] : [wayOut(networkPolicy.database)]),
    ...(runs(program, "controllers") ? [wayOut(networkPolicy.objectStore)] : []),
    ...(program.component === "sync" || flavour === "single" ? [wayOut(networkPolicy.git)] : []),
    ...(config.otel?.type === "otlphttp" ? [wayOut(networkPolicy.telemetry)] : []),
  ];
}

/** Who may call a program. The API asks nobody for a password: it is open to its own namespace and to those that somebody labelled for it. */
function waysIn({ values: { networkPolicy } }: Context, program: Program): k8s.NetworkPolicyIngressRule[] {
  const labelled = (matchLabels: Readonly<Record<string, string>>) => ({ namespaceSelector: Object.keys(matchLabels).length === 0 ? {} : { matchLabels } });
  const api = runs(program, "api");
  const metrics = [...(runs(program, "controllers") ? [PORT.metrics] : []), ...(api ? [PORT.apiMetrics] : [])];
  const callers = [{ podSelector: {} }, ...(Object.keys(networkPolicy.apiFrom).length === 0 ? [] : [labelled(networkPolicy.apiFrom)])];
  return [{ from: [labelled(networkPolicy.metricsFrom)], ports: metrics.map(tcp) }, ...(api ? [{ from: callers, ports: [tcp(PORT.api)] }] : [])];
}

/** Nothing in, nothing out; then for each program what it needs. Probes come from the node, which no policy stops. */
export function networkPolicies(chart: Chart, context: Context, programs: readonly Program[]): ApiObject[] {
  const { networkPolicy } = context.values;
  if (!networkPolicy.enabled) return [];
  const facts = { version: context.version, component: "network", namespace: SYSTEM_NAMESPACE };
  return [
    new k8s.KubeNetworkPolicy(chart, "deny", {
      metadata: metadata("flyteops-deny", facts),
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    }),
    ...programs.map(
      (program) =>
        new k8s.KubeNetworkPolicy(chart, `${program.account}-network`, {
          metadata: metadata(program.account, facts),
          spec: {
            podSelector: { matchLabels: selectorLabels(program.component) },
            policyTypes: ["Ingress", "Egress"],
            ingress: waysIn(context, program),
            egress: waysOut(context, program),
          },
        }),
    ),
  ];
}
