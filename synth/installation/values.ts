import { type AuthoredConfig, configSchema } from "../../config/index.ts";
import { boolean, duration, integer, list, map, object, oneOf, open, type Parsed, quantity, string } from "../../schema/index.ts";

/** single: one Deployment runs every controller, and the API. core: sync and triggers have a Deployment of their own, and so has the API, so that each scales apart. */
export const FLAVOURS = ["single", "core"] as const;
export type Flavour = (typeof FLAVOURS)[number];

const labels = (meaning: string) =>
  map(string({ maxLength: 4096 }).doc("Value."), { max: 64 })
    .default({})
    .doc(meaning);

const image = object({
  repository: string({ minLength: 1, maxLength: 512 }).default("flyteops").doc("Name of the image, with its registry."),
  tag: string({ maxLength: 128 }).default("").doc("Tag; empty: the version of this installation."),
  digest: string({ maxLength: 71, pattern: "^(sha256:[0-9a-f]{64})?$", expects: "a digest: sha256: and 64 hexadecimal digits" })
    .default("")
    .doc("Digest, which wins over the tag."),
  pullPolicy: oneOf("IfNotPresent", "Always", "Never").default("IfNotPresent").doc("When the image is pulled."),
  pullSecrets: list(string({ minLength: 1, maxLength: 253 }).doc("Name of a Secret."), { max: 16 })
    .default([])
    .doc("Secrets of the namespace flyteops-system with credentials for the registry."),
});

const amounts = (meaning: string, given: Record<string, string>) => map(quantity().doc("Amount."), { max: 16 }).default(given).doc(meaning);

/** What a container of an installation may be told. */
const container = ({ cpu, memory, most }: { readonly cpu: string; readonly memory: string; readonly most: string }) => ({
  resources: object({
    requests: amounts("What is set aside.", { cpu, memory }),
    limits: amounts("The most it may use.", { memory: most }),
  })
    .default({})
    .doc("Resources of its container."),
  env: map(string({ maxLength: 32768 }).doc("Value."), { max: 64 })
    .default({})
    .doc("More environment, such as HTTPS_PROXY and NO_PROXY."),
});

/** What a Deployment may be told besides. */
function placed(replicas: number, meaning: string) {
  return {
    replicas: integer({ minimum: 0, maximum: 64 }).default(replicas).doc(meaning),
    nodeSelector: labels("Labels of the nodes it may run on."),
    tolerations: list(open().doc("A toleration of a pod."), { max: 32 }).default([]).doc("Taints of nodes that it tolerates."),
    affinity: open().default({}).doc("Affinity of its pods; empty: replicas prefer different nodes."),
    podLabels: labels("More labels of its pods."),
    podAnnotations: labels("More annotations of its pods."),
  };
}

function program(what: string, replicas: number) {
  const meaning = `Pods of ${what}. One works, or each a share of config.controller.shards; the others stand by.`;
  return object({ ...placed(replicas, meaning), ...container({ cpu: "100m", memory: "256Mi", most: "1Gi" }) });
}

const READ_ONLY = "The read-only API: whoever reaches its port reads the runs of every project, without a password. See networkPolicy.apiFrom.";
const api = {
  enabled: boolean().default(true).doc("Serve Flyte's own clients, read-only, as the Service flyteops-api."),
  ...container({ cpu: "50m", memory: "128Mi", most: "512Mi" }),
};

const peer = (what: string, ports: number[]) =>
  object({
    cidrs: list(string({ minLength: 1, maxLength: 64 }).doc("Addresses, as 10.0.0.0/8."), { max: 64 })
      .default([])
      .doc(`Addresses of ${what}; empty: any address.`),
    ports: list(integer({ minimum: 1, maximum: 65535 }).doc("Port."), { max: 16 })
      .default(ports)
      .doc(`Ports of ${what}.`),
  })
    .default({})
    .doc(`Way out to ${what}.`);

const networkPolicy = object({
  enabled: boolean().default(true).doc("Deny all traffic of flyteops-system but what is listed here. A network without policies ignores it."),
  apiServer: peer("the Kubernetes API", [443, 6443]),
  database: peer("PostgreSQL", [5432]),
  objectStore: peer("the object store", [443]),
  git: peer("git servers", [443, 22]),
  telemetry: peer("the collector of traces", [4318]),
  metricsFrom: labels("Labels of the namespaces that may read metrics; empty: any namespace."),
  apiFrom: labels("Labels of the namespaces that may call the read-only API, besides flyteops-system itself; empty: no other."),
});

