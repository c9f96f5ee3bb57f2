import { sha256 } from "../../../base/index.ts";
import type { ServerResponse } from "../request.ts";
import type { DocumentRequest } from "./document-request.ts";

/** Documents that are kept are hashed once. */
const tags = new WeakMap<Uint8Array, string>();

function tagOf(body: Uint8Array): string {
  let tag = tags.get(body);
  if (tag === undefined) tags.set(body, (tag = `"${sha256(body).slice("sha256:".length).toUpperCase()}"`));
  return tag;
}

/** A document with its tag, or 304 for a client that has it already. */
export function tagged(response: ServerResponse, { headers }: DocumentRequest): ServerResponse {
  if (response.status !== 200 || !(response.body instanceof Uint8Array)) return response;
  const etag = tagOf(response.body);
  const known = (headers["if-none-match"] ?? "").split(",").some((one) => one.trim() === etag);
  if (known) return { status: 304, headers: { etag, vary: "Accept" }, body: new Uint8Array() };
  return { ...response, headers: { ...response.headers, etag } };
}
