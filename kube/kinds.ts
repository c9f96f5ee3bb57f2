import type { KindRef } from "./object.ts";

const core = (kind: string, plural: string, namespaced = true): KindRef => ({ group: "", version: "v1", kind, plural, namespaced });
const grouped = (group: string, kind: string, plural: string, namespaced = true, version = "v1"): KindRef => ({ group, version, kind, plural, namespaced });

/** The built-in kinds that we address ourselves. */
export const Kinds = {
  Pod: core("Pod", "pods"),
  Node: core("Node", "nodes", false),
  Namespace: core("Namespace", "namespaces", false),
  ConfigMap: core("ConfigMap", "configmaps"),
  Secret: core("Secret", "secrets"),
  ServiceAccount: core("ServiceAccount", "serviceaccounts"),
  Event: core("Event", "events"),
  ResourceQuota: core("ResourceQuota", "resourcequotas"),
  LimitRange: core("LimitRange", "limitranges"),
  Lease: grouped("coordination.k8s.io", "Lease", "leases"),
  Role: grouped("rbac.authorization.k8s.io", "Role", "roles"),
  RoleBinding: grouped("rbac.authorization.k8s.io", "RoleBinding", "rolebindings"),
  ClusterRole: grouped("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", false),
  ClusterRoleBinding: grouped("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", false),
  NetworkPolicy: grouped("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
  CustomResourceDefinition: grouped("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", false),
} as const satisfies Record<string, KindRef>;
