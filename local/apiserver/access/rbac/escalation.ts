import { jsonEqual } from "../../../../base/index.ts";
import type { KubeObject } from "../../../../kube/index.ts";
import { type Authorizer, isMaster } from "../../authorize.ts";
import type { User } from "../../request.ts";
import { forbidden, notFound } from "../../status.ts";
import type { Call } from "../../wire/target.ts";
import { uncovered } from "./covers.ts";
import { type Binding, CLUSTER_ROLES, type PolicyIndex, RBAC_GROUP, type RoleRef } from "./policy-index.ts";
import type { PolicyRule } from "../../authorize.ts";

const EVERYTHING: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

export interface Escalation {
  readonly authorizer: Authorizer;
  readonly index: PolicyIndex;
}

const goStrings = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;

function ruleText(rule: PolicyRule): string {
  const fields: [string, readonly string[] | undefined][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const said = fields.flatMap(([name, values]) => (values && values.length > 0 ? [`${name}:${goStrings(values)}`] : []));
  return `{${said.join(", ")}}`;
}

/** Rules about the same resource and name become one with all their verbs; those about paths stay as they are. */
function compacted(missing: readonly PolicyRule[]): PolicyRule[] {
  const merged = new Map<string, PolicyRule>();
  for (const rule of missing) {
    const { verbs, ...about } = rule;
    const key = JSON.stringify(rule.nonResourceURLs ? rule : about);
    const known = merged.get(key);
    merged.set(key, known && !rule.nonResourceURLs ? { ...known, verbs: [...known.verbs, ...verbs] } : rule);
  }
  return [...merged.values()];
}

/** What the real server says to somebody who grants more than he has; undefined when he does not. */
function excess({ authorizer }: Escalation, user: User, namespace: string, rules: readonly PolicyRule[]): string | undefined {
  const { rules: owned, problems } = authorizer.rulesFor(user, namespace);
  const missing = uncovered(owned, rules);
  if (missing.length === 0) return undefined;
  const lines = [...new Set(compacted(missing).map(ruleText))].sort();
  const unresolved = problems.length === 0 ? "" : `; resolution errors: [${problems.join(", ")}]`;
  return `user ${JSON.stringify(user.name)} (groups=${goStrings(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}${unresolved}`;
}

function mayEscalate({ authorizer }: Escalation, { user, target }: Call): boolean {
  const { kind, namespace, name } = target;
  return authorizer.decide(user, { verb: "escalate", group: RBAC_GROUP, resource: kind.plural, subresource: "", namespace, name, path: "" }).allowed;
}

interface Role {
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly unknown[] };
}

const gathers = (role: Role | undefined): boolean => (role?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;

function checkRole(escalation: Escalation, call: Call, object: KubeObject, live: KubeObject | undefined): void {
  if (mayEscalate(escalation, call)) return;
  const { user, target } = call;
  const { name = "" } = object.metadata;
  const role = object as KubeObject & Role;
  const why = excess(escalation, user, target.namespace, role.rules ?? []);
  if (why !== undefined) throw forbidden(target.kind, name, why);
  const gathering = target.kind.collection === CLUSTER_ROLES && (gathers(role) || gathers(live as (KubeObject & Role) | undefined));
  if (gathering && excess(escalation, user, "", EVERYTHING) !== undefined)
    throw forbidden(target.kind, name, "must have cluster-admin privileges to use the aggregationRule");
}

function mayBind({ authorizer }: Escalation, user: User, { apiGroup, kind, name }: RoleRef, namespace: string): boolean {
  const resource = kind === "ClusterRole" ? "clusterroles" : kind === "Role" ? "roles" : undefined;
  if (resource === undefined) return false;
  return authorizer.decide(user, { verb: "bind", group: apiGroup, resource, subresource: "", namespace, name, path: "" }).allowed;
}

function checkBinding(escalation: Escalation, { user, target }: Call, object: KubeObject): void {
  const { roleRef } = object as Binding;
  if (mayBind(escalation, user, roleRef, target.namespace)) return;
  const rules = escalation.index.rulesOf(roleRef, target.namespace);
  if (typeof rules === "string") throw notFound(target.kind, roleRef.name);
  const why = excess(escalation, user, target.namespace, rules);
  if (why !== undefined) throw forbidden(target.kind, object.metadata.name ?? "", why);
}

/** Taking finalizers and owners away lets an object be collected; that grants nothing. */
function onlyForCollection(object: KubeObject, live: KubeObject): boolean {
  const bare = ({ metadata, ...rest }: KubeObject) => {
    const { managedFields: _managed, resourceVersion: _version, finalizers: _finalizers, ownerReferences: _owners, ...kept } = metadata;
    return { ...rest, metadata: kept };
  };
  return jsonEqual(bare(object), bare(live));
}

/** Throws 403 when a role, or a binding to one, would grant what its writer has not. `live` is what it replaces. */
export function refuseEscalation(escalation: Escalation, call: Call, object: KubeObject, live: KubeObject | undefined): void {
  const { kind } = call.target;
  if (kind.group !== RBAC_GROUP || isMaster(call.user)) return;
  if (live && onlyForCollection(object, live)) return;
  if (kind.plural.endsWith("bindings")) checkBinding(escalation, call, object);
  else checkRole(escalation, call, object, live);
}
