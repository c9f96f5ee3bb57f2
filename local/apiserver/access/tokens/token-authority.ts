import type { Clock, Random } from "../../../../base/index.ts";
import type { KubeObject } from "../../../../kube/index.ts";
import type { User } from "../../request.ts";
import { objectKey } from "../../storage/entry.ts";
import type { Store } from "../../storage/store.ts";
import { uuid } from "../../verbs/identity.ts";
import { serviceAccountGroups, serviceAccountUser } from "../service-account-name.ts";
import type { SigningKey } from "./signing-key.ts";
import { type BoundObject, type Claims, readToken, writeToken } from "./web-token.ts";

/** Who issues the tokens, and whom they are for unless somebody asks otherwise. */
export const ISSUER = "https://kubernetes.default.svc";
/** A pod that is being deleted may still use its token for so long. */
const LEEWAY_MS = 60_000;
/** So many tokens are remembered with what they say, so that a signature is checked once. */
const REMEMBERED = 4_096;

export interface TokenAuthorityDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly key: SigningKey;
}

export interface TokenOf {
  readonly account: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds after which the token only works so that nothing breaks. */
  readonly warnAfter?: number | undefined;
  readonly bound: { readonly pod?: BoundObject; readonly secret?: BoundObject; readonly node?: BoundObject };
}

/** Whom a token stands for, or why for nobody. */
export type Verdict = { readonly user: User; readonly audiences: readonly string[] } | string;

export interface TokenAuthority {
  readonly key: SigningKey;
  /** A new token and the second it expires. */
  issue(wanted: TokenOf): { readonly token: string; readonly claims: Claims };
  /** For whom a token speaks to one of `audiences`. Undefined: it is not one of ours at all. */
  verify(token: string, audiences: readonly string[]): Verdict | undefined;
}

const extraOf = (claims: Claims): Record<string, string[]> => {
  const { pod, node } = claims["kubernetes.io"];
  const named: [string, string | undefined][] = [
    ["credential-id", `JTI=${claims.jti}`],
    ["node-name", node?.name],
    ["node-uid", node?.uid],
    ["pod-name", pod?.name],
    ["pod-uid", pod?.uid],
  ];
  return Object.fromEntries(named.flatMap(([name, value]) => (value === undefined ? [] : [[`authentication.kubernetes.io/${name}`, [value]]])));
};

function userOf(claims: Claims): User {
  const { namespace, serviceaccount } = claims["kubernetes.io"];
  const name = serviceAccountUser({ namespace, name: serviceaccount.name });
  return { name, uid: serviceaccount.uid ?? "", groups: [...serviceAccountGroups(namespace), "system:authenticated"], extra: extraOf(claims) };
}

/** Why an object that a token is bound to no longer carries it; undefined when it does. */
function gone(what: string, live: KubeObject | undefined, bound: BoundObject, now: number): string | undefined {
  if (!live) return `${what} ${JSON.stringify(bound.name)} not found`;
  if (live.metadata.uid !== bound.uid) return `${what} UID (${live.metadata.uid}) does not match claim (${bound.uid})`;
  const { deletionTimestamp } = live.metadata;
  if (deletionTimestamp && now > Date.parse(deletionTimestamp) + LEEWAY_MS) return `${what} has been deleted`;
  return undefined;
}

export function tokenAuthority({ clock, random, store, key }: TokenAuthorityDeps): TokenAuthority {
  const read = new Map<string, Claims>();
  const live = (collection: string, namespace: string, name: string) => store.get(objectKey(collection, namespace, name))?.object;

  function claimsOf(token: string): Claims | undefined {
    const known = read.get(token);
    if (known) return known;
    const claims = readToken(key, token);
    if (claims && read.size >= REMEMBERED) read.clear();
    if (claims) read.set(token, claims);
    return claims;
  }

  function unbound(claims: Claims): string | undefined {
    const { namespace, serviceaccount, pod, secret, node } = claims["kubernetes.io"];
    const now = clock.now();
    const held = gone("ServiceAccount", live("/serviceaccounts", namespace, serviceaccount.name), serviceaccount, now);
    if (held !== undefined) return held;
    if (secret) return gone("Secret", live("/secrets", namespace, secret.name), secret, now);
    if (pod) return gone("Pod", live("/pods", namespace, pod.name), pod, now);
    return node && gone("Node", live("/nodes", "", node.name), node, now);
  }

  function untimely({ exp, nbf }: Claims): string | undefined {
    const seconds = clock.now() / 1_000;
    if (seconds >= exp) return "service account token has expired";
    return seconds + LEEWAY_MS / 1_000 < nbf ? "service account token is not valid yet" : undefined;
  }

  return {
    key,
    issue({ account, audiences, lifetime, warnAfter, bound }) {
      const now = Math.floor(clock.now() / 1_000);
      const { namespace, name, uid } = account;
      const warning = warnAfter === undefined ? {} : { warnafter: now + warnAfter };
      const claims: Claims = {
        aud: audiences,
        exp: now + lifetime,
        iat: now,
        iss: ISSUER,
        jti: uuid(random),
        "kubernetes.io": { namespace, ...bound, serviceaccount: { name, uid }, ...warning },
        nbf: now,
        sub: serviceAccountUser(account),
      };
      return { token: writeToken(key, claims), claims };
    },
    verify(token, audiences) {
      const claims = claimsOf(token);
      if (!claims || claims.iss !== ISSUER) return undefined;
      const late = untimely(claims);
      if (late !== undefined) return late;
      const common = audiences.filter((audience) => claims.aud.includes(audience));
      const list = (values: readonly string[]) => `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
      if (common.length === 0) return `token audiences ${list(claims.aud)} is invalid for the target audiences ${list(audiences)}`;
      return unbound(claims) ?? { user: userOf(claims), audiences: common };
    },
  };
}
