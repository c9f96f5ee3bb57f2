/** A resource or a subresource that a cluster serves. */
export interface KubernetesResource {
  /** `apps/v1 deployments/scale` */
  readonly id: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** `{ns}` stands for a namespace, `any` for the object that a subresource is of. */
  readonly path: string;
}

/** What discovery of Kubernetes 1.36 names: group version, resource, scope, verbs. */
const SERVED = `
v1 bindings namespaced create
v1 componentstatuses cluster get,list
v1 configmaps namespaced all
v1 endpoints namespaced all
v1 events namespaced all
v1 limitranges namespaced all
v1 namespaces cluster create,delete,get,list,patch,update,watch
v1 namespaces/finalize cluster update
v1 namespaces/status cluster status
v1 nodes cluster all
v1 nodes/proxy cluster create,delete,get,patch,update
v1 nodes/status cluster status
v1 persistentvolumeclaims namespaced all
v1 persistentvolumeclaims/status namespaced status
v1 persistentvolumes cluster all
v1 persistentvolumes/status cluster status
v1 pods namespaced all
v1 pods/attach namespaced create,get
v1 pods/binding namespaced create
v1 pods/ephemeralcontainers namespaced status
v1 pods/eviction namespaced create
v1 pods/exec namespaced create,get
v1 pods/log namespaced get
v1 pods/portforward namespaced create,get
v1 pods/proxy namespaced create,delete,get,patch,update
v1 pods/resize namespaced status
v1 pods/status namespaced status
v1 podtemplates namespaced all
v1 replicationcontrollers namespaced all
v1 replicationcontrollers/scale namespaced status
v1 replicationcontrollers/status namespaced status
v1 resourcequotas namespaced all
v1 resourcequotas/status namespaced status
v1 secrets namespaced all
v1 serviceaccounts namespaced all
v1 serviceaccounts/token namespaced create
v1 services namespaced all
v1 services/proxy namespaced create,delete,get,patch,update
v1 services/status namespaced status
apiregistration.k8s.io/v1 apiservices cluster all
apiregistration.k8s.io/v1 apiservices/status cluster status
apps/v1 controllerrevisions namespaced all
apps/v1 daemonsets namespaced all
apps/v1 daemonsets/status namespaced status
apps/v1 deployments namespaced all
apps/v1 deployments/scale namespaced status
apps/v1 deployments/status namespaced status
apps/v1 replicasets namespaced all
apps/v1 replicasets/scale namespaced status
apps/v1 replicasets/status namespaced status
apps/v1 statefulsets namespaced all
apps/v1 statefulsets/scale namespaced status
apps/v1 statefulsets/status namespaced status
events.k8s.io/v1 events namespaced all
authentication.k8s.io/v1 selfsubjectreviews cluster create
authentication.k8s.io/v1 tokenreviews cluster create
authorization.k8s.io/v1 localsubjectaccessreviews namespaced create
authorization.k8s.io/v1 selfsubjectaccessreviews cluster create
authorization.k8s.io/v1 selfsubjectrulesreviews cluster create
authorization.k8s.io/v1 subjectaccessreviews cluster create
autoscaling/v2 horizontalpodautoscalers namespaced all
autoscaling/v2 horizontalpodautoscalers/status namespaced status
autoscaling/v1 horizontalpodautoscalers namespaced all
autoscaling/v1 horizontalpodautoscalers/status namespaced status
batch/v1 cronjobs namespaced all
batch/v1 cronjobs/status namespaced status
batch/v1 jobs namespaced all
batch/v1 jobs/status namespaced status
certificates.k8s.io/v1 certificatesigningrequests cluster all
certificates.k8s.io/v1 certificatesigningrequests/approval cluster status
certificates.k8s.io/v1 certificatesigningrequests/status cluster status
networking.k8s.io/v1 ingressclasses cluster all
networking.k8s.io/v1 ingresses namespaced all
networking.k8s.io/v1 ingresses/status namespaced status
networking.k8s.io/v1 ipaddresses cluster all
networking.k8s.io/v1 networkpolicies namespaced all
networking.k8s.io/v1 servicecidrs cluster all
networking.k8s.io/v1 servicecidrs/status cluster status
policy/v1 poddisruptionbudgets namespaced all
policy/v1 poddisruptionbudgets/status namespaced status
rbac.authorization.k8s.io/v1 clusterrolebindings cluster all
rbac.authorization.k8s.io/v1 clusterroles cluster all
rbac.authorization.k8s.io/v1 rolebindings namespaced all
rbac.authorization.k8s.io/v1 roles namespaced all
storage.k8s.io/v1 csidrivers cluster all
storage.k8s.io/v1 csinodes cluster all
storage.k8s.io/v1 csistoragecapacities namespaced all
storage.k8s.io/v1 storageclasses cluster all
storage.k8s.io/v1 volumeattachments cluster all
storage.k8s.io/v1 volumeattachments/status cluster status
storage.k8s.io/v1 volumeattributesclasses cluster all
admissionregistration.k8s.io/v1 mutatingadmissionpolicies cluster all
admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings cluster all
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations cluster all
admissionregistration.k8s.io/v1 validatingadmissionpolicies cluster all
admissionregistration.k8s.io/v1 validatingadmissionpolicies/status cluster status
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings cluster all
admissionregistration.k8s.io/v1 validatingwebhookconfigurations cluster all
apiextensions.k8s.io/v1 customresourcedefinitions cluster all
apiextensions.k8s.io/v1 customresourcedefinitions/status cluster status
scheduling.k8s.io/v1 priorityclasses cluster all
coordination.k8s.io/v1 leases namespaced all
node.k8s.io/v1 runtimeclasses cluster all
discovery.k8s.io/v1 endpointslices namespaced all
resource.k8s.io/v1 deviceclasses cluster all
resource.k8s.io/v1 resourceclaims namespaced all
resource.k8s.io/v1 resourceclaims/status namespaced status
resource.k8s.io/v1 resourceclaimtemplates namespaced all
resource.k8s.io/v1 resourceslices cluster all
flowcontrol.apiserver.k8s.io/v1 flowschemas cluster all
flowcontrol.apiserver.k8s.io/v1 flowschemas/status cluster status
flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations cluster all
flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations/status cluster status
`;

const VERBS: Readonly<Record<string, string>> = {
  all: "create,delete,deletecollection,get,list,patch,update,watch",
  status: "get,patch,update",
};

function resourceOf(line: string): KubernetesResource {
  const [groupVersion = "", name = "", scope = "", verbs = ""] = line.split(" ");
  const namespaced = scope === "namespaced";
  const [plural = "", subresource] = name.split("/");
  const root = groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`;
  const path = `${root}${namespaced ? "/namespaces/{ns}" : ""}/${plural}${subresource === undefined ? "" : `/any/${subresource}`}`;
  return { id: `${groupVersion} ${name}`, namespaced, verbs: (VERBS[verbs] ?? verbs).split(","), path };
}

/** Everything that a cluster of Kubernetes 1.36 serves when nobody has added anything. */
export const KUBERNETES_RESOURCES: readonly KubernetesResource[] = SERVED.trim().split("\n").map(resourceOf);
