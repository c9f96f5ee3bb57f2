import { rfc3339 } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import type { Access } from "../access/access.ts";
import { selfAccess, selfRules, subjectAccess } from "../access/reviews/access-review.ts";
import { tokenStatus, userInfo } from "../access/reviews/token-review.ts";
import { requestToken } from "../access/tokens/token-request.ts";
import type { Core } from "../core.ts";
import type { ServerResponse } from "../request.ts";
import { badRequest, methodNotAllowed } from "../status.ts";
import { decodeBody, objectOf } from "../wire/decode.ts";
import { jsonResponse } from "../wire/encode.ts";
import type { DocumentRequest } from "./document-request.ts";

interface Question {
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespace: string;
  /** Of the object that is asked for something. */
  readonly name: string;
}

const KINDS: Readonly<Record<string, string>> = {
  "authentication/selfsubjectreviews": "SelfSubjectReview",
  "authentication/tokenreviews": "TokenReview",
  "authorization/selfsubjectaccessreviews": "SelfSubjectAccessReview",
  "authorization/selfsubjectrulesreviews": "SelfSubjectRulesReview",
  "authorization/subjectaccessreviews": "SubjectAccessReview",
};

const GLOBAL = /^\/apis\/(authentication|authorization)\.k8s\.io\/v1\/([a-z]+)\/?$/;
const LOCAL = /^\/apis\/authorization\.k8s\.io\/v1\/namespaces\/([^/]+)\/localsubjectaccessreviews\/?$/;
const TOKEN = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token\/?$/;

function questionOf(path: string): Question | undefined {
  const [, group = "", plural = ""] = GLOBAL.exec(path) ?? [];
  const kind = KINDS[`${group}/${plural}`];
  if (kind !== undefined) return { kind, apiVersion: `${group}.k8s.io/v1`, namespace: "", name: "" };
  const local = LOCAL.exec(path);
  if (local) return { kind: "LocalSubjectAccessReview", apiVersion: "authorization.k8s.io/v1", namespace: local[1] ?? "", name: "" };
  const token = TOKEN.exec(path);
  return token ? { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", namespace: token[1] ?? "", name: token[2] ?? "" } : undefined;
}

async function objectIn({ headers, body }: DocumentRequest, { kind, apiVersion }: Question): Promise<KubeObject> {
  const object = objectOf((await decodeBody(body, headers["content-type"], kind)).value, kind);
  const [given, version] = [object.kind ?? kind, object.apiVersion ?? apiVersion];
  if (given === kind && version === apiVersion) return object;
  throw badRequest(`${given} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: the endpoint serves ${apiVersion} ${kind}`);
}

function answer({ clock }: Core, access: Access, { user }: DocumentRequest, question: Question, object: KubeObject): object {
  const { kind, apiVersion, namespace } = question;
  const { authorizer, authenticator } = access;
  const { metadata, spec = {} } = object;
  const shown = { kind, apiVersion, metadata, spec };
  switch (kind) {
    case "SelfSubjectReview":
      return { kind, apiVersion, metadata: { ...metadata, creationTimestamp: rfc3339(clock.now()) }, status: { userInfo: userInfo(user) } };
    case "SelfSubjectRulesReview":
      return { kind, apiVersion, metadata: {}, spec: {}, status: selfRules(authorizer, user, object) };
    case "SelfSubjectAccessReview":
      return { ...shown, status: selfAccess(authorizer, user, object) };
    case "SubjectAccessReview":
      return { ...shown, status: subjectAccess(authorizer, object) };
    case "LocalSubjectAccessReview":
      return { ...shown, metadata: { ...metadata, namespace }, status: subjectAccess(authorizer, object, namespace) };
    default:
      return { ...shown, status: tokenStatus(authenticator, object) };
  }
}

/** Answers questions about people and their rights, and writes tokens. Nothing is stored. */
export function reviews(core: Core, access: Access): (request: DocumentRequest) => Promise<ServerResponse | undefined> {
  return async (request) => {
    const question = questionOf(request.path);
    if (!question) return undefined;
    if (request.method !== "POST") throw methodNotAllowed();
    const object = await objectIn(request, question);
    if (question.kind === "TokenRequest") return requestToken(core, access.authority, { ...question, object });
    return jsonResponse(201, answer(core, access, request, question, object));
  };
}
