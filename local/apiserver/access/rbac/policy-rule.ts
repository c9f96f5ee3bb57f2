import type { Attributes, PolicyRule } from "../../authorize.ts";

const has = (list: readonly string[] | undefined, value: string): boolean => list !== undefined && (list.includes("*") || list.includes(value));

/** A path that ends with a star covers everything that begins like it. */
export function pathCovers(owned: string, path: string): boolean {
  return owned === path || (owned.endsWith("*") && path.startsWith(owned.replace(/\*+$/, "")));
}

function resourceMatches(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (subresource === "") return has(resources, resource);
  return has(resources, `${resource}/${subresource}`) || resources?.includes(`*/${subresource}`) === true;
}

function nameMatches(names: readonly string[] | undefined, name: string): boolean {
  return names === undefined || names.length === 0 || names.includes(name);
}

/** Whether a rule allows a request. */
export function ruleAllows(rule: PolicyRule, wanted: Attributes): boolean {
  if (!has(rule.verbs, wanted.verb)) return false;
  if (wanted.path !== "") return rule.nonResourceURLs?.some((owned) => pathCovers(owned, wanted.path)) === true;
  return (
    has(rule.apiGroups, wanted.group) && resourceMatches(rule.resources, wanted.resource, wanted.subresource) && nameMatches(rule.resourceNames, wanted.name)
  );
}
