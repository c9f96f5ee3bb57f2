import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { digestJson, type Json } from "../../base/index.ts";
import { ACCOUNT, SYSTEM_NAMESPACE } from "../tenancy.ts";
import { configOf } from "./configuration.ts";
import { type ContainerOf, containerManifest, volumesOf } from "./container.ts";
import { type Context, isEmbedded } from "./context.ts";
import { commonLabels, metadata, selectorLabels } from "./metadata.ts";
import { NAME, PORT, UID } from "./names.ts";
import type { PodValues } from "./values.ts";

/** One Deployment: an account, the containers of its pods, and how many of it. */
export interface Program {
  readonly account: string;
  /** Label of its pods; `controller`, `sync` or `api`. */
  readonly component: string;
  readonly containers: readonly ContainerOf[];
  readonly values: PodValues;
}

/** Replicas that share a node fall together. */
function affinityOf({ component, values: { affinity } }: Program): k8s.Affinity {
  if (Object.keys(affinity).length > 0) return affinity as k8s.Affinity;
  const term = { labelSelector: { matchLabels: selectorLabels(component) }, topologyKey: "kubernetes.io/hostname" };
  return { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] } };
}

function podSpec(context: Context, program: Program): k8s.PodSpec {
  const { values } = context;
  const { nodeSelector, tolerations } = program.values;
  return {
    serviceAccountName: program.account,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      fsGroup: UID,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(values.image.pullSecrets.length === 0 ? {} : { imagePullSecrets: values.image.pullSecrets.map((name) => ({ name })) }),
    // Longer than controller.shutdownTimeout: passes in hand end, the Lease is given back, PostgreSQL is closed.
    terminationGracePeriodSeconds: 60,
    containers: program.containers.map((each) => containerManifest(context, each)),
    affinity: affinityOf(program),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations: tolerations as k8s.Toleration[] }),
    volumes: volumesOf(context, program.containers),
  };
}

/** A volume has one writer: the old pod goes before the new one comes. */
function strategy(context: Context): k8s.DeploymentStrategy {
  if (isEmbedded(context)) return { type: "Recreate" };
  return { type: "RollingUpdate", rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromNumber(1) } };
}

function service(chart: Chart, version: string, component: string, name: string, selector: Record<string, string>, port: k8s.ServicePort): ApiObject {
  return new k8s.KubeService(chart, `service-${name}`, {
    metadata: metadata(name, { version, component, namespace: SYSTEM_NAMESPACE }),
    spec: { selector, ports: [port] },
  });
}

/** Where the containers of a program are reached: metrics of each, and the calls of the API. */
function services(chart: Chart, { version }: Context, { account, component, containers }: Program): ApiObject[] {
  const selector = selectorLabels(component);
  return containers.flatMap(({ runs }) => {
    if (runs !== "api") {
      const port = { name: "metrics", port: PORT.metrics, targetPort: k8s.IntOrString.fromString("metrics") };
      return [service(chart, version, component, `${account}-metrics`, selector, port)];
    }
    const metrics = { name: "metrics", port: PORT.apiMetrics, targetPort: k8s.IntOrString.fromString("api-metrics") };
    // gRPC is HTTP/2 from the first byte: what stands between must not begin with HTTP/1.1.
    const calls = { name: "grpc", appProtocol: "kubernetes.io/h2c", port: PORT.api, targetPort: k8s.IntOrString.fromString("grpc") };
    return [service(chart, version, "api", `${ACCOUNT.api}-metrics`, selector, metrics), service(chart, version, "api", NAME.api, selector, calls)];
  });
}

/** The Deployment of a program, its Services, and its disruption budget. */
export function programObjects(chart: Chart, context: Context, program: Program): ApiObject[] {
  const { account, component, values } = program;
  const { version } = context;
  const facts = { version, component, namespace: SYSTEM_NAMESPACE };
  const matchLabels = selectorLabels(component);
  const template = {
    metadata: {
      labels: { ...commonLabels(version, component), ...values.podLabels },
      annotations: { "flyte.org/config-digest": digestJson(configOf(context) as unknown as Json), ...values.podAnnotations },
    },
    spec: podSpec(context, program),
  };
  return [
    new k8s.KubeDeployment(chart, account, {
      metadata: metadata(account, facts),
      spec: { replicas: values.replicas, selector: { matchLabels }, strategy: strategy(context), template },
    }),
    ...services(chart, context, program),
    ...(context.values.podDisruptionBudget.enabled
      ? [
          new k8s.KubePodDisruptionBudget(chart, `${account}-budget`, {
            metadata: metadata(account, facts),
            spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels } },
          }),
        ]
      : []),
  ];
}
