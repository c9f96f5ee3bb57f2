import { at, listAt, textAt } from "./api.ts";
import type { Cluster } from "./cluster.ts";
import { eventually, ok } from "./cluster.ts";

export const deploymentsOf = ({ namespace }: Cluster): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;
export const replicaSetsOf = ({ namespace }: Cluster): string => `/apis/apps/v1/namespaces/${namespace}/replicasets`;

/** A deployment whose pods no node will start: the suite plays the node. */
export function deployment(name: string, spec: Record<string, unknown> = {}, image = "example.org/app:1"): Record<string, unknown> {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec(image) },
      ...spec,
    },
  };
}

export function podSpec(image = "example.org/app:1"): Record<string, unknown> {
  return { schedulerName: "nobody", terminationGracePeriodSeconds: 0, containers: [{ name: "main", image, ports: [{ name: "http", containerPort: 8080 }] }] };
}

export async function podsOf(cluster: Cluster, selector: string): Promise<unknown[]> {
  return listAt(ok(await cluster.api.get(`${cluster.pods}?labelSelector=${encodeURIComponent(selector)}`)), "items");
}

/** Says of a pod what a node would say of one that runs and is ready. */
export async function makeReady(cluster: Cluster, pod: unknown, ip = "10.20.30.40"): Promise<void> {
  const condition = { type: "Ready", status: "True", lastTransitionTime: new Date().toISOString().replace(/\.\d+/, "") };
  const status = { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions: [condition] };
  const reply = await cluster.api.patch("strategic", `${cluster.pods}/${textAt(pod, "metadata.name")}/status`, { status });
  if (reply.status !== 404) ok(reply);
}

/** Plays the node until the deployment says that it is done. */
export async function rollOut(cluster: Cluster, name: string): Promise<unknown> {
  let current: unknown;
  await eventually(`${name} is rolled out`, async () => {
    for (const pod of await podsOf(cluster, `app=${name}`)) if (at(pod, "status.phase") === "Pending") await makeReady(cluster, pod);
    current = ok(await cluster.api.get(`${deploymentsOf(cluster)}/${name}`));
    const generation = at(current, "metadata.generation");
    const replicas = at(current, "spec.replicas");
    return (
      at(current, "status.observedGeneration") === generation &&
      ["replicas", "updatedReplicas", "availableReplicas"].every((field) => (at(current, `status.${field}`) ?? 0) === replicas) &&
      (conditionOf(current, "Progressing") as { reason?: string } | undefined)?.reason !== "ReplicaSetUpdated"
    );
  });
  return current;
}

export function conditionOf(object: unknown, type: string): unknown {
  return listAt(object, "status.conditions").find((condition) => textAt(condition, "type") === type);
}
