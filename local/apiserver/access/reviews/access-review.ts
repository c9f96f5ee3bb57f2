import type { KubeObject } from "../../../../kube/index.ts";
import { type Cause, fieldCause } from "../../../../schema/structural/index.ts";
import type { Attributes, Authorizer } from "../../authorize.ts";
import type { User } from "../../request.ts";
import { badRequest, invalid } from "../../status.ts";

interface ResourceAttributes {
  readonly verb?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface AccessReviewSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: { readonly verb?: string; readonly path?: string };
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const GROUP = { group: "authorization.k8s.io", kind: "" };
const refuse = (cause: Cause): never => {
  throw invalid(GROUP, "", [cause]);
};

function attributesOf({ resourceAttributes, nonResourceAttributes }: AccessReviewSpec): Attributes {
  const { verb = "", group = "", resource = "", subresource = "", namespace = "", name = "" } = resourceAttributes ?? {};
  const path = nonResourceAttributes?.path ?? "";
  return { verb: nonResourceAttributes?.verb ?? verb, group, resource, subresource, namespace, name, path };
}

/** Exactly one kind of question, and a question without a name. Throws 422. */
function checkQuestion({ metadata }: KubeObject, { resourceAttributes, nonResourceAttributes }: AccessReviewSpec): void {
  if (resourceAttributes && nonResourceAttributes) {
    const { path: Path = "", verb: Verb = "" } = nonResourceAttributes;
    refuse(fieldCause.invalid("spec.nonResourceAttributes", { Path, Verb }, "cannot be specified in combination with resourceAttributes"));
  }
  if (!resourceAttributes && !nonResourceAttributes)
    refuse(fieldCause.invalid("spec.resourceAttributes", null, "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
  const { managedFields: _managed, namespace: _namespace, creationTimestamp: _creation, ...rest } = metadata;
  if (Object.keys(rest).length > 0) refuse(fieldCause.invalid("metadata", metadata, "must be empty"));
}

function checkSubject({ user = "", groups = [] }: AccessReviewSpec): void {
  if (user === "" && groups.length === 0) refuse(fieldCause.invalid("spec.user", "", "at least one of user or group must be specified"));
}

/** A local question is about resources of its own namespace. */
function checkLocal({ resourceAttributes, nonResourceAttributes }: AccessReviewSpec, namespace: string): void {
  if (nonResourceAttributes) {
    const { path: Path = "", verb: Verb = "" } = nonResourceAttributes;
    refuse(fieldCause.invalid("spec.nonResourceAttributes", { Path, Verb }, "disallowed on this kind of request"));
  }
  const asked = resourceAttributes?.namespace ?? "";
  if (asked !== namespace) refuse(fieldCause.invalid("spec.resourceAttributes.namespace", asked, "must match metadata.namespace"));
}

function decision(authorizer: Authorizer, user: User, spec: AccessReviewSpec): object {
  const { allowed, reason } = authorizer.decide(user, attributesOf(spec));
  return { allowed, ...(reason === "" ? {} : { reason }) };
}

/** May the caller do this? */
export function selfAccess(authorizer: Authorizer, user: User, review: KubeObject): object {
  const spec = (review["spec"] ?? {}) as AccessReviewSpec;
  checkQuestion(review, spec);
  return decision(authorizer, user, spec);
}

/** May somebody do this? With a namespace: of the local kind of question. */
export function subjectAccess(authorizer: Authorizer, review: KubeObject, namespace?: string): object {
  const spec = (review["spec"] ?? {}) as AccessReviewSpec;
  checkSubject(spec);
  checkQuestion(review, spec);
  if (namespace !== undefined) checkLocal(spec, namespace);
  const { user: name = "", groups = [], uid, extra } = spec;
  return decision(authorizer, { name, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) }, spec);
}

/** Everything the caller may do in a namespace, as rules. */
export function selfRules(authorizer: Authorizer, user: User, review: KubeObject): object {
  const { namespace = "" } = (review["spec"] ?? {}) as { namespace?: string };
  if (namespace === "") throw badRequest("no namespace on request");
  const { rules, problems } = authorizer.rulesFor(user, namespace);
  const resourceRules = rules.flatMap(({ verbs, apiGroups, resources = [], resourceNames }) =>
    resources.length === 0 ? [] : [{ verbs, apiGroups, resources, ...(resourceNames && resourceNames.length > 0 ? { resourceNames } : {}) }],
  );
  const nonResourceRules = rules.flatMap(({ verbs, nonResourceURLs = [] }) => (nonResourceURLs.length === 0 ? [] : [{ verbs, nonResourceURLs }]));
  const distinct = [...new Set(problems)];
  const evaluationError = distinct.length > 1 ? `[${distinct.join(", ")}]` : distinct.join();
  return { resourceRules, nonResourceRules, incomplete: false, ...(evaluationError === "" ? {} : { evaluationError }) };
}
