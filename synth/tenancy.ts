import { GROUP, type PolicyRule } from "../base/index.ts";
import { allKinds } from "../crds/index.ts";

/** Where the installation lives. Controllers, clients and the platform level of GitSyncs look for it there. */
export const SYSTEM_NAMESPACE = "flyteops-system";

/** Accounts of the installation. In the flavour `single` the first runs every controller. */
export const ACCOUNT = { controller: "flyteops-controller", sync: "flyteops-sync", api: "flyteops-api", platform: "flyteops-platform" } as const;

/** ClusterRoles that a Project binds people and its sync account to, in its namespaces. */
export const PROJECT_ROLES = ["flyte-viewer", "flyte-editor", "flyte-sync"] as const;
export type ProjectRole = (typeof PROJECT_ROLES)[number];

/** ClusterRoles that let the controllers work in namespaces of Projects, by the account that is bound to them there. */
export const PROJECT_ACCESS = { [ACCOUNT.controller]: "flyteops-controller-projects", [ACCOUNT.sync]: "flyteops-sync-projects" } as const;

/** ClusterRole, and binding of it, by which the project controller writes its copy of the storage Secret into a namespace. */
export const STORAGE_SECRET_ROLE = "flyteops-storage-secret";

/** Everything that the project controller may bind anybody to. */
export const BOUND_ROLES: readonly string[] = [...PROJECT_ROLES, ...Object.values(PROJECT_ACCESS), STORAGE_SECRET_ROLE];

const WRITTEN_BY_PEOPLE = ["tasks", "workflows", "triggers", "apps", "runs"];
const READ = ["get", "list", "watch"];

/** Kinds of ours that a namespace holds. A kind is named, never `*`: a role says what it allows. */
const inNamespaces = (): string[] => allKinds.filter(({ namespaced }) => namespaced).map(({ plural }) => plural);

/** What each role of a Project allows in its namespaces. */
export function projectRoleRules(role: ProjectRole): PolicyRule[] {
  const write = { apiGroups: [GROUP], resources: WRITTEN_BY_PEOPLE, verbs: ["create", "patch", "delete"] };
  // The credentials of its repository are read as the sync account; whoever may create pods here could mount them anyway.
  if (role === "flyte-sync") return [write, { apiGroups: [""], resources: ["secrets"], verbs: ["get"] }];
  const read: PolicyRule[] = [
    { apiGroups: [GROUP], resources: inNamespaces(), verbs: READ },
    { apiGroups: [""], resources: ["pods", "pods/log", "events"], verbs: READ },
  ];
  if (role === "flyte-viewer") return read;
  return [...read, { apiGroups: [GROUP], resources: WRITTEN_BY_PEOPLE, verbs: ["create", "update", "patch", "delete"] }];
}

/** What a GitSync of the platform level may apply, anywhere: everything that a repository may hold. */
export function platformRules(): PolicyRule[] {
  const kinds = allKinds.filter(({ kind }) => kind !== "TaskAction").map(({ plural }) => plural);
  return [{ apiGroups: [GROUP], resources: kinds, verbs: ["create", "patch", "delete"] }];
}
