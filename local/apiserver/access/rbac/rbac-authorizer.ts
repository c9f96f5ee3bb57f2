import { type Attributes, type Authorizer, type Decision, isMaster, type PolicyRule } from "../../authorize.ts";
import type { User } from "../../request.ts";
import type { Grant, PolicyIndex } from "./policy-index.ts";
import { ruleAllows } from "./policy-rule.ts";

const ALLOWED: Decision = { allowed: true, reason: "" };

function subjectText({ subject, namespace }: Grant): string {
  if (subject.kind !== "ServiceAccount") return `${subject.kind} ${JSON.stringify(subject.name)}`;
  const home = subject.namespace === undefined || subject.namespace === "" ? namespace : subject.namespace;
  return `${subject.kind} ${JSON.stringify(`${subject.name}/${home}`)}`;
}

/** The reason that the real server gives for a yes: which binding of which role to whom. */
function grantText(grant: Grant): string {
  const { binding, namespace } = grant;
  const { name = "" } = binding.metadata;
  const title = namespace === "" ? `ClusterRoleBinding ${JSON.stringify(name)}` : `RoleBinding ${JSON.stringify(`${name}/${namespace}`)}`;
  return `RBAC: allowed by ${title} of ${binding.roleRef.kind} ${JSON.stringify(binding.roleRef.name)} to ${subjectText(grant)}`;
}

function refusal(problems: readonly string[]): Decision {
  const distinct = [...new Set(problems)];
  if (distinct.length === 0) return { allowed: false, reason: "" };
  return { allowed: false, reason: `RBAC: ${distinct.length === 1 ? distinct.join() : `[${distinct.join(", ")}]`}` };
}

/** Roles decide, and nobody but the masters may do anything that no role allows. */
export function rbacAuthorizer(index: PolicyIndex): Authorizer {
  const decide = (user: User, wanted: Attributes): Decision => {
    if (isMaster(user)) return ALLOWED;
    const problems: string[] = [];
    for (const grant of index.grants(user, wanted.namespace)) {
      const rules = index.rulesOf(grant.binding.roleRef, grant.namespace);
      if (typeof rules === "string") problems.push(rules);
      else if (rules.some((rule) => ruleAllows(rule, wanted))) return { allowed: true, reason: grantText(grant) };
    }
    return refusal(problems);
  };
  return {
    decide,
    rulesFor(user, namespace) {
      const [rules, problems]: [PolicyRule[], string[]] = [[], []];
      for (const grant of index.grants(user, namespace)) {
        const found = index.rulesOf(grant.binding.roleRef, grant.namespace);
        if (typeof found === "string") problems.push(found);
        else rules.push(...found);
      }
      return { rules, problems };
    },
  };
}
