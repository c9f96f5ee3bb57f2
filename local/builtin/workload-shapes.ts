import type { KindRef, KubeObject } from "../../kube/index.ts";
import type { Pod } from "../kubelet/index.ts";

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string>; finalizers?: string[] };
  spec: Pod["spec"];
}

/** A condition of a workload; only those of Deployments have `lastUpdateTime`. */
export interface WorkloadCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime: string;
  lastUpdateTime?: string;
}

export interface ReplicaSetStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
  conditions?: WorkloadCondition[];
}

export interface ReplicaSet extends KubeObject {
  spec: { replicas: number; minReadySeconds?: number; selector: LabelSelector; template: PodTemplate };
  status?: ReplicaSetStatus;
}

export interface RollingUpdate {
  maxSurge: number | string;
  maxUnavailable: number | string;
}

export interface DeploymentStatus {
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
  collisionCount?: number;
  conditions?: WorkloadCondition[];
}

export interface Deployment extends KubeObject {
  spec: {
    replicas: number;
    selector: LabelSelector;
    template: PodTemplate;
    strategy: { type: "RollingUpdate" | "Recreate"; rollingUpdate?: RollingUpdate };
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    paused?: boolean;
  };
  status?: DeploymentStatus;
}

export interface ServicePort {
  name?: string;
  protocol: "TCP" | "UDP" | "SCTP";
  appProtocol?: string;
  port: number;
  targetPort: number | string;
  nodePort?: number;
}

export interface Service extends KubeObject {
  spec: {
    type: string;
    selector?: Record<string, string>;
    ports?: ServicePort[];
    clusterIP?: string;
    publishNotReadyAddresses?: boolean;
    sessionAffinity?: string;
  };
}

const apps = (kind: string, plural: string): KindRef => ({ group: "apps", version: "v1", kind, plural, namespaced: true });

export const DEPLOYMENT: KindRef = apps("Deployment", "deployments");
export const REPLICA_SET: KindRef = apps("ReplicaSet", "replicasets");
export const SERVICE: KindRef = { group: "", version: "v1", kind: "Service", plural: "services", namespaced: true };
export const ENDPOINTS: KindRef = { group: "", version: "v1", kind: "Endpoints", plural: "endpoints", namespaced: true };
export const ENDPOINT_SLICE: KindRef = { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices", namespaced: true };
