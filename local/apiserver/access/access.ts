import type { Attributes, Authorizer } from "../authorize.ts";
import { isMaster } from "../authorize.ts";
import type { Clock, Random } from "../../../base/index.ts";
import { authenticator, type Authenticator } from "../authenticate.ts";
import type { ServerRequest, User } from "../request.ts";
import { forbidden as refused } from "../status.ts";
import type { Store } from "../storage/store.ts";
import type { ResourceRoute } from "../wire/route.ts";
import { admission, type Admission } from "./admission.ts";
import { forbidden } from "./forbid.ts";
import { impersonation } from "./impersonate.ts";
import { type Ledger, quotaLedger } from "./quota/ledger.ts";
import { policyIndex } from "./rbac/policy-index.ts";
import { rbacAuthorizer } from "./rbac/rbac-authorizer.ts";
import { requestAttributes } from "./request-attributes.ts";
import { signingKey } from "./tokens/signing-key.ts";
import { tokenAuthority, type TokenAuthority } from "./tokens/token-authority.ts";

export interface AccessDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  /** Bearer tokens of people, and whom they stand for. */
  readonly tokens: ReadonlyMap<string, User>;
  /** PEM of the private key that service account tokens are signed with. */
  readonly signingKey: string;
}

/** Who may do what: everything between a request and its answer that is about rights. */
export interface Access {
  readonly authenticator: Authenticator;
  readonly authority: TokenAuthority;
  readonly authorizer: Authorizer;
  readonly admission: Admission;
  readonly ledger: Ledger;
  /** The user a request acts as, after all checks. Throws 401 for nobody we know, 400 for half an impersonation, 403 for what is not allowed. */
  admit(request: ServerRequest, path: string, query: URLSearchParams, route: ResourceRoute | undefined): User;
}

const STREAMS: ReadonlySet<string> = new Set(["exec", "attach", "portforward"]);

/** A WebSocket is opened with GET, which must not turn the right to read into the right to run something. */
function refuseDisguisedStream(authorizer: Authorizer, user: User, wanted: Attributes): void {
  const { group, resource, subresource, verb, name } = wanted;
  if (verb !== "get" || !STREAMS.has(subresource) || group !== "" || resource !== "pods") return;
  if (!authorizer.decide(user, { ...wanted, verb: "create" }).allowed) throw refused({ group, plural: resource, kind: "Pod" }, name, "");
}

export function openAccess(deps: AccessDeps): Access {
  const { store } = deps;
  const authority = tokenAuthority({ ...deps, key: signingKey(deps.signingKey) });
  const identities = authenticator(deps.tokens, authority);
  const index = policyIndex(store);
  const authorizer = rbacAuthorizer(index);
  const ledger = quotaLedger(store);
  const impersonated = impersonation(authorizer);
  return {
    authenticator: identities,
    authority,
    authorizer,
    admission: admission({ authorizer, index, store, ledger }),
    ledger,
    admit(request, path, query, route) {
      let known: Attributes | undefined;
      const attributes = () => (known ??= requestAttributes(request.method, path, query, route));
      const user = impersonated(identities.userOf(request), request.headers, attributes);
      if (isMaster(user)) return user;
      const { allowed, reason } = authorizer.decide(user, attributes());
      if (!allowed) throw forbidden(user, attributes(), reason);
      refuseDisguisedStream(authorizer, user, attributes());
      return user;
    },
  };
}
