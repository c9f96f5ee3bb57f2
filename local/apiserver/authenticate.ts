import { ISSUER, type TokenAuthority, type Verdict } from "./access/tokens/token-authority.ts";
import type { ServerRequest, User } from "./request.ts";
import { unauthorized } from "./status.ts";

const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };
export const ADMINISTRATOR: User = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

export interface Authenticator {
  /** Who asks. Whoever shows nothing is anonymous; throws 401 for a token that convinces nobody. */
  userOf(request: ServerRequest): User;
  /** For whom a bearer token speaks to one of `audiences`, or why for nobody; undefined for a text that is no token of ours. */
  verify(token: string, audiences: readonly string[]): Verdict | undefined;
}

/** @param tokens bearer tokens of people, and whom they stand for */
export function authenticator(tokens: ReadonlyMap<string, User>, authority: TokenAuthority): Authenticator {
  const verify: Authenticator["verify"] = (token, audiences) => {
    const known = tokens.get(token);
    if (known) return audiences.includes(ISSUER) ? { user: known, audiences: [ISSUER] } : undefined;
    return authority.verify(token, audiences);
  };
  const own = [ISSUER];
  return {
    verify,
    userOf(request) {
      if (request.identity) return request.identity;
      const header = request.headers["authorization"];
      if (header === undefined) return ANONYMOUS;
      const [scheme = "", token = ""] = header.trim().split(/\s+/, 2);
      const verdict = scheme.toLowerCase() === "bearer" ? verify(token, own) : undefined;
      if (verdict === undefined || typeof verdict === "string") throw unauthorized();
      return verdict.user;
    },
  };
}
