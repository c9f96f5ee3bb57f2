import type { PolicyRule } from "../../base/index.ts";
import { ACCOUNT, platformRules, PROJECT_ACCESS, PROJECT_ROLES, projectRoleRules, STORAGE_SECRET_ROLE, SYSTEM_NAMESPACE } from "../tenancy.ts";
import { metadata } from "./metadata.ts";
import { NAME, STORAGE_SECRET_NAME } from "./names.ts";
import type { Flavour } from "./values.ts";
import type { Manifest } from "../render.ts";

/** What each controller asks of the cluster, by its name; `program` is what each program of controllers asks besides, `api` what the read-only API asks, `storageSecret` what copying the storage Secret asks. */
export type Needs = Readonly<Record<string, readonly PolicyRule[]>>;

/** The controllers that the flavour core runs apart. */
export const SYNC_CONTROLLERS: readonly string[] = ["sync", "trigger"];

const NO_CONTROLLERS: readonly string[] = ["program", "api", "storageSecret"];

/** Which controllers an account runs. */
export function controllersOf(account: string, flavour: Flavour, needs: Needs): readonly string[] {
  const all = Object.keys(needs).filter((name) => !NO_CONTROLLERS.includes(name));
  if (flavour === "single") return account === ACCOUNT.controller ? all : [];
  return all.filter((name) => SYNC_CONTROLLERS.includes(name) === (account === ACCOUNT.sync));
}

const keyOf = ({ apiGroups, resources, resourceNames = [] }: PolicyRule): string => JSON.stringify([apiGroups, resources, resourceNames]);

/** One rule per resource, in one order whatever the order of the lists: what several controllers need is said once. */
export function mergedRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const verbs = new Map<string, { readonly rule: PolicyRule; readonly verbs: Set<string> }>();
  for (const { apiGroups, resources, verbs: wanted, resourceNames } of rules) {
    for (const apiGroup of apiGroups) {
      for (const resource of resources) {
        const rule = { apiGroups: [apiGroup], resources: [resource], verbs: [], ...(resourceNames ? { resourceNames } : {}) };
        const known = verbs.get(keyOf(rule)) ?? { rule, verbs: new Set<string>() };
        for (const verb of wanted) known.verbs.add(verb);
        verbs.set(keyOf(rule), known);
      }
    }
  }
  const sorted = [...verbs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { rule, verbs: each }]) => ({ ...rule, verbs: [...each].sort() }));
  return withoutRepetition(sorted);
}

/** Resources of one group with the same verbs share a rule. */
function withoutRepetition(rules: readonly PolicyRule[]): PolicyRule[] {
  const groups = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.apiGroups, rule.verbs, rule.resourceNames ?? []]);
    const known = groups.get(key);
    groups.set(key, known ? { ...known, resources: [...known.resources, ...rule.resources] } : rule);
  }
  return [...groups.values()];
}

const API_VERSION = "rbac.authorization.k8s.io/v1";
const API_GROUP = "rbac.authorization.k8s.io";

/** A copy without `in`, which RBAC does not know. */
const plain = (rules: readonly PolicyRule[]) =>
  mergedRules(rules).map(({ apiGroups, resources, verbs, resourceNames }) => ({ apiGroups, resources, verbs, ...(resourceNames ? { resourceNames } : {}) }));

function clusterRole(name: string, rules: readonly PolicyRule[], version: string): Manifest {
  return { apiVersion: API_VERSION, kind: "ClusterRole", metadata: metadata(name, { version, component: "access" }), rules: plain(rules) };
}

function bound(kind: "ClusterRoleBinding" | "RoleBinding", name: string, roleKind: "ClusterRole" | "Role", account: string, version: string): Manifest {
  const namespace = kind === "RoleBinding" ? SYSTEM_NAMESPACE : undefined;
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: metadata(name, { version, component: "access", namespace }),
    roleRef: { apiGroup: API_GROUP, kind: roleKind, name },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: SYSTEM_NAMESPACE }],
  };
}

const where = (rules: readonly PolicyRule[], ...places: (PolicyRule["in"] | "cluster")[]): PolicyRule[] =>
  rules.filter((rule) => places.includes(rule.in ?? "cluster"));

/** A GitSync in the namespace of the installation is of the platform level, and acts as the platform's account or one made for it. */
const inSystem = (rules: readonly PolicyRule[]): PolicyRule[] => where(rules, "system", "gitsyncs");

