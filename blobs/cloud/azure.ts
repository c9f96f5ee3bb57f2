import { randomUUID } from "node:crypto";
import { BlobError } from "../store.ts";
import type { AzureAuthorize } from "./azure-credentials.ts";
import { encodePath, encodeQuery, type Query } from "./encode.ts";
import type { HttpRequest } from "./http.ts";
import { MAX_PARTS, PARALLEL_PARTS, partBytes } from "./parts.ts";
import { type Answer, Refused, type RequestDeps, refused, send } from "./requests.ts";
import type { Found, ObjectService, Page, Reading, Upload } from "./service.ts";
import { childOf, escapeXml, parseXml, textIn } from "./xml.ts";

export interface AzureSettings {
  readonly account: string;
  readonly container: string;
  /** Another server than Azure's: addressed as `endpoint/container/blob`. */
  readonly endpoint?: string;
  readonly authorize: AzureAuthorize;
}

const API_VERSION = "2021-12-02";
const WRITER = "x-ms-meta-flyteopswriter";
const PAGE = "1000";

function readRefusal(text: string): { code: string; message: string } {
  const error = parseXml(text);
  return { code: textIn(error, "Code"), message: textIn(error, "Message").split("\n")[0] ?? "" };
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

/** Control characters break Azure's listings; it drops dots at the end of a segment. */
function refusal(name: string): string | undefined {
  if (/[\x00-\x1f\x7f\ufffe\uffff]/.test(name)) return "Azure Blob Storage takes no control characters";
  return /\.(\/|$)/.test(name) ? "Azure Blob Storage takes no dot at the end of a segment" : undefined;
}

export function azureService(settings: AzureSettings, deps: RequestDeps): ObjectService {
  const url = new URL(settings.endpoint ?? `https://${settings.account}.blob.core.windows.net`);
  const base = `${url.pathname.replace(/\/+$/, "")}/${settings.container}`;
  const place = `Azure container ${settings.container} at ${url.origin}`;

  async function raw({ method, name, query = {}, headers = {}, body, streamed = false }: Call): Promise<Answer> {
    const path = `${base}${name === undefined ? "" : `/${encodePath(name)}`}`;
    const prepare = async (): Promise<HttpRequest> => {
      const sent: Record<string, string> = { ...headers, "x-ms-version": API_VERSION, "x-ms-date": new Date(deps.clock.now()).toUTCString() };
      if (body !== undefined) sent["content-length"] = String(body.length);
      const authorized = await settings.authorize({ method, path, query, headers: sent });
      return {
        method,
        origin: url.origin,
        path: `${path}${encodeQuery({ ...query, ...authorized.query })}`,
        headers: authorized.headers,
        ...(body === undefined ? {} : { body }),
      };
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

  async function create(name: string, body: Uint8Array): Promise<boolean> {
    const writer = randomUUID();
    try {
      await raw({ method: "PUT", name, body, headers: { "x-ms-blob-type": "BlockBlob", "if-none-match": "*", [WRITER]: writer } });
      return true;
    } catch (thrown) {
      const taken = statusOf(thrown) === 412 || (thrown instanceof Refused && thrown.refusal.code === "BlobAlreadyExists");
      if (!taken) throw refused(thrown, place, name);
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
    refusal,
    get,
    create,
    async head(name) {
      const answer = await head(name);
      return answer && foundIn(answer);
    },
    async put(name, body) {
      await call({ method: "PUT", name, body, headers: { "x-ms-blob-type": "BlockBlob" } });
    },
    upload: (name) => Promise.resolve(upload(name, call)),
    async list(prefix, token) {
      const query = { restype: "container", comp: "list", prefix, maxresults: PAGE, marker: token };
      return pageOf((await call({ method: "GET", query })).text);
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
  const objects = (childOf(listing, "Blobs")?.children ?? [])
    .filter(({ name }) => name === "Blob")
    .map((entry) => {
      const [named, properties] = [childOf(entry, "Name"), childOf(entry, "Properties")];
      const name = named?.attributes.includes('Encoded="true"') ? decodeURIComponent(named.text) : (named?.text ?? "");
      return { name, size: Number(textIn(properties, "Content-Length")), version: textIn(properties, "Etag") };
    });
  const next = textIn(listing, "NextMarker");
  return { objects, ...(next === "" ? {} : { next }) };
}

/** Blocks that are not put together are forgotten by Azure after a week. */
function upload(name: string, call: (request: Call) => Promise<Answer>): Upload {
  // Two uploads of one blob at once must not mix their blocks.
  const session = randomUUID();
  const blocks: string[] = [];
  return {
    partBytes,
    parallel: PARALLEL_PARTS,
    async part(number, body) {
      if (number >= MAX_PARTS) throw new BlobError("BlobTooLarge", `object ${name} has more than ${MAX_PARTS} parts`);
      const blockid = Buffer.from(`${session}-${String(number).padStart(6, "0")}`).toString("base64");
      await call({ method: "PUT", name, query: { comp: "block", blockid }, body });
      blocks[number] = blockid;
    },
    async finish() {
      // Latest, not Uncommitted: after an answer that was lost they are committed already.
      const list = blocks.map((block) => `<Latest>${escapeXml(block)}</Latest>`).join("");
      const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`);
      await call({ method: "PUT", name, query: { comp: "blocklist" }, body, headers: { "content-type": "application/xml" } });
    },
    abort: () => Promise.resolve(),
  };
}
