import { jsonEqual } from "../../../../base/index.ts";
import type { KubeObject } from "../../../../kube/index.ts";
import type { PolicyRule } from "../../authorize.ts";

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

interface Gathering {
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelector[] };
  readonly rules?: readonly PolicyRule[];
}

function meets(labels: Readonly<Record<string, string>>, { key, operator, values = [] }: Requirement): boolean {
  const value = labels[key];
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  const listed = value !== undefined && values.includes(value);
  return operator === "In" ? listed : operator === "NotIn" && !listed;
}

function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every((one) => meets(labels, one));
}

/**
 * The rules that a ClusterRole shall have, gathered from `roles` (in order of their names) as its selectors say; undefined
 * when it gathers nothing or has them already.
 */
export function gatheredRules(role: KubeObject, roles: readonly KubeObject[]): PolicyRule[] | undefined {
  const { aggregationRule, rules: current } = role as KubeObject & Gathering;
  const selectors = aggregationRule?.clusterRoleSelectors;
  if (!selectors) return undefined;
  const rules: PolicyRule[] = [];
  for (const selector of selectors) {
    for (const other of roles) {
      if (other.metadata.name === role.metadata.name || !selects(selector, other.metadata.labels ?? {})) continue;
      for (const rule of (other as KubeObject & Gathering).rules ?? []) if (!rules.some((known) => jsonEqual(known, rule))) rules.push(rule);
    }
  }
  return jsonEqual(rules, current ?? []) ? undefined : rules;
}
