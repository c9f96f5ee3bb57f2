import { k8s } from "cdk8s-plus-28";
import { ACCOUNT } from "../tenancy.ts";
import { type Context, imageOf, isEmbedded } from "./context.ts";
import { MOUNT, NAME, PORT } from "./names.ts";
import type { ContainerValues } from "./values.ts";

/** A container of a program. */
export type ContainerOf = {
  readonly values: ContainerValues;
} & (
  | {
      readonly runs: "controllers";
      /** Undefined: all of them. */
      readonly controllers?: readonly string[];
      readonly account: string;
    }
  | {
      readonly runs: "api";
      /** Whether the pod is of another account: then this container brings the token of its own. */
      readonly guest: boolean;
    }
);

interface Mounted {
  readonly mount: k8s.VolumeMount;
  readonly volume: k8s.Volume;
}

const quantities = (amounts: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, k8s.Quantity.fromString(String(amount))]));

function commandOf(container: ContainerOf): string[] {
  if (container.runs === "api") return ["flyteops", "api", "--server.healthAddress", `:${PORT.apiHealth}`, "--server.metricsAddress", `:${PORT.apiMetrics}`];
  const { controllers, account } = container;
  if (!controllers) return ["flyteops", "controller"];
  const lease = account === ACCOUNT.controller ? [] : ["--controller.leaderElection.leaseName", account];
  return ["flyteops", "controller", "--controllers", controllers.join(","), ...lease];
}

function environment({ env }: ContainerValues): k8s.EnvVar[] {
  const field = (name: string, fieldPath: string): k8s.EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    field("POD_NAME", "metadata.name"),
    field("POD_NAMESPACE", "metadata.namespace"),
    ...Object.entries(env)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name, value })),
  ];
}

/** Secrets may be absent: what really needs one says so at its start, by the name of the file. */
function secret(name: string, mountPath: string, secretName: string): Mounted[] {
  if (secretName === "") return [];
  return [{ mount: { name, mountPath, readOnly: true }, volume: { name, secret: { secretName, optional: true, defaultMode: 0o440 } } }];
}

/** The token of the API's own account in a pod of another one. It may not be absent: the kubelet waits until the cluster has written it. */
function token(): Mounted {
  const items = ["ca.crt", "namespace", "token"].map((key) => ({ key, path: key }));
  return {
    mount: { name: "api-token", mountPath: MOUNT.token, readOnly: true },
    volume: { name: "api-token", secret: { secretName: NAME.apiToken, defaultMode: 0o440, items } },
  };
}

function mountedOf(context: Context, container: ContainerOf): Mounted[] {
  const { secrets } = context.values;
  const config = { mount: { name: "config", mountPath: MOUNT.config, readOnly: true }, volume: { name: "config", configMap: { name: NAME.config } } };
  const database = secret("database-secret", MOUNT.databaseSecret, secrets.database);
  const state = {
    name: "state",
    ...(isEmbedded(context) ? { persistentVolumeClaim: { claimName: NAME.volume } } : { emptyDir: {} }),
  };
  const stateAt = { name: "state", mountPath: MOUNT.state };
  if (container.runs === "api") {
    // The embedded PostgreSQL is reached by its socket, which is a file of the volume.
    const socket = isEmbedded(context) ? [{ mount: { ...stateAt, readOnly: true }, volume: state }] : [];
    return [config, ...database, ...socket, ...(container.guest ? [token()] : [])];
  }
  return [
    config,
    ...database,
    ...secret("storage-secret", MOUNT.storageSecret, secrets.storage),
    { mount: stateAt, volume: state },
    { mount: { name: "temporary", mountPath: MOUNT.temporary }, volume: { name: "temporary", emptyDir: {} } },
  ];
}

/** Volumes of the pod that holds these containers, each once. */
export function volumesOf(context: Context, containers: readonly ContainerOf[]): k8s.Volume[] {
  const all = containers.flatMap((container) => mountedOf(context, container).map(({ volume }) => volume));
  return [...new Map(all.map((volume) => [volume.name, volume])).values()];
}

interface Doors {
  readonly health: string;
  readonly ports: readonly k8s.ContainerPort[];
}

function doorsOf({ runs }: ContainerOf): Doors {
  const port = (name: string, containerPort: number) => ({ name, containerPort });
  if (runs === "controllers") return { health: "health", ports: [port("health", PORT.health), port("metrics", PORT.metrics)] };
  return { health: "api-health", ports: [port("grpc", PORT.api), port("api-health", PORT.apiHealth), port("api-metrics", PORT.apiMetrics)] };
}

/** A container that asks for nothing: no rights of its user, no writable file but its volumes. */
export function containerManifest(context: Context, container: ContainerOf): k8s.Container {
  const { resources } = container.values;
  const { health, ports } = doorsOf(container);
  const probe = (path: string, timing: Partial<k8s.Probe>): k8s.Probe => ({
    httpGet: { path, port: k8s.IntOrString.fromString(health) },
    timeoutSeconds: 5,
    ...timing,
  });
  return {
    name: container.runs === "api" ? NAME.apiContainer : NAME.container,
    image: imageOf(context),
    imagePullPolicy: context.values.image.pullPolicy,
    command: commandOf(container),
    env: environment(container.values),
    ports: [...ports],
    startupProbe: probe("/healthz", { periodSeconds: 2, failureThreshold: 60 }),
    livenessProbe: probe("/healthz", { periodSeconds: 10, failureThreshold: 3 }),
    readinessProbe: probe("/readyz", { periodSeconds: 5, failureThreshold: 3 }),
    resources: { requests: quantities(resources.requests), limits: quantities(resources.limits) },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: mountedOf(context, container).map(({ mount }) => mount),
  };
}
