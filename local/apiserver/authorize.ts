import type { User } from "./request.ts";

/** What somebody wants to do, in the words of RBAC. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Only of requests that are about no resource; "" otherwise. */
  readonly path: string;
}

/** One rule of a Role or ClusterRole. It speaks of resources or of paths, never of both. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Decision {
  readonly allowed: boolean;
  /** Why, for whoever asks; "" when there is nothing to say. */
  readonly reason: string;
}

/** The rules that apply to somebody in a namespace, and what kept others from being found. */
export interface RuleSet {
  readonly rules: readonly PolicyRule[];
  readonly problems: readonly string[];
}

/** Decides about requests, from memory and at once. */
export interface Authorizer {
  decide(user: User, attributes: Attributes): Decision;
  rulesFor(user: User, namespace: string): RuleSet;
}

/** Whoever is in this group may do anything: no role is asked. */
export const MASTERS = "system:masters";

export const isMaster = (user: User): boolean => user.groups.includes(MASTERS);
