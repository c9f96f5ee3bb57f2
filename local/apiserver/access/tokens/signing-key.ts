import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";

const CURVE = { namedCurve: "P-256" } as const;
/** Signatures as JOSE writes them: the two numbers side by side. */
const FORM = "ieee-p1363";

/** What service account tokens are signed with: ES256. */
export interface SigningKey {
  /** Names the key in a token: a digest of the public half. */
  readonly id: string;
  sign(text: string): string;
  verify(text: string, signature: string): boolean;
  /** The public half as a JSON Web Key. */
  readonly jwk: Readonly<Record<string, string>>;
}

/** A new private key, PEM. */
export function newSigningKey(): string {
  return generateKeyPairSync("ec", CURVE).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function jwkOf(key: KeyObject, id: string): Record<string, string> {
  const { kty = "", crv = "", x = "", y = "" } = key.export({ format: "jwk" });
  return { use: "sig", kty, kid: id, crv, alg: "ES256", x, y };
}

/** @param pem a private key on the curve P-256 */
export function signingKey(pem: string): SigningKey {
  const secret = createPrivateKey(pem);
  const open = createPublicKey(secret);
  const id = createHash("sha256")
    .update(open.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return {
    id,
    sign: (text) => sign("sha256", Buffer.from(text), { key: secret, dsaEncoding: FORM }).toString("base64url"),
    verify: (text, signature) => verify("sha256", Buffer.from(text), { key: open, dsaEncoding: FORM }, Buffer.from(signature, "base64url")),
    jwk: jwkOf(open, id),
  };
}
