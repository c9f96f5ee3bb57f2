import { rfc3339 } from "../../../base/index.ts";
import type { Attributes, Authorizer } from "../authorize.ts";
import type { Core } from "../core.ts";
import type { ServerResponse, User } from "../request.ts";
import { methodNotAllowed } from "../status.ts";
import { decodeBody, objectOf } from "../wire/decode.ts";
import { jsonResponse } from "../wire/encode.ts";
import type { DocumentRequest } from "./document-request.ts";

interface ReviewSpec {
  resourceAttributes?: { verb?: string; group?: string; resource?: string; subresource?: string; namespace?: string; name?: string };
  nonResourceAttributes?: { verb?: string; path?: string };
  user?: string;
  groups?: string[];
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: ReviewSpec): Attributes {
  const { verb = "", group = "", resource = "", subresource = "", namespace = "", name = "" } = resourceAttributes ?? {};
  const path = nonResourceAttributes?.path ?? "";
  return { verb: nonResourceAttributes?.verb ?? verb, group, resource, subresource, namespace, name, path };
}

function accessStatus(authorize: Authorizer, user: User, spec: ReviewSpec): object {
  const { allowed, reason } = authorize(user, attributesOf(spec));
  return { allowed, ...(reason === "" ? {} : { reason }) };
}

function rulesStatus(authorize: Authorizer, user: User): object {
  const everything = authorize(user, { verb: "*", group: "*", resource: "*", subresource: "", namespace: "", name: "", path: "" }).allowed;
  const all = ["*"];
  return {
    resourceRules: everything ? [{ verbs: all, apiGroups: all, resources: all }] : [],
    nonResourceRules: everything ? [{ verbs: all, nonResourceURLs: all }] : [],
    incomplete: !everything,
  };
}

function statusOfReview(kind: string, authorize: Authorizer, user: User, spec: ReviewSpec): object {
  switch (kind) {
    case "selfsubjectreviews":
      return { userInfo: { username: user.name, ...(user.uid ? { uid: user.uid } : {}), groups: user.groups, ...(user.extra ? { extra: user.extra } : {}) } };
    case "selfsubjectrulesreviews":
      return rulesStatus(authorize, user);
    case "subjectaccessreviews":
      return accessStatus(authorize, { name: spec.user ?? "", groups: spec.groups ?? [] }, spec);
    default:
      return accessStatus(authorize, user, spec);
  }
}

const PATH =
  /^\/apis\/(authentication|authorization)\.k8s\.io\/v1\/(selfsubjectreviews|selfsubjectaccessreviews|selfsubjectrulesreviews|subjectaccessreviews)$/;

/** Answers questions of the caller about itself and its rights. Nothing is stored. */
export function reviews(core: Core, authorize: Authorizer): (request: DocumentRequest) => Promise<ServerResponse | undefined> {
  return async ({ method, path, headers, user, body }) => {
    const resource = PATH.exec(path)?.[2];
    if (!resource) return undefined;
    if (method !== "POST") throw methodNotAllowed();
    const review = objectOf((await decodeBody(body, headers["content-type"], resource)).value, resource);
    const status = statusOfReview(resource, authorize, user, (review["spec"] ?? {}) as ReviewSpec);
    const metadata = { ...review.metadata, creationTimestamp: rfc3339(core.clock.now()) };
    return jsonResponse(201, { ...review, metadata, status });
  };
}
