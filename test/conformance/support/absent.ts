import { KUBERNETES_RESOURCES } from "./kubernetes-resources.ts";

/** Something a cluster has and the embedded control plane has not, and how it is asked for. */
export interface Absent {
  /** In plain words, as the published table says it. */
  readonly what: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{ns}` is the suite's namespace. */
  readonly path: string;
  readonly body?: unknown;
  readonly status: 404 | 405 | 415 | 422 | 501;
  /** What discovery of a cluster names of it: `batch/v1 jobs`. The subresources of these are absent with them. */
  readonly resources: readonly string[];
}

const pathOf = (id: string): string => KUBERNETES_RESOURCES.find((one) => one.id === id)?.path ?? `nobody serves ${id}`;

/** Kinds are asked for by their lists, subresources by what they are mostly asked. */
const absent = (what: string, resources: readonly string[], method: Absent["method"] = "GET"): Absent => ({
  what,
  method,
  path: pathOf(resources[0] ?? ""),
  ...(method === "POST" || method === "PATCH" ? { body: {} } : {}),
  status: 404,
  resources,
});

const ADMISSION = "admissionregistration.k8s.io/v1";
const STORAGE = "storage.k8s.io/v1";

/** Everything known to be absent that a user of a cluster might look for. The suite asks for each; `docs/conformance.md` lists them. */
export const ABSENT: readonly Absent[] = [
  absent("StatefulSets", ["apps/v1 statefulsets"]),
  absent("DaemonSets", ["apps/v1 daemonsets"]),
  absent("ControllerRevisions", ["apps/v1 controllerrevisions"]),
  absent("ReplicationControllers", ["v1 replicationcontrollers"]),
  absent("PodTemplates", ["v1 podtemplates"]),
  absent("Jobs and CronJobs", ["batch/v1 jobs", "batch/v1 cronjobs"]),
  absent("HorizontalPodAutoscalers", ["autoscaling/v2 horizontalpodautoscalers", "autoscaling/v1 horizontalpodautoscalers"]),
  absent("PodDisruptionBudgets", ["policy/v1 poddisruptionbudgets"]),
  absent("PersistentVolumeClaims", ["v1 persistentvolumeclaims"]),
  absent("PersistentVolumes", ["v1 persistentvolumes"]),
  absent("StorageClasses, VolumeAttachments and CSI objects", [
    `${STORAGE} storageclasses`,
    `${STORAGE} volumeattachments`,
    `${STORAGE} volumeattributesclasses`,
    `${STORAGE} csidrivers`,
    `${STORAGE} csinodes`,
    `${STORAGE} csistoragecapacities`,
  ]),
  absent("Ingresses and IngressClasses", ["networking.k8s.io/v1 ingresses", "networking.k8s.io/v1 ingressclasses"]),
  absent("IPAddresses and ServiceCIDRs", ["networking.k8s.io/v1 ipaddresses", "networking.k8s.io/v1 servicecidrs"]),
  absent("PriorityClasses", ["scheduling.k8s.io/v1 priorityclasses"]),
  absent("RuntimeClasses", ["node.k8s.io/v1 runtimeclasses"]),
  absent("ResourceClaims and DeviceClasses", [
    "resource.k8s.io/v1 resourceclaims",
    "resource.k8s.io/v1 resourceclaimtemplates",
    "resource.k8s.io/v1 deviceclasses",
    "resource.k8s.io/v1 resourceslices",
  ]),
  absent("admission webhooks", [`${ADMISSION} validatingwebhookconfigurations`, `${ADMISSION} mutatingwebhookconfigurations`]),
  absent("ValidatingAdmissionPolicies and MutatingAdmissionPolicies", [
    `${ADMISSION} validatingadmissionpolicies`,
    `${ADMISSION} validatingadmissionpolicybindings`,
    `${ADMISSION} mutatingadmissionpolicies`,
    `${ADMISSION} mutatingadmissionpolicybindings`,
  ]),
  absent("FlowSchemas and PriorityLevelConfigurations", [
    "flowcontrol.apiserver.k8s.io/v1 flowschemas",
    "flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations",
  ]),
  absent("APIServices (aggregated APIs)", ["apiregistration.k8s.io/v1 apiservices"]),
  absent("CertificateSigningRequests", ["certificates.k8s.io/v1 certificatesigningrequests"]),
  absent("ComponentStatuses", ["v1 componentstatuses"]),
  { ...absent("metrics of pods and nodes (kubectl top)", []), path: "/apis/metrics.k8s.io/v1beta1/pods" },
  absent("the proxy to a Service", ["v1 services/proxy"]),
  absent("the proxy to a pod", ["v1 pods/proxy"]),
  absent("the proxy to a node", ["v1 nodes/proxy"]),
  absent("ephemeral containers (kubectl debug)", ["v1 pods/ephemeralcontainers"], "PATCH"),
  absent("resizing a pod in place", ["v1 pods/resize"], "PATCH"),
  absent("evicting a pod (kubectl drain)", ["v1 pods/eviction"], "POST"),
  absent("the binding of pods as a kind of its own", ["v1 bindings"], "POST"),
  { ...absent("the old watch paths", []), path: "/api/v1/watch/namespaces/{ns}/pods" },
  { ...absent("deleting all namespaces at once", [], "DELETE"), path: "/api/v1/namespaces", status: 405 },
];

/** Whether the list above names a resource, or what it is a subresource of. */
export function isKnownAbsent(id: string): boolean {
  return ABSENT.some(({ resources }) => resources.some((one) => id === one || id.startsWith(`${one}/`)));
}
