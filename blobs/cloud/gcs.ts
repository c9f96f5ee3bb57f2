import { randomUUID } from "node:crypto";
import { type Fields, isFields, parseJson } from "../../base/index.ts";
import { BlobError } from "../store.ts";
import { encodePart, encodeQuery, type Query } from "./encode.ts";
import type { HttpRequest } from "./http.ts";
import { type Answer, Refused, type RequestDeps, refused, send } from "./requests.ts";
import type { Found, Listed, ObjectService, Page, Reading, Upload } from "./service.ts";

export interface GcsSettings {
  readonly bucket: string;
  /** Another server than Google's. */
  readonly endpoint?: string;
  /** An OAuth access token; undefined where none is needed (an emulator). */
  readonly token: () => Promise<string | undefined>;
}

/** Pieces of a resumable upload come one after the other: larger ones cost fewer round trips. */
const PART_BYTES = 16 * 1024 * 1024;
const WRITER = "flyteops-writer";
/** The answer to a piece that is not the last one: `range` says what was kept, which may be less than was sent. */
const INCOMPLETE = 308;
/** The bytes as they are stored, also where they are stored compressed. */
const AS_STORED = { "accept-encoding": "gzip" };

function fieldsIn(text: string): Fields {
  const value: unknown = parseJson(text);
  if (!isFields(value)) throw new Error("an object was expected");
  return value;
}

function textAt(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}

function readRefusal(text: string): { code: string; message: string } {
  const error = fieldsIn(text)["error"];
  if (!isFields(error)) return { code: "", message: textAt(error) };
  return { code: textAt(error["status"]), message: textAt(error["message"]) };
}

interface Call {
  readonly method: HttpRequest["method"];
  readonly path: string;
  /** For messages. */
  readonly name?: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly streamed?: boolean;
  readonly accepts?: number;
  readonly tries?: number;
}

function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Refused ? thrown.refusal.status : undefined;
}

function listedIn(object: Fields): Listed {
  return { name: textAt(object["name"]), size: Number(textAt(object["size"])), version: textAt(object["generation"]) };
}

