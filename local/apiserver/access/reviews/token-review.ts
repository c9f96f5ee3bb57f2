import type { KubeObject } from "../../../../kube/index.ts";
import type { User } from "../../request.ts";
import { badRequest } from "../../status.ts";
import { ISSUER } from "../tokens/token-authority.ts";
import type { Authenticator } from "../../authenticate.ts";

/** A user as reviews show one. */
export function userInfo({ name, uid, groups, extra }: User): object {
  return { username: name, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
}

/** Whom does this token stand for? */
export function tokenStatus(authenticator: Authenticator, review: KubeObject): object {
  const { token = "", audiences = [] } = (review["spec"] ?? {}) as { token?: string; audiences?: readonly string[] };
  if (token === "") throw badRequest("token is required for TokenReview in authentication");
  const verdict = authenticator.verify(token, audiences.length > 0 ? audiences : [ISSUER]);
  if (verdict === undefined) return { user: {}, error: "invalid bearer token" };
  if (typeof verdict === "string") return { user: {}, error: `[invalid bearer token, ${verdict}]` };
  return { authenticated: true, user: userInfo(verdict.user), audiences: verdict.audiences };
}
