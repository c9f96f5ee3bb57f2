import type { DiscoveredResource } from "./discovered-resource.ts";

function review(group: string, kind: string, namespaced = false): DiscoveredResource {
  const singular = kind.toLowerCase();
  return { group, version: "v1", name: `${singular}s`, kind, singular, namespaced, verbs: ["create"], shortNames: [], categories: [], subresources: [] };
}

/** Kinds that are questions: posted, answered, never stored. */
export const REVIEW_KINDS: readonly DiscoveredResource[] = [
  review("authentication.k8s.io", "SelfSubjectReview"),
  review("authentication.k8s.io", "TokenReview"),
  review("authorization.k8s.io", "LocalSubjectAccessReview", true),
  review("authorization.k8s.io", "SelfSubjectAccessReview"),
  review("authorization.k8s.io", "SelfSubjectRulesReview"),
  review("authorization.k8s.io", "SubjectAccessReview"),
];
