import type { Document } from "yaml";
import { type Json, messageOf, parseJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { badRequest, failure, unsupportedMediaType } from "../status.ts";
import { type Duplicates, duplicatesInJson, duplicatesInYaml, NO_DUPLICATES } from "./duplicates.ts";
import { decodeProtobuf, PROTOBUF } from "./protobuf.ts";

/** The largest body the server reads, in bytes. */
export const MAX_BODY = 3 * 1024 * 1024;
export const BODY_TYPES = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
/** Deepest nesting of a body. */
const MAX_DEPTH = 512;

/** A body as JSON, and what strict validation would say about its text. */
export interface Decoded {
  readonly value: unknown;
  readonly duplicates: Duplicates;
}

export function mediaType(header: string | undefined): string {
  return (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

export function checkSize(body: Uint8Array): void {
  if (body.byteLength > MAX_BODY) throw failure(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY}`, {});
}

function checkDepth(value: unknown, left = MAX_DEPTH): void {
  if (typeof value !== "object" || value === null) return;
  if (left === 0) throw badRequest("the object is nested too deeply");
  for (const item of Array.isArray(value) ? value : Object.values(value)) checkDepth(item, left - 1);
}

/** Cheap before parsing: no body can be deeper than its brackets. */
function maybeDeep(text: string): boolean {
  let opened = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code === 0x7b || code === 0x5b) && ++opened > MAX_DEPTH) return true;
  }
  return false;
}

/** Deepest run of open brackets, so that a hostile body never reaches a recursive parser. */
function checkBrackets(text: string): void {
  if (!maybeDeep(text)) return;
  let [depth, inText] = [0, false];
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (inText) {
      if (char === "\\") index += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === "{" || char === "[") {
      if (++depth > MAX_DEPTH) throw badRequest("the object is nested too deeply");
    } else if (char === "}" || char === "]") depth -= 1;
  }
}

export function parseJsonText(text: string): Json {
  checkBrackets(text);
  return parseJson(text);
}

async function parseYamlText(text: string): Promise<Decoded> {
  const { LineCounter, parseDocument, visit } = await import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { version: "1.1", uniqueKeys: false, intAsBigInt: true, strict: false, lineCounter });
  const [error] = document.errors;
  if (error) throw new SyntaxError(error.message.split("\n", 1)[0]);
  const value = plainNumbers(expanded(document));
  checkDepth(value);
  return { value, duplicates: duplicatesInYaml(document, lineCounter, visit) };
}

/** Aliases that multiply without end are a mistake of the body, not of the server. */
function expanded(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    throw new SyntaxError(messageOf(thrown), { cause: thrown });
  }
}

function plainNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plainNumbers(field)]));
}

const text = (body: Uint8Array): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");

/** YAML or JSON, whichever it is: the body of a server-side apply. JSON with duplicates is read as the YAML that it is sent as. Throws SyntaxError. */
export async function parseYamlOrJson(body: Uint8Array): Promise<Decoded> {
  const source = text(body);
  if (/^\s*\{/.test(source)) {
    try {
      const value = parseJsonText(source);
      if (duplicatesInJson(source).warnings.length === 0) return { value, duplicates: NO_DUPLICATES };
    } catch (thrown) {
      if (!(thrown instanceof SyntaxError)) throw thrown;
    }
  }
  return parseYamlText(source);
}

/** The JSON of a request's body. Throws 400, 413 and 415. */
export async function decodeBody(body: Uint8Array, contentType: string | undefined, kind: string): Promise<Decoded> {
  checkSize(body);
  const type = mediaType(contentType);
  if (type === PROTOBUF) return { value: decodeProtobuf(body), duplicates: NO_DUPLICATES };
  try {
    if (type === "application/yaml" || type === "text/yaml") return await parseYamlOrJson(body);
    if (type !== "application/json" && type !== "" && type !== "*/*") throw unsupportedMediaType(BODY_TYPES);
    const source = text(body);
    return { value: parseJsonText(source), duplicates: duplicatesInJson(source) };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${thrown.message}`);
  }
}

/** The body as an object of some kind. Throws 400 when it is not even an object with metadata. */
export function objectOf(value: unknown, kind: string): KubeObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badRequest(`${kind} cannot be read: the body is not a JSON object`);
  const object = value as Record<string, unknown>;
  const metadata = object["metadata"] ?? {};
  if (typeof metadata !== "object" || Array.isArray(metadata)) throw badRequest(`${kind} cannot be read: metadata is not a JSON object`);
  object["metadata"] = metadata;
  return object as KubeObject;
}