/** The roles of one account: one for everywhere, one for the namespace of the installation, one that Projects bind in theirs. */
function rolesOf(account: keyof typeof PROJECT_ACCESS, rules: readonly PolicyRule[], everywhere: boolean, version: string): Manifest[] {
  const inProjects = where(rules, "projects", "gitsyncs");
  const role = metadata(account, { version, component: "access", namespace: SYSTEM_NAMESPACE });
  return [
    clusterRole(account, where(rules, "cluster"), version),
    bound("ClusterRoleBinding", account, "ClusterRole", account, version),
    { apiVersion: API_VERSION, kind: "Role", metadata: role, rules: plain(inSystem(rules)) },
    bound("RoleBinding", account, "Role", account, version),
    ...(inProjects.length === 0 ? [] : [clusterRole(PROJECT_ACCESS[account], inProjects, version)]),
    ...(everywhere && inProjects.length > 0 ? [bound("ClusterRoleBinding", PROJECT_ACCESS[account], "ClusterRole", account, version)] : []),
  ];
}

/** ClusterRoles that Projects hand out, and the account of GitSyncs of the platform level: on a laptop as in a cluster. */
export function tenancyManifests(version: string): Manifest[] {
  return [
    ...PROJECT_ROLES.map((role) => clusterRole(role, projectRoleRules(role), version)),
    clusterRole(ACCOUNT.platform, platformRules(), version),
    bound("ClusterRoleBinding", ACCOUNT.platform, "ClusterRole", ACCOUNT.platform, version),
    // The credentials of a platform GitSync are read as its account.
    {
      apiVersion: API_VERSION,
      kind: "Role",
      metadata: metadata(ACCOUNT.platform, { version, component: "access", namespace: SYSTEM_NAMESPACE }),
      rules: plain([{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }]),
    },
    bound("RoleBinding", ACCOUNT.platform, "Role", ACCOUNT.platform, version),
    ...factsAccess(version),
  ];
}

/** Where the object store is, and which version is installed: every client of this cluster may know, or nobody but administrators could read outputs. */
function factsAccess(version: string): Manifest[] {
  const name = "flyteops-facts";
  const own = metadata(name, { version, component: "access", namespace: SYSTEM_NAMESPACE });
  return [
    {
      apiVersion: API_VERSION,
      kind: "Role",
      metadata: own,
      rules: plain([{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"], resourceNames: [NAME.facts] }]),
    },
    {
      apiVersion: API_VERSION,
      kind: "RoleBinding",
      metadata: own,
      roleRef: { apiGroup: API_GROUP, kind: "Role", name },
      subjects: [{ apiGroup: API_GROUP, kind: "Group", name: "system:authenticated" }],
    },
  ];
}

/** Accounts that a flavour runs programs as. */
export const accountsOf = (flavour: Flavour): readonly (keyof typeof PROJECT_ACCESS)[] =>
  flavour === "single" ? [ACCOUNT.controller] : [ACCOUNT.controller, ACCOUNT.sync];

/** What the account of the read-only API may do: less than any controller, because whoever reaches its port speaks with it. */
export function apiRoleManifests(needs: Needs, version: string): Manifest[] {
  return [clusterRole(ACCOUNT.api, needs["api"] ?? [], version), bound("ClusterRoleBinding", ACCOUNT.api, "ClusterRole", ACCOUNT.api, version)];
}

/** By which the controllers copy one Secret into the namespaces of Projects, whose binding the Project makes; written only where that is wanted. */
export function storageSecretRoleManifests(secret: string, needs: Needs, version: string): Manifest[] {
  const rules = (needs["storageSecret"] ?? []).map((rule) => {
    const resourceNames = rule.resourceNames?.map((name) => (name === STORAGE_SECRET_NAME ? secret : name));
    return { ...rule, ...(resourceNames ? { resourceNames } : {}) };
  });
  const role = metadata(STORAGE_SECRET_ROLE, { version, component: "access", namespace: SYSTEM_NAMESPACE });
  return [
    clusterRole(STORAGE_SECRET_ROLE, where(rules, "projects"), version),
    { apiVersion: API_VERSION, kind: "Role", metadata: role, rules: plain(where(rules, "system")) },
    bound("RoleBinding", STORAGE_SECRET_ROLE, "Role", ACCOUNT.controller, version),
  ];
}

/** Every role and binding of the controllers of an installation, and those that Projects hand out. */
export function roleManifests(flavour: Flavour, needs: Needs, access: "Projects" | "All", version: string): Manifest[] {
  const own = accountsOf(flavour).flatMap((account) => {
    const rules = [...(needs["program"] ?? []), ...controllersOf(account, flavour, needs).flatMap((name) => needs[name] ?? [])];
    return rolesOf(account, rules, access === "All", version);
  });
  return [...tenancyManifests(version), ...own];
}
