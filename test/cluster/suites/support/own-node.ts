/**
 * Our kubelet as a node of whatever cluster KUBECONFIG names: its pods are processes of this machine.
 * `own-node.ts --state DIR --image NAME=DIRECTORY…`; ends on SIGTERM.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lineWriter } from "./line-writer.ts";
import { jsonLogger, systemClock, systemRandom } from "../../../../cmd/system.ts";
import { apiClient, clusterTransport, informerSet, type KindRef, type KubeObject, type ObjectClient } from "../../../../kube/index.ts";
import { kubelet, sandboxCapability } from "../../../../local/kubelet/index.ts";

const NAME = "flyteops";
const HEARTBEAT_MS = 5_000;
const LeaseKind: KindRef = { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true };

/** A cluster that hears nothing from a node calls it lost. */
async function beat(client: ObjectClient): Promise<void> {
  const renewTime = new Date().toISOString().replace(/Z$/, "000Z");
  const body: KubeObject & { spec: object } = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: NAME, namespace: "kube-node-lease" },
    spec: { holderIdentity: NAME, leaseDurationSeconds: 40, renewTime },
  };
  const ref = { namespace: "kube-node-lease", name: NAME };
  await client.patch(LeaseKind, ref, { type: "apply", body, force: true }, { fieldManager: "own-node" }).catch(() => undefined);
}

const { values } = parseArgs({ options: { state: { type: "string", default: "" }, image: { type: "string", multiple: true, default: [] } } });
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());

const logger = jsonLogger(lineWriter("own-node"), "info");
const access = await clusterTransport({ kubeconfig: [process.env["KUBECONFIG"] ?? ""] });
const client = apiClient(access.transport, { clock: systemClock, random: systemRandom });
const informers = informerSet({ client, clock: systemClock, random: systemRandom, logger });
const hostPath = process.env["PATH"] ?? "";
const images = new Map(values.image.map((text) => [text.slice(0, text.lastIndexOf("=")), { path: text.slice(text.lastIndexOf("=") + 1), own: true }]));
const capability = await sandboxCapability(hostPath);
const node = kubelet({ informers, clock: systemClock, logger, capability }, { nodeName: NAME, stateDir: join(values.state, "kubelet"), hostPath, images });
const heart = setInterval(() => void beat(client), HEARTBEAT_MS);
await beat(client);
await Promise.all([informers.run(stop.signal), node.run(stop.signal)]);
clearInterval(heart);
await access.close();
