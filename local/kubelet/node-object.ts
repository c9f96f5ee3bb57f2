import { arch, platform, release } from "node:os";
import { rfc3339 } from "../../base/index.ts";
import { isAlreadyExists, Kinds, type KubeObject, type ObjectClient } from "../../kube/index.ts";
import type { Amounts } from "./resources.ts";

export interface NodeFacts {
  readonly name: string;
  readonly capacity: Amounts;
  /** Pods at the same time. */
  readonly pods: number;
  /** How containers are kept apart, for `kubectl get nodes -o wide`. */
  readonly runtime: string;
}

/** Makes or refreshes the Node object of this machine and says Ready. */
export async function registerNode(client: ObjectClient, facts: NodeFacts, nowMs: number): Promise<void> {
  const node: KubeObject = { apiVersion: "v1", kind: "Node", metadata: { name: facts.name, labels: labelsOf(facts.name) }, spec: {} };
  await client.create(Kinds.Node, node).catch((thrown: unknown) => {
    if (!isAlreadyExists(thrown)) throw thrown;
  });
  await client.patch(Kinds.Node, { name: facts.name }, { type: "merge", body: { status: statusOf(facts, rfc3339(nowMs)) } }, { subresource: "status" });
}

const goArch = (): string => ({ x64: "amd64" })[arch() as "x64"] ?? arch();

function labelsOf(name: string): Record<string, string> {
  return { "kubernetes.io/hostname": name, "kubernetes.io/os": platform(), "kubernetes.io/arch": goArch() };
}

function statusOf({ name, capacity, pods, runtime }: NodeFacts, now: string) {
  const resources = {
    cpu: capacity.cpuMillis % 1000 === 0 ? String(capacity.cpuMillis / 1000) : `${capacity.cpuMillis}m`,
    memory: `${Math.floor(capacity.memoryBytes / 1024)}Ki`,
    pods: String(pods),
  };
  const fine = (type: string, reason: string, message: string) => ({ type, status: "False", reason, message, lastHeartbeatTime: now, lastTransitionTime: now });
  return {
    capacity: resources,
    allocatable: resources,
    conditions: [
      fine("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
      fine("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
      fine("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
      { ...fine("Ready", "KubeletReady", "kubelet is posting ready status"), status: "True" },
    ],
    addresses: [
      { type: "InternalIP", address: "127.0.0.1" },
      { type: "Hostname", address: name },
    ],
    nodeInfo: {
      machineID: "",
      systemUUID: "",
      bootID: "",
      kernelVersion: release(),
      osImage: platform(),
      containerRuntimeVersion: runtime,
      kubeletVersion: "flyteops",
      kubeProxyVersion: "",
      operatingSystem: platform(),
      architecture: goArch(),
    },
  };
}
