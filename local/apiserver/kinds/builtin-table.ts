/** One built-in kind as a row of data. Columns and selectable fields are in tables of their own. */
export interface BuiltinRow {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly subresources?: readonly string[];
  /** Printed as a Warning by every request. */
  readonly deprecation?: string;
  readonly counted?: boolean;
  readonly createOnUpdate?: boolean;
  readonly conditionalUpdate?: boolean;
  readonly returnsDeleted?: boolean;
}

const RBAC = { group: "rbac.authorization.k8s.io", version: "v1", createOnUpdate: true } as const;
const CORE = { group: "", version: "v1" } as const;
const WORKLOAD = { group: "apps", version: "v1", namespaced: true, categories: ["all"], subresources: ["scale", "status"], counted: true } as const;

/** The order is the order of discovery. */
export const BUILTIN_ROWS: readonly BuiltinRow[] = [
  { ...CORE, kind: "ConfigMap", plural: "configmaps", singular: "configmap", shortNames: ["cm"], namespaced: true },
  {
    ...CORE,
    kind: "Endpoints",
    plural: "endpoints",
    singular: "endpoints",
    shortNames: ["ep"],
    namespaced: true,
    createOnUpdate: true,
    deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  },
  { ...CORE, kind: "Event", plural: "events", singular: "event", shortNames: ["ev"], namespaced: true, createOnUpdate: true },
  { ...CORE, kind: "LimitRange", plural: "limitranges", singular: "limitrange", shortNames: ["limits"], namespaced: true, createOnUpdate: true },
  { ...CORE, kind: "Namespace", plural: "namespaces", singular: "namespace", shortNames: ["ns"], namespaced: false, subresources: ["finalize", "status"] },
  { ...CORE, kind: "Node", plural: "nodes", singular: "node", shortNames: ["no"], namespaced: false, subresources: ["status"] },
  {
    ...CORE,
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    shortNames: ["po"],
    categories: ["all"],
    namespaced: true,
    subresources: ["attach", "binding", "exec", "log", "portforward", "status"],
    counted: true,
    returnsDeleted: true,
  },
  {
    ...CORE,
    kind: "ResourceQuota",
    plural: "resourcequotas",
    singular: "resourcequota",
    shortNames: ["quota"],
    namespaced: true,
    subresources: ["status"],
    returnsDeleted: true,
  },
  { ...CORE, kind: "Secret", plural: "secrets", singular: "secret", namespaced: true },
  {
    ...CORE,
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    shortNames: ["sa"],
    namespaced: true,
    subresources: ["token"],
    returnsDeleted: true,
  },
  {
    ...CORE,
    kind: "Service",
    plural: "services",
    singular: "service",
    shortNames: ["svc"],
    categories: ["all"],
    namespaced: true,
    subresources: ["status"],
    createOnUpdate: true,
    returnsDeleted: true,
  },
  {
    group: "apiextensions.k8s.io",
    version: "v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    shortNames: ["crd", "crds"],
    categories: ["api-extensions"],
    namespaced: false,
    subresources: ["status"],
    counted: true,
    conditionalUpdate: true,
  },
  { ...WORKLOAD, kind: "Deployment", plural: "deployments", singular: "deployment", shortNames: ["deploy"] },
  { ...WORKLOAD, kind: "ReplicaSet", plural: "replicasets", singular: "replicaset", shortNames: ["rs"] },
  {
    group: "coordination.k8s.io",
    version: "v1",
    kind: "Lease",
    plural: "leases",
    singular: "lease",
    namespaced: true,
    createOnUpdate: true,
    conditionalUpdate: true,
  },
  {
    group: "discovery.k8s.io",
    version: "v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    singular: "endpointslice",
    namespaced: true,
    counted: true,
    createOnUpdate: true,
  },
  { group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", singular: "event", shortNames: ["ev"], namespaced: true, createOnUpdate: true },
  {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    singular: "networkpolicy",
    shortNames: ["netpol"],
    namespaced: true,
    counted: true,
  },
  { ...RBAC, kind: "ClusterRole", plural: "clusterroles", singular: "clusterrole", namespaced: false },
  { ...RBAC, kind: "ClusterRoleBinding", plural: "clusterrolebindings", singular: "clusterrolebinding", namespaced: false },
  { ...RBAC, kind: "Role", plural: "roles", singular: "role", namespaced: true },
  { ...RBAC, kind: "RoleBinding", plural: "rolebindings", singular: "rolebinding", namespaced: true },
];
