import { randomUUID } from "node:crypto";
import { BlobError } from "../store.ts";
import { encodePath, encodeQuery, type Query } from "./encode.ts";
import type { HttpRequest } from "./http.ts";
import { MAX_PARTS, PARALLEL_PARTS, partBytes } from "./parts.ts";
import { type Answer, Refused, type RequestDeps, refused, send } from "./requests.ts";
import type { Found, ObjectService, Page, Reading, Upload } from "./service.ts";
import { type AwsKeys, NO_BYTES, signed } from "./sigv4.ts";
import { escapeXml, parseXml, textIn } from "./xml.ts";

export interface S3Settings {
  readonly bucket: string;
  readonly region: () => Promise<string>;
  /** Another server than Amazon's: addressed as `endpoint/bucket/key`. */
  readonly endpoint?: string;
  /** Rejects with BlobError when there are none. */
  readonly keys: () => Promise<AwsKeys>;
}

/** Names who created an object: tells whether it was us when the answer was lost. */
const WRITER = "x-amz-meta-flyteops-writer";
/** A listing that is not encoded cannot hold every key: XML has no control characters. */
const PAGE = { "list-type": "2", "encoding-type": "url", "max-keys": "1000" };

function readRefusal(text: string): { code: string; message: string } {
  const error = parseXml(text);
  return { code: textIn(error, "Code"), message: textIn(error, "Message") };
}

interface Address {
  readonly origin: string;
  readonly host: string;
  /** Before the key: `/bucket` or "". */
  readonly base: string;
}

function addressOf({ bucket, endpoint }: S3Settings, region: string): Address {
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  // A dot in the bucket's name would not match the server's certificate.
  const virtual = endpoint === undefined && !bucket.includes(".");
  const url = new URL(endpoint ?? `https://${virtual ? `${bucket}.` : ""}s3.${region}.${domain}`);
  return { origin: url.origin, host: url.host, base: `${url.pathname.replace(/\/+$/, "")}${virtual ? "" : `/${bucket}`}` };
}

interface Call {
  readonly method: HttpRequest["method"];
  readonly name?: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly streamed?: boolean;
}

function foundIn({ headers }: Answer): Found {
  return { size: Number(headers["content-length"] ?? 0), version: headers["etag"] ?? "" };
}

function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Refused ? thrown.refusal.status : undefined;
}

/** Amazon S3 and servers that speak its protocol and honour `If-None-Match: *`. */
export function s3Service(settings: S3Settings, deps: RequestDeps): ObjectService {
  const place = `S3 bucket ${settings.bucket}${settings.endpoint === undefined ? "" : ` at ${settings.endpoint}`}`;

  /** Rejects with Refused for an answer that is no success. */
  async function raw({ method, name, query = {}, headers = {}, body = NO_BYTES, streamed = false }: Call): Promise<Answer> {
    const prepare = async (): Promise<HttpRequest> => {
      const region = await settings.region();
      const address = addressOf(settings, region);
      const path = `${address.base}/${name === undefined ? "" : encodePath(name)}`;
      const request = { method, host: address.host, path, query, headers, body };
      const all = signed(request, await settings.keys(), region, deps.clock.now());
      return { method, origin: address.origin, path: `${path}${encodeQuery(query)}`, headers: all, ...(method === "PUT" || method === "POST" ? { body } : {}) };
    };
    return send({ deps, place, read: readRefusal, streamed }, prepare);
  }

  async function call(request: Call): Promise<Answer> {
    try {
      return await raw(request);
    } catch (thrown) {
      throw refused(thrown, place, request.name ?? "");
    }
  }

  async function head(name: string): Promise<Answer | undefined> {
    try {
      return await raw({ method: "HEAD", name });
    } catch (thrown) {
      if (statusOf(thrown) === 404) return undefined;
      throw refused(thrown, place, name);
    }
  }

  async function create(name: string, bytes: Uint8Array): Promise<boolean> {
    const writer = randomUUID();
    try {
      await raw({ method: "PUT", name, body: bytes, headers: { "if-none-match": "*", [WRITER]: writer } });
      return true;
    } catch (thrown) {
      if (statusOf(thrown) === 409)
        throw new BlobError("BlobStoreUnavailable", `${place}: object ${name} is being created by another writer just now`, { cause: thrown });
      if (statusOf(thrown) !== 412) throw refused(thrown, place, name);
      if (!(thrown instanceof Refused && thrown.repeated)) return false;
      return (await head(name))?.headers[WRITER] === writer;
    }
  }

  async function get(name: string, from?: { readonly offset: number; readonly version: string }): Promise<Reading> {
    const headers = from === undefined ? {} : { range: `bytes=${from.offset}-`, "if-match": from.version };
    const answer = await call({ method: "GET", name, headers, streamed: true });
    return { ...foundIn(answer), body: answer.body };
  }

  return {
    place,
    refusal: () => undefined,
    get,
    create,
    async head(name) {
      const answer = await head(name);
      return answer && foundIn(answer);
    },
    async put(name, bytes) {
      await call({ method: "PUT", name, body: bytes });
    },
    upload: (name) => upload(name, call),
    async list(prefix, token) {
      return pageOf((await call({ method: "GET", query: { ...PAGE, prefix, "continuation-token": token } })).text);
    },
    async delete(name) {
      await call({ method: "DELETE", name }).catch((thrown: unknown) => {
        if (!(thrown instanceof BlobError && thrown.code === "BlobNotFound")) throw thrown;
      });
    },
  };
}

function pageOf(text: string): Page {
  const listing = parseXml(text);
  const encoded = textIn(listing, "EncodingType") === "url";
  const objects = listing.children
    .filter(({ name }) => name === "Contents")
    .map((entry) => {
      const key = textIn(entry, "Key");
      return { name: encoded ? decodeURIComponent(key.replaceAll("+", " ")) : key, size: Number(textIn(entry, "Size")), version: textIn(entry, "ETag") };
    });
  const next = textIn(listing, "NextContinuationToken");
  return { objects, ...(textIn(listing, "IsTruncated") === "true" && next !== "" ? { next } : {}) };
}

async function upload(name: string, call: (request: Call) => Promise<Answer>): Promise<Upload> {
  const uploadId = textIn(parseXml((await call({ method: "POST", name, query: { uploads: "" } })).text), "UploadId");
  const etags: string[] = [];

  return {
    partBytes,
    parallel: PARALLEL_PARTS,
    async part(number, body) {
      if (number >= MAX_PARTS) throw new BlobError("BlobTooLarge", `object ${name} has more than ${MAX_PARTS} parts`);
      const answer = await call({ method: "PUT", name, query: { partNumber: String(number + 1), uploadId }, body });
      etags[number] = answer.headers["etag"] ?? "";
    },
    async finish() {
      const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`);
      const body = Buffer.from(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
      const answer = parseXml((await call({ method: "POST", name, query: { uploadId }, body, headers: { "content-type": "application/xml" } })).text);
      // The status came before the work was done: a failure may stand in a good answer.
      if (answer.name === "Error") throw new BlobError("BlobStoreUnavailable", `object ${name} was not put together: ${textIn(answer, "Code")}`);
    },
    async abort() {
      await call({ method: "DELETE", name, query: { uploadId } }).catch(() => undefined);
    },
  };
}
