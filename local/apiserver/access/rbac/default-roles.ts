import type { PolicyRule } from "../../authorize.ts";

const READ = ["get", "list", "watch"];
const WRITE = ["create", "delete", "deletecollection", "patch", "update"];
const BOTH = [...WRITE, ...READ].sort();
const EVENTS_API = ["", "events.k8s.io"];

const words = (text: string): string[] => text.split(" ");
const rule = (verbs: readonly string[], group: string | readonly string[], resources: string): PolicyRule => ({
  apiGroups: typeof group === "string" ? [group] : group,
  resources: words(resources),
  verbs,
});
const paths = (text: string): PolicyRule => ({ nonResourceURLs: words(text), verbs: ["get"] });

/** A ClusterRole that every cluster has. */
export interface DefaultRole {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules: readonly PolicyRule[];
  /** Gathers the rules of every ClusterRole with this label instead of having its own. */
  readonly gathers?: string;
}

const aggregate = (to: string): string => `rbac.authorization.k8s.io/aggregate-to-${to}`;

const view: readonly PolicyRule[] = [
  rule(
    READ,
    "",
    "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
  ),
  rule(READ, "", "bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status"),
  rule(READ, "", "namespaces"),
  rule(READ, EVENTS_API, "events"),
  rule(READ, "discovery.k8s.io", "endpointslices"),
  rule(
    READ,
    "apps",
    "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
  ),
  rule(READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
  rule(READ, "batch", "cronjobs cronjobs/status jobs jobs/status"),
  rule(
    READ,
    "extensions",
    "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
  ),
  rule(READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
  rule(READ, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
  rule(READ, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
];

const edit: readonly PolicyRule[] = [
  rule(READ, "", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
  rule(["impersonate"], "", "serviceaccounts"),
  rule(WRITE, "", "pods pods/attach pods/exec pods/portforward pods/proxy"),
  rule(["create"], "", "pods/eviction"),
  rule(WRITE, "", "configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy"),
  rule(["create"], "", "serviceaccounts/token"),
  rule(WRITE, EVENTS_API, "events"),
  rule(WRITE, "apps", "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale"),
  rule(WRITE, "autoscaling", "horizontalpodautoscalers"),
  rule(WRITE, "batch", "cronjobs jobs"),
  rule(
    WRITE,
    "extensions",
    "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale",
  ),
  rule(WRITE, "policy", "poddisruptionbudgets"),
  rule(WRITE, "networking.k8s.io", "ingresses networkpolicies"),
  rule(BOTH, "coordination.k8s.io", "leases"),
  rule(WRITE, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
];

const admin: readonly PolicyRule[] = [
  rule(["create"], "authorization.k8s.io", "localsubjectaccessreviews"),
  rule(BOTH, "rbac.authorization.k8s.io", "rolebindings roles"),
];

/** The roles for people and for what every client asks. Those of the real server's own controllers have no one to serve here. */
export const DEFAULT_ROLES: readonly DefaultRole[] = [
  {
    name: "cluster-admin",
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { nonResourceURLs: ["*"], verbs: ["*"] },
    ],
  },
  { name: "admin", rules: [], gathers: aggregate("admin") },
  { name: "edit", rules: [], gathers: aggregate("edit"), labels: { [aggregate("admin")]: "true" } },
  { name: "view", rules: [], gathers: aggregate("view"), labels: { [aggregate("edit")]: "true" } },
  { name: "system:aggregate-to-admin", labels: { [aggregate("admin")]: "true" }, rules: admin },
  { name: "system:aggregate-to-edit", labels: { [aggregate("edit")]: "true" }, rules: edit },
  { name: "system:aggregate-to-view", labels: { [aggregate("view")]: "true" }, rules: view },
  {
    name: "system:auth-delegator",
    rules: [rule(["create"], "authentication.k8s.io", "tokenreviews"), rule(["create"], "authorization.k8s.io", "subjectaccessreviews")],
  },
  {
    name: "system:basic-user",
    rules: [
      rule(["create"], "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
      rule(["create"], "authentication.k8s.io", "selfsubjectreviews"),
    ],
  },
  { name: "system:discovery", rules: [paths("/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/")] },
  {
    name: "system:monitoring",
    rules: [paths("/flagz /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/* /statusz"), rule(["get"], "", "nodes/metrics")],
  },
  { name: "system:public-info-viewer", rules: [paths("/healthz /livez /readyz /version /version/")] },
  {
    name: "system:service-account-issuer-discovery",
    rules: [paths("/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/")],
  },
];

/** Name of a default role and binding → the groups that have it. */
export const DEFAULT_BINDINGS: Readonly<Record<string, readonly string[]>> = {
  "cluster-admin": ["system:masters"],
  "system:basic-user": ["system:authenticated"],
  "system:discovery": ["system:authenticated"],
  "system:monitoring": ["system:monitoring"],
  "system:public-info-viewer": ["system:authenticated", "system:unauthenticated"],
  "system:service-account-issuer-discovery": ["system:serviceaccounts"],
};
