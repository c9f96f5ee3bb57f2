/** Something a cluster has and the embedded control plane has not, and how it is asked for. */
export interface Absent {
  /** In plain words, as the published table says it. */
  readonly what: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{ns}` is the suite's namespace. */
  readonly path: string;
  readonly body?: unknown;
  readonly status: 404 | 405 | 415 | 422 | 501;
}

const kind = (what: string, path: string): Absent => ({ what, method: "GET", path, status: 404 });
const pods = "/api/v1/namespaces/{ns}/pods";

/** Everything known to be absent that a user of a cluster might look for. The suite asks for each; `docs/conformance.md` lists them. */
export const ABSENT: readonly Absent[] = [
  kind("StatefulSets", "/apis/apps/v1/namespaces/{ns}/statefulsets"),
  kind("DaemonSets", "/apis/apps/v1/namespaces/{ns}/daemonsets"),
  kind("ControllerRevisions", "/apis/apps/v1/namespaces/{ns}/controllerrevisions"),
  kind("ReplicationControllers", "/api/v1/namespaces/{ns}/replicationcontrollers"),
  kind("PodTemplates", "/api/v1/namespaces/{ns}/podtemplates"),
  kind("Jobs and CronJobs", "/apis/batch/v1/namespaces/{ns}/jobs"),
  kind("HorizontalPodAutoscalers", "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers"),
  kind("PodDisruptionBudgets", "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets"),
  kind("PersistentVolumeClaims", "/api/v1/namespaces/{ns}/persistentvolumeclaims"),
  kind("PersistentVolumes", "/api/v1/persistentvolumes"),
  kind("StorageClasses, VolumeAttachments and CSI objects", "/apis/storage.k8s.io/v1/storageclasses"),
  kind("Ingresses and IngressClasses", "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses"),
  kind("PriorityClasses", "/apis/scheduling.k8s.io/v1/priorityclasses"),
  kind("RuntimeClasses", "/apis/node.k8s.io/v1/runtimeclasses"),
  kind("ResourceClaims and DeviceClasses", "/apis/resource.k8s.io/v1/namespaces/{ns}/resourceclaims"),
  kind("admission webhooks", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"),
  kind("ValidatingAdmissionPolicies", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"),
  kind("FlowSchemas and PriorityLevelConfigurations", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"),
  kind("APIServices (aggregated APIs)", "/apis/apiregistration.k8s.io/v1/apiservices"),
  kind("CertificateSigningRequests", "/apis/certificates.k8s.io/v1/certificatesigningrequests"),
  kind("ComponentStatuses", "/api/v1/componentstatuses"),
  kind("metrics of pods and nodes (kubectl top)", "/apis/metrics.k8s.io/v1beta1/pods"),
  { what: "the proxy to a Service", method: "GET", path: "/api/v1/namespaces/{ns}/services/any/proxy/", status: 404 },
  { what: "the proxy to a pod", method: "GET", path: `${pods}/any/proxy/`, status: 404 },
  { what: "the proxy to a node", method: "GET", path: "/api/v1/nodes/any/proxy/", status: 404 },
  { what: "ephemeral containers (kubectl debug)", method: "PATCH", path: `${pods}/any/ephemeralcontainers`, body: {}, status: 404 },
  { what: "resizing a pod in place", method: "PATCH", path: `${pods}/any/resize`, body: {}, status: 404 },
  { what: "evicting a pod (kubectl drain)", method: "POST", path: `${pods}/any/eviction`, body: {}, status: 404 },
  { what: "the binding of pods as a kind of its own", method: "POST", path: "/api/v1/namespaces/{ns}/bindings", body: {}, status: 404 },
  { what: "the old watch paths", method: "GET", path: "/api/v1/watch/namespaces/{ns}/pods", status: 404 },
  { what: "deleting all namespaces at once", method: "DELETE", path: "/api/v1/namespaces", status: 405 },
];