const monitoring = object({
  serviceMonitor: object({
    enabled: boolean().default(false).doc("Write a ServiceMonitor; needs the Prometheus operator."),
    interval: duration().default("30s").doc("How often metrics are read."),
    labels: labels("More labels of the ServiceMonitor, as the operator selects by."),
  })
    .default({})
    .doc("How the Prometheus operator finds the metrics."),
  rules: object({
    enabled: boolean().default(false).doc("Write a PrometheusRule with the alerts; needs the Prometheus operator."),
    labels: labels("More labels of the PrometheusRule."),
  })
    .default({})
    .doc("Alerts."),
  dashboard: object({
    enabled: boolean().default(false).doc("Write a ConfigMap with the dashboard, for Grafana's sidecar."),
    labels: map(string({ maxLength: 63 }).doc("Value."), { max: 64 })
      .default({ grafana_dashboard: "1" })
      .doc("Labels that the sidecar selects by."),
  })
    .default({})
    .doc("The Grafana dashboard."),
});

const switchOf = (meaning: string) => object({ enabled: boolean().default(true).doc(meaning) });

const shared = {
  image: image.default({}).doc("The image of every program."),
  config: configSchema
    .optional()
    .doc("The configuration of flyteops as it stands in the ConfigMap flyteops-config. Its reference: docs/reference/configuration.md."),
  secrets: object({
    database: string({ maxLength: 253 })
      .default("flyteops-database")
      .doc("Secret with the key password, mounted at /etc/flyteops/secrets/database; empty: none."),
    storage: string({ maxLength: 253 })
      .default("flyteops-storage")
      .doc("Secret with the keys of the object store, mounted at /etc/flyteops/secrets/storage; empty: none."),
  })
    .default({})
    .doc("Secrets of the namespace flyteops-system that the programs read. They are made by you, and may be absent where nothing needs them."),
  serviceAccount: object({
    annotations: labels("Annotations of the ServiceAccounts, as workload identity wants them."),
  })
    .default({})
    .doc("The accounts of the programs."),
  access: object({
    namespaces: oneOf("Projects", "All").default("Projects").doc("Where pods, quotas and impersonation are allowed: in namespaces of Projects, or everywhere."),
  })
    .default({})
    .doc("How far the rights of the controllers reach."),
  crds: object({ install: boolean().default(true).doc("Write the CustomResourceDefinitions.") })
    .default({})
    .doc("The kinds."),
  networkPolicy: networkPolicy.default({}).doc("Traffic of the programs."),
  podDisruptionBudget: switchOf("Let nodes be drained one pod at a time.").default({}).doc("Voluntary disruptions."),
  flowSchema: switchOf("Give the programs a share of the API server of their own.").default({}).doc("Priority and fairness of the Kubernetes API."),
  signalPolicy: switchOf("Check that `by` of a signal is whoever writes it. Needs Kubernetes 1.30; leave it out below.").default({}).doc("Who may answer."),
  monitoring: monitoring.default({}).doc("Metrics, alerts, dashboard."),
  uninstallHook: object({
    enabled: boolean().default(true).doc("Before helm uninstall takes the programs away, let them end what they hold. Of the charts only."),
    timeout: duration().default("4m").doc("How long that may take; less than the --timeout of helm uninstall, which is 5m unless you say otherwise."),
  })
    .default({})
    .doc("The Helm pre-delete hook."),
};

/** Values of the flavour single, and of the chart flyteops. */
export const singleValues = object({
  ...shared,
  controller: program("the program", 1).default({}).doc("The one Deployment."),
  api: object(api).default({}).doc(`${READ_ONLY} A container in the pod of the controllers, with an account of its own.`),
  volume: object({
    size: quantity().default("10Gi").doc("Size of the claim."),
    storageClassName: string({ maxLength: 253 }).default("").doc("Storage class; empty: the cluster's default."),
  })
    .default({})
    .doc("The volume of the embedded PostgreSQL, with config.database.embedded."),
});

/** Values of the flavour core, and of the chart flyteops-core. */
export const coreValues = object({
  ...shared,
  controller: program("the controllers", 2).default({}).doc("The Deployment of everything but repositories and triggers."),
  sync: program("the sync", 2).default({}).doc("The Deployment that follows repositories and fires triggers."),
  api: object({ ...api, ...placed(2, "Pods of the API; all of them answer.") })
    .default({})
    .doc(`${READ_ONLY} A Deployment of its own.`),
});

type Written<T> = Omit<T, "config"> & { readonly config: AuthoredConfig };
export type SingleValues = Written<Parsed<typeof singleValues>>;
export type CoreValues = Written<Parsed<typeof coreValues>>;
/** Values with every default filled in, but `config`, which stays as it was written: the program fills that in itself. */
export type Values = (SingleValues & { readonly sync?: undefined }) | (CoreValues & { readonly volume?: undefined });
/** What is said of a pod. */
export type PodValues = Omit<SingleValues["controller"], "resources" | "env">;
/** What is said of a container. */
export type ContainerValues = Pick<SingleValues["controller"], "resources" | "env">;

export const valuesShape = (flavour: Flavour): typeof singleValues | typeof coreValues => (flavour === "single" ? singleValues : coreValues);
