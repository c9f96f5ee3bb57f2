import type { PolicyRule } from "../../authorize.ts";
import { pathCovers } from "./policy-rule.ts";

type Part = PolicyRule & { readonly verbs: readonly [string] };

function resourceParts({ verbs, apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): Part[] {
  const names = resourceNames.length > 0 ? resourceNames.map((name) => ({ resourceNames: [name] })) : [{}];
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => names.map((name) => ({ apiGroups: [group], resources: [resource], ...name, verbs: [verb] as const }))),
    ),
  );
}

/** A rule as rules that each say one thing: one verb on one resource of one group, by at most one name; or one verb on one path. */
function parts(rule: PolicyRule): Part[] {
  const paths = (rule.nonResourceURLs ?? []).flatMap((path) => rule.verbs.map((verb) => ({ nonResourceURLs: [path], verbs: [verb] as const })));
  return [...resourceParts(rule), ...paths];
}

const holds = (owned: readonly string[] | undefined, value: string): boolean => owned?.includes("*") === true || owned?.includes(value) === true;

function holdsResource(owned: readonly string[] | undefined, resource: string): boolean {
  if (holds(owned, resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && owned?.includes(`*${resource.slice(slash)}`) === true;
}

function holdsNames(owned: readonly string[] = [], names: readonly string[] = []): boolean {
  return owned.length === 0 || (names.length > 0 && names.every((name) => owned.includes(name)));
}

function coversPart(owner: PolicyRule, part: Part): boolean {
  if (!holds(owner.verbs, part.verbs[0])) return false;
  if (part.nonResourceURLs) return part.nonResourceURLs.every((path) => owner.nonResourceURLs?.some((owned) => pathCovers(owned, path)) === true);
  const [group = "", resource = ""] = [part.apiGroups?.[0], part.resources?.[0]];
  return holds(owner.apiGroups, group) && holdsResource(owner.resources, resource) && holdsNames(owner.resourceNames, part.resourceNames);
}

/** What of `wanted` no rule of `owned` allows, each as a rule that says one thing. */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(parts).filter((part) => !owned.some((owner) => coversPart(owner, part)));
}

export const covered = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): boolean => uncovered(owned, wanted).length === 0;
