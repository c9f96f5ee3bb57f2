import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { digestJson, type Json } from "../../base/index.ts";
import { ACCOUNT, SYSTEM_NAMESPACE } from "../tenancy.ts";
import { configOf } from "./configuration.ts";
import { type Context, imageOf, isEmbedded } from "./context.ts";
import { commonLabels, metadata, selectorLabels } from "./metadata.ts";
import { MOUNT, NAME, PORT, UID } from "./names.ts";
import type { ProgramValues } from "./values.ts";

/** One Deployment: an account, the controllers it runs, and how many of it. */
export interface Program {
  readonly account: string;
  /** Label of its pods; `controller` or `sync`. */
  readonly component: string;
  /** Undefined: all of them. */
  readonly controllers?: readonly string[];
  readonly values: ProgramValues;
}

const quantities = (amounts: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, k8s.Quantity.fromString(String(amount))]));

function argumentsOf({ account, controllers }: Program): string[] {
  if (!controllers) return ["flyteops", "controller"];
  const lease = account === ACCOUNT.controller ? [] : ["--controller.leaderElection.leaseName", account];
  return ["flyteops", "controller", "--controllers", controllers.join(","), ...lease];
}

function environment({ env }: ProgramValues): k8s.EnvVar[] {
  const field = (name: string, fieldPath: string): k8s.EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    field("POD_NAME", "metadata.name"),
    field("POD_NAMESPACE", "metadata.namespace"),
    ...Object.entries(env)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name, value })),
  ];
}

function probe(path: string, timing: Partial<k8s.Probe>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString("health") }, timeoutSeconds: 5, ...timing };
}

/** Secrets may be absent: what really needs one says so at its start, by the name of the file. */
function secrets({ values: { secrets: named } }: Context): { readonly mounts: k8s.VolumeMount[]; readonly volumes: k8s.Volume[] } {
  const all = [
    { name: "database-secret", mountPath: MOUNT.databaseSecret, secretName: named.database },
    { name: "storage-secret", mountPath: MOUNT.storageSecret, secretName: named.storage },
  ].filter(({ secretName }) => secretName !== "");
  return {
    mounts: all.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
    volumes: all.map(({ name, secretName }) => ({ name, secret: { secretName, optional: true, defaultMode: 0o440 } })),
  };
}

function container(context: Context, program: Program): k8s.Container {
  const { resources } = program.values;
  return {
    name: NAME.container,
    image: imageOf(context),
    imagePullPolicy: context.values.image.pullPolicy,
    command: argumentsOf(program),
    env: environment(program.values),
    ports: [
      { name: "health", containerPort: PORT.health },
      { name: "metrics", containerPort: PORT.metrics },
    ],
    startupProbe: probe("/healthz", { periodSeconds: 2, failureThreshold: 60 }),
    livenessProbe: probe("/healthz", { periodSeconds: 10, failureThreshold: 3 }),
    readinessProbe: probe("/readyz", { periodSeconds: 5, failureThreshold: 3 }),
    resources: { requests: quantities(resources.requests), limits: quantities(resources.limits) },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "config", mountPath: MOUNT.config, readOnly: true },
      ...secrets(context).mounts,
      { name: "state", mountPath: MOUNT.state },
      { name: "temporary", mountPath: MOUNT.temporary },
    ],
  };
}

function volumes(context: Context): k8s.Volume[] {
  const state = isEmbedded(context) ? { persistentVolumeClaim: { claimName: NAME.volume } } : { emptyDir: {} };
  return [{ name: "config", configMap: { name: NAME.config } }, ...secrets(context).volumes, { name: "state", ...state }, { name: "temporary", emptyDir: {} }];
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
    containers: [container(context, program)],
    affinity: affinityOf(program),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations: tolerations as k8s.Toleration[] }),
    volumes: volumes(context),
  };
}

function strategy(context: Context): k8s.DeploymentStrategy {
  if (isEmbedded(context)) return { type: "Recreate" };
  return { type: "RollingUpdate", rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromNumber(1) } };
}

/** The Deployment of a program, the Service its metrics are read from, and its disruption budget. */
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
  const metrics = { name: "metrics", port: PORT.metrics, targetPort: k8s.IntOrString.fromString("metrics") };
  return [
    new k8s.KubeDeployment(chart, account, {
      metadata: metadata(account, facts),
      spec: { replicas: values.replicas, selector: { matchLabels }, strategy: strategy(context), template },
    }),
    new k8s.KubeService(chart, `${account}-metrics`, { metadata: metadata(`${account}-metrics`, facts), spec: { selector: matchLabels, ports: [metrics] } }),
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
