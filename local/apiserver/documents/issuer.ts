import { ISSUER, type TokenAuthority } from "../access/tokens/token-authority.ts";
import type { ServerResponse } from "../request.ts";
import type { DocumentRequest } from "./document-request.ts";

function document(type: string, body: object): ServerResponse {
  return { status: 200, headers: { "content-type": type }, body: Buffer.from(JSON.stringify(body)) };
}

/** What lets others check service account tokens: who issues them, and the public key. */
export function issuer(authority: TokenAuthority): (request: DocumentRequest) => ServerResponse | undefined {
  return ({ method, path, headers }) => {
    if (method !== "GET") return undefined;
    if (path.replace(/\/$/, "") === "/openid/v1/jwks") return document("application/jwk-set+json", { keys: [authority.key.jwk] });
    if (path.replace(/\/$/, "") !== "/.well-known/openid-configuration") return undefined;
    return document("application/json", {
      issuer: ISSUER,
      jwks_uri: `https://${headers["host"] ?? "kubernetes.default.svc"}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    });
  };
}