/** Metadata and bytes in one body, as `uploadType=multipart` wants them. */
function relatedBody(boundary: string, metadata: Fields, bytes: Uint8Array): Buffer {
  const part = (type: string) => `--${boundary}\r\ncontent-type: ${type}\r\n\r\n`;
  const head = `${part("application/json; charset=UTF-8")}${JSON.stringify(metadata)}\r\n${part("application/octet-stream")}`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

/** Google Cloud Storage by its JSON API. */
export function gcsService(settings: GcsSettings, deps: RequestDeps): ObjectService {
  const url = new URL(settings.endpoint ?? "https://storage.googleapis.com");
  const root = url.pathname.replace(/\/+$/, "");
  const place = `Google Cloud Storage bucket ${settings.bucket} at ${url.origin}`;
  const bucket = `/storage/v1/b/${encodePart(settings.bucket)}`;
  const pathOf = (name: string) => `${bucket}/o/${encodePart(name)}`;

  async function raw({ method, path, query = {}, headers = {}, body, streamed = false, accepts, tries }: Call): Promise<Answer> {
    const prepare = async (): Promise<HttpRequest> => {
      const token = await settings.token();
      const all = { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
      return { method, origin: url.origin, path: `${root}${path}${encodeQuery(query)}`, headers: all, ...(body === undefined ? {} : { body }) };
    };
    return send({ deps, place, read: readRefusal, streamed, accepts, tries }, prepare);
  }

  async function call(request: Call): Promise<Answer> {
    try {
      return await raw(request);
    } catch (thrown) {
      throw refused(thrown, place, request.name ?? "");
    }
  }

  /** Absent and a missing bucket look alike here; whoever writes is told which. */
  async function metadata(name: string): Promise<Fields | undefined> {
    try {
      return fieldsIn((await raw({ method: "GET", path: pathOf(name) })).text);
    } catch (thrown) {
      if (statusOf(thrown) === 404) return undefined;
      throw refused(thrown, place, name);
    }
  }

  function insert(name: string, bytes: Uint8Array, own: Fields, query: Query): Promise<Answer> {
    const boundary = `flyteops-${randomUUID()}`;
    return raw({
      method: "POST",
      path: `/upload${bucket}/o`,
      query: { uploadType: "multipart", ...query },
      headers: { "content-type": `multipart/related; boundary=${boundary}` },
      body: relatedBody(boundary, { name, ...own }, bytes),
    });
  }

  /** A write or a listing finds nothing only where there is no bucket. */
  function containerRefused(thrown: unknown, name: string): unknown {
    if (statusOf(thrown) === 404)
      return new BlobError("BlobContainerMissing", `${place} is not there; make it, or correct storage.container`, { cause: thrown });
    return refused(thrown, place, name);
  }

  async function create(name: string, bytes: Uint8Array): Promise<boolean> {
    const writer = randomUUID();
    try {
      await insert(name, bytes, { metadata: { [WRITER]: writer } }, { ifGenerationMatch: "0" });
      return true;
    } catch (thrown) {
      if (statusOf(thrown) !== 412) throw containerRefused(thrown, name);
      if (!(thrown instanceof Refused && thrown.repeated)) return false;
      const own = (await metadata(name))?.["metadata"];
      return isFields(own) && own[WRITER] === writer;
    }
  }

  async function get(name: string, from?: { readonly offset: number; readonly version: string }): Promise<Reading> {
    const headers = { ...AS_STORED, ...(from === undefined ? {} : { range: `bytes=${from.offset}-` }) };
    const query = { alt: "media", ...(from === undefined ? {} : { generation: from.version }) };
    const answer = await call({ method: "GET", path: pathOf(name), name, query, headers, streamed: true });
    return { size: Number(answer.headers["content-length"] ?? 0), version: answer.headers["x-goog-generation"] ?? "", body: answer.body };
  }

  async function head(name: string): Promise<Found | undefined> {
    const object = await metadata(name);
    return object && listedIn(object);
  }

  async function upload(name: string): Promise<Upload> {
    try {
      const started = await raw({ method: "POST", path: `/upload${bucket}/o`, query: { uploadType: "resumable", name } });
      const session = new URL(started.headers["location"] ?? "");
      return resumable(name, `${session.pathname}${session.search}`.slice(root.length), call);
    } catch (thrown) {
      throw containerRefused(thrown, name);
    }
  }

  async function list(prefix: string, token?: string): Promise<Page> {
    const query = { prefix, maxResults: "1000", fields: "nextPageToken,items(name,size,generation)", pageToken: token };
    const answer = await raw({ method: "GET", path: `${bucket}/o`, query }).catch((thrown: unknown) =>
      Promise.reject(containerRefused(thrown, prefix) as Error),
    );
    const page = fieldsIn(answer.text);
    const items = Array.isArray(page["items"]) ? page["items"] : [];
    const next = textAt(page["nextPageToken"]);
    return { objects: items.filter(isFields).map(listedIn), ...(next === "" ? {} : { next }) };
  }

  return {
    place,
    refusal: (name) => (/[\r\n]/.test(name) ? "Google Cloud Storage takes no line breaks" : undefined),
    get,
    head,
    create,
    upload,
    list,
    async put(name, bytes) {
      await insert(name, bytes, {}, {}).catch((thrown: unknown) => Promise.reject(containerRefused(thrown, name) as Error));
    },
    async delete(name) {
      await call({ method: "DELETE", path: pathOf(name), name }).catch((thrown: unknown) => {
        if (!(thrown instanceof BlobError && thrown.code === "BlobNotFound")) throw thrown;
      });
    },
  };
}

/** How often one piece of an upload may fail before the upload does. */
const PIECE_FAILURES = 4;

/** A session that takes the pieces in their order. One that is left alone costs nothing and ends after a week. */
function resumable(name: string, session: string, call: (request: Call) => Promise<Answer>): Upload {
  const [path = "", search = ""] = session.split("?");
  const query = Object.fromEntries(new URLSearchParams(search));
  let at = 0;

  async function put(range: string, body: Uint8Array, tries?: number): Promise<Answer> {
    try {
      const headers = { "content-range": range };
      return await call({ method: "PUT", path, name, query, body, headers, accepts: INCOMPLETE, ...(tries === undefined ? {} : { tries }) });
    } catch (thrown) {
      if (!(thrown instanceof BlobError) || thrown.code !== "BlobNotFound") throw thrown;
      throw new BlobError("BlobStoreUnavailable", `the upload of object ${name} is not known any more`, { cause: thrown });
    }
  }

  /** Sends bytes once; after a failure asks what arrived, because bytes must not be sent twice. */
  async function send(bytes: Uint8Array, total: string): Promise<Answer | undefined> {
    const range = bytes.length === 0 ? `bytes */${total}` : `bytes ${at}-${at + bytes.length - 1}/${total}`;
    try {
      return await put(range, bytes, 1);
    } catch (thrown) {
      if (!(thrown instanceof BlobError) || thrown.code !== "BlobStoreUnavailable") throw thrown;
      return undefined;
    }
  }

  return {
    partBytes: () => PART_BYTES,
    parallel: 1,
    async part(_number, body, last) {
      const end = at + body.length;
      const total = last ? String(end) : "*";
      for (let failures = 0; ; failures++) {
        if (failures > PIECE_FAILURES) throw new BlobError("BlobStoreUnavailable", `the upload of object ${name} does not advance`);
        const answer = (await send(body.subarray(body.length - (end - at)), total)) ?? (await put(`bytes */${total}`, Buffer.alloc(0)));
        if (answer.status !== INCOMPLETE) return;
        const kept = Number(/-(\d+)$/.exec(answer.headers["range"] ?? "")?.[1] ?? -1) + 1;
        if (kept > at) failures = 0;
        at = Math.max(at, Math.min(kept, end));
        if (at === end && !last) return;
      }
    },
    finish: () => Promise.resolve(),
    async abort() {
      await call({ method: "DELETE", path, name, query, tries: 1 }).catch(() => undefined);
    },
  };
}
