import type { SigningKey } from "./signing-key.ts";

/** An object that a token lives and dies with. */
export interface BoundObject {
  readonly name: string;
  readonly uid?: string;
}

/** What a service account token says. Times are seconds since 1970. */
export interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly nbf: number;
  readonly sub: string;
  readonly "kubernetes.io": {
    readonly namespace: string;
    readonly serviceaccount: BoundObject;
    readonly pod?: BoundObject;
    readonly secret?: BoundObject;
    readonly node?: BoundObject;
    /** From when on a client that still uses the token should have read a newer one. */
    readonly warnafter?: number;
  };
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
}

export function writeToken(key: SigningKey, claims: Claims): string {
  const text = `${encoded({ alg: "ES256", kid: key.id })}.${encoded(claims)}`;
  return `${text}.${key.sign(text)}`;
}

function isClaims(value: unknown): value is Claims {
  const claims = value as Partial<Claims> | null;
  const [private_, times] = [claims?.["kubernetes.io"], [claims?.exp, claims?.iat, claims?.nbf]];
  return Array.isArray(claims?.aud) && times.every((time) => typeof time === "number") && typeof private_?.serviceaccount?.name === "string";
}

/** What a token says, when it is one that this key has signed; undefined for anything else. Whether it still holds is another question. */
export function readToken(key: SigningKey, token: string): Claims | undefined {
  const [header, body, signature, ...more] = token.split(".");
  if (!header || !body || !signature || more.length > 0) return undefined;
  try {
    const { alg, kid } = decoded(header) as { alg?: string; kid?: string };
    if (alg !== "ES256" || kid !== key.id || !key.verify(`${header}.${body}`, signature)) return undefined;
    const claims = decoded(body);
    return isClaims(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}
