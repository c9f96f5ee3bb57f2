import { createHash, createHmac } from "node:crypto";
import { encodeQuery, type Query } from "./encode.ts";

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Signable {
  readonly method: string;
  readonly host: string;
  /** Encoded, without the query. */
  readonly path: string;
  readonly query: Query;
  /** Names in lower case; without host. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export const NO_BYTES = new Uint8Array();

const hash = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");
const mac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();

/** The headers of a request with AWS Signature Version 4 (service s3): what was to be sent, its time, the digest of its body, the signature. */
export function signed(request: Signable, keys: AwsKeys, region: string, nowMs: number): Record<string, string> {
  const time = new Date(nowMs).toISOString().replace(/[:-]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const bodyHash = hash(request.body);
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    "x-amz-content-sha256": bodyHash,
    "x-amz-date": time,
    ...(keys.sessionToken === undefined ? {} : { "x-amz-security-token": keys.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`).join("");
  const canonical = [request.method, request.path, encodeQuery(request.query).slice(1), lines, names.join(";"), bodyHash].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, hash(canonical)].join("\n");
  const key = [region, "s3", "aws4_request"].reduce((before, part) => mac(before, part), mac(`AWS4${keys.secretAccessKey}`, day));
  const signature = mac(key, toSign).toString("hex");
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}` };
}
