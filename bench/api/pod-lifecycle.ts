import { Kinds, objectPath, collectionPath, type KubeObject } from "../../kube/index.ts";
import { type Load, load, until } from "../measure.ts";
import type { Target } from "./target.ts";

/** As the API server of a cluster wants it before it lets a pod in. */
export async function readyForPods({ client, namespace }: Target): Promise<void> {
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } };
  await client.create(Kinds.ServiceAccount, account).catch(() => undefined);
  await until("the default ServiceAccount", 30_000, () =>
    client.get(Kinds.ServiceAccount, { namespace, name: "default" }).then(
      () => true,
      () => undefined,
    ),
  );
}

function pod(name: string, namespace: string): KubeObject {
  const container = { name: "main", image: "localhost/none:1", command: ["true"], resources: { requests: { cpu: "10m", memory: "16Mi" } } };
  // A scheduler that is never there: nothing but us moves these pods.
  const spec = { schedulerName: "flyteops-bench", restartPolicy: "Never", automountServiceAccountToken: false, containers: [container] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace }, spec };
}

let batch = 0;

/** What the API server alone does for one pod: create, Running, Succeeded, delete. One turn is the four writes. */
export function podLifecycle(target: Target, clients: number, seconds: number): Promise<Load> {
  const { namespace } = target;
  const prefix = `pod-${batch++}`;
  return load(clients, seconds, async (turn) => {
    const name = `${prefix}-${turn}`;
    const path = objectPath(Kinds.Pod, { namespace, name });
    await target.send("POST", collectionPath(Kinds.Pod, namespace), pod(name, namespace));
    for (const phase of ["Running", "Succeeded"]) await target.send("PATCH", `${path}/status`, { status: { phase } });
    await target.send("DELETE", `${path}?gracePeriodSeconds=0`);
  });
}
