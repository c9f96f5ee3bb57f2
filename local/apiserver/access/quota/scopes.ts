import { crossesNamespaces, isBestEffort, type PodFields } from "./pod-amounts.ts";

export interface Scope {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** The part of a quota that says which pods it counts. */
export interface Scoped {
  readonly scopes?: readonly string[];
  readonly scopeSelector?: { readonly matchExpressions?: readonly Scope[] };
}

/** Everything that a quota says about which pods it counts. */
export function scopesOf({ scopes = [], scopeSelector }: Scoped): Scope[] {
  return [...scopes.map((scopeName) => ({ scopeName, operator: "Exists" })), ...(scopeSelector?.matchExpressions ?? [])];
}

const terminates = ({ spec }: PodFields): boolean => (spec?.activeDeadlineSeconds ?? -1) >= 0;

function priorityMatches(name: string, { operator, values = [] }: Scope): boolean {
  if (operator === "Exists") return name !== "";
  if (operator === "DoesNotExist") return name === "";
  if (operator === "NotIn") return name === "" || !values.includes(name);
  return name !== "" && values.includes(name);
}

function inScope(pod: PodFields, scope: Scope): boolean {
  switch (scope.scopeName) {
    case "Terminating":
      return terminates(pod);
    case "NotTerminating":
      return !terminates(pod);
    case "BestEffort":
      return isBestEffort(pod);
    case "NotBestEffort":
      return !isBestEffort(pod);
    case "PriorityClass":
      return priorityMatches(pod.spec?.priorityClassName ?? "", scope);
    case "CrossNamespacePodAffinity":
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

/** Whether a quota of these scopes counts an object. Only pods are ever in a scope. */
export function inScopes(scopes: readonly Scope[], pod: PodFields | undefined): boolean {
  if (scopes.length === 0) return true;
  return pod !== undefined && scopes.every((scope) => inScope(pod, scope));
}
