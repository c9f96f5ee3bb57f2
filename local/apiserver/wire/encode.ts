import { stringifyJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { fromStored, type ServedKind } from "../kinds/served-kind.ts";
import type { ServerResponse } from "../request.ts";
import { type Entry, typePrefix } from "../storage/entry.ts";
import type { Format } from "./format.ts";
import { type IncludeObject, partialObject, tableOf } from "./table.ts";

const JSON_TYPE = "application/json";

/** How one request wants to see objects. */
export interface View {
  readonly kind: ServedKind;
  readonly format: Format;
  readonly include: IncludeObject;
  /** Milliseconds since the Unix epoch, for ages. */
  readonly now: number;
}

export function jsonResponse(status: number, value: unknown): ServerResponse {
  return { status, headers: { "content-type": JSON_TYPE }, body: Buffer.from(stringifyJson(value)) };
}

/** A value in the encoding that was asked for. */
export async function encoded(status: number, value: unknown, encoding: Format["encoding"]): Promise<ServerResponse> {
  if (encoding === "json") return jsonResponse(status, value);
  const { stringify } = await import("yaml");
  return { status, headers: { "content-type": "application/yaml" }, body: Buffer.from(stringify(value, { version: "1.1", lineWidth: 0 })) };
}

/** One object as a view shows it. `stored` is its stored form. */
export function shown(view: View, stored: KubeObject): unknown {
  const object = fromStored(view.kind, stored);
  if (view.format.as === "table") return tableOf(view, [object], { resourceVersion: object.metadata.resourceVersion ?? "" });
  return view.format.as === "partial" ? partialObject(object, view.format.version) : object;
}

/** The bytes of one stored object in a view: the shared ones wherever nothing has to be changed. */
export function entryBytes(view: View, entry: Entry): Buffer {
  const same = view.format.as === "object" && !view.kind.conversion && entry.object.apiVersion === view.kind.apiVersion;
  return same ? entry.bytes : Buffer.from(stringifyJson(shown(view, entry.object)));
}

/** Answers with an object in its stored form. */
export async function objectResponse(status: number, view: View, stored: KubeObject): Promise<ServerResponse> {
  return encoded(status, shown(view, stored), view.format.encoding);
}

/** Answers with a committed entry. */
export async function entryResponse(status: number, view: View, entry: Entry): Promise<ServerResponse> {
  if (view.format.encoding === "yaml") return objectResponse(status, view, entry.object);
  return { status, headers: { "content-type": JSON_TYPE }, body: entryBytes(view, entry) };
}

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

const COMMA = Buffer.from(",");
const BRACE = Buffer.from("{");

/** The parts of one item: those of built-in kinds do not repeat what the list says of their type. */
function itemParts(view: View, entry: Entry): Buffer[] {
  const bytes = entryBytes(view, entry);
  if (!view.kind.builtin || view.format.as !== "object") return [bytes];
  const prefix = typePrefix(view.kind);
  return bytes.toString("latin1", 0, prefix.length) === prefix ? [BRACE, bytes.subarray(prefix.length)] : [bytes];
}

function listBytes(view: View, meta: ListMeta, entries: readonly Entry[], head: { kind: string; apiVersion: string }): Buffer {
  const open = stringifyJson({ ...head, metadata: meta, items: [] });
  const parts: Buffer[] = [Buffer.from(open.slice(0, -2))];
  entries.forEach((entry, index) => {
    if (index > 0) parts.push(COMMA);
    parts.push(...itemParts(view, entry));
  });
  parts.push(Buffer.from("]}"));
  return Buffer.concat(parts);
}

/** Answers with a list of entries. */
export async function listResponse(view: View, meta: ListMeta, entries: readonly Entry[]): Promise<ServerResponse> {
  const { kind, format } = view;
  if (format.as === "table") {
    const objects = entries.map((entry) => fromStored(kind, entry.object));
    return encoded(200, tableOf(view, objects, meta), format.encoding);
  }
  const partial = format.as === "partial";
  const head = partial
    ? { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${format.version}` }
    : { kind: kind.listKind, apiVersion: kind.apiVersion };
  if (format.encoding === "json") return { status: 200, headers: { "content-type": JSON_TYPE }, body: listBytes(view, meta, entries, head) };
  return encoded(200, { ...head, metadata: meta, items: entries.map((entry) => shown(view, entry.object)) }, "yaml");
}
