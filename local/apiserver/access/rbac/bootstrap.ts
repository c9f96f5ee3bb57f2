import { jsonEqual, rfc3339 } from "../../../../base/index.ts";
import type { KubeObject } from "../../../../kube/index.ts";
import type { Core } from "../../core.ts";
import { objectKey } from "../../storage/entry.ts";
import { uuid } from "../../verbs/identity.ts";
import { covered } from "./covers.ts";
import { DEFAULT_BINDINGS, DEFAULT_ROLES, type DefaultRole } from "./default-roles.ts";
import { gatheredRules } from "./gathered-rules.ts";
import { type Binding, CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, RBAC_GROUP, type Subject } from "./policy-index.ts";
import type { PolicyRule } from "../../authorize.ts";

const AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate";
const OURS = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const apiVersion = `${RBAC_GROUP}/v1`;

function metadata(core: Core, name: string, labels: Readonly<Record<string, string>>): KubeObject["metadata"] {
  return { name, uid: uuid(core.random), creationTimestamp: rfc3339(core.clock.now()), labels: { ...OURS, ...labels }, annotations: { [AUTOUPDATE]: "true" } };
}

function roleObject(core: Core, { name, labels = {}, rules, gathers }: DefaultRole): KubeObject {
  const aggregation = gathers === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [gathers]: "true" } }] } };
  return { apiVersion, kind: "ClusterRole", metadata: metadata(core, name, labels), ...aggregation, rules };
}

function bindingObject(core: Core, name: string, groups: readonly string[]): KubeObject {
  const subjects = groups.map((group) => ({ kind: "Group", apiGroup: RBAC_GROUP, name: group }));
  return { apiVersion, kind: "ClusterRoleBinding", metadata: metadata(core, name, {}), subjects, roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name } };
}

/** What is missing in a role that exists is added; what people added stays. */
function completedRole(live: KubeObject, wanted: KubeObject): KubeObject {
  const rules = (live["rules"] ?? []) as PolicyRule[];
  const missing = wanted["aggregationRule"] ? [] : ((wanted["rules"] ?? []) as PolicyRule[]).filter((rule) => !covered(rules, [rule]));
  const labels = { ...live.metadata.labels, ...wanted.metadata.labels };
  return { ...live, metadata: { ...live.metadata, labels }, rules: [...rules, ...missing] };
}

function completedBinding(live: KubeObject, wanted: KubeObject): KubeObject {
  const [has, wants] = [live, wanted].map((one) => (one as Binding).subjects ?? []) as [readonly Subject[], readonly Subject[]];
  const missing = wants.filter((subject) => !has.some(({ kind, name }) => kind === subject.kind && name === subject.name));
  return { ...live, subjects: [...has, ...missing] };
}

async function keep(core: Core, collection: string, wanted: KubeObject, complete: typeof completedRole): Promise<void> {
  const { name = "" } = wanted.metadata;
  const key = objectKey(collection, "", name);
  const entry = core.store.head(key);
  if (entry?.object.metadata.annotations?.[AUTOUPDATE] === "false") return;
  const object = entry ? complete(entry.object, wanted) : wanted;
  if (entry && jsonEqual(object, entry.object)) return;
  await core.store.put(entry, { key, collection, namespace: "", name, object });
}

/** Makes the default roles and bindings where they are missing, and completes those that somebody cut down. */
export async function keepDefaultRoles(core: Core): Promise<void> {
  const roles = DEFAULT_ROLES.map((role) => roleObject(core, role)).sort((left, right) => ((left.metadata.name ?? "") < (right.metadata.name ?? "") ? -1 : 1));
  // View before edit before admin: each gathers the one before.
  for (const name of ["view", "edit", "admin"]) {
    const role = roles.find((one) => one.metadata.name === name);
    if (role) role["rules"] = gatheredRules(role, roles) ?? [];
  }
  await Promise.all([
    ...roles.map((role) => keep(core, CLUSTER_ROLES, role, completedRole)),
    ...Object.entries(DEFAULT_BINDINGS).map(([name, groups]) => keep(core, CLUSTER_ROLE_BINDINGS, bindingObject(core, name, groups), completedBinding)),
  ]);
}
