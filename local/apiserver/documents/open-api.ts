import { sha256 } from "../../../base/index.ts";
import type { Core } from "../core.ts";
import type { ServerResponse } from "../request.ts";
import { jsonResponse } from "../wire/encode.ts";
import type { DocumentRequest } from "./documents.ts";
import { groupVersionPath, openApiV3, servedGroupVersions } from "./open-api-v3.ts";

interface Cached {
  readonly revision: number;
  readonly documents: Map<string, Buffer>;
}

/** Serves the OpenAPI documents; each is built when it is first asked for and kept until the kinds change. */
export function openApi(core: Core): (request: DocumentRequest) => Promise<ServerResponse | undefined> {
  let cached: Cached = { revision: -1, documents: new Map() };
  const documentAt = (path: string): Buffer | undefined => {
    if (cached.revision !== core.kinds.revision) cached = { revision: core.kinds.revision, documents: new Map() };
    let document = cached.documents.get(path);
    if (document) return document;
    const found = servedGroupVersions(core.kinds.all()).find((one) => groupVersionPath(one) === path);
    if (!found) return undefined;
    document = Buffer.from(JSON.stringify(openApiV3(found, core.kinds.all())));
    cached.documents.set(path, document);
    return document;
  };
  const index = (): object => {
    const paths = servedGroupVersions(core.kinds.all()).map(groupVersionPath);
    const entry = (path: string) => ({
      serverRelativeURL: `/openapi/v3/${path}?hash=${sha256(documentAt(path) ?? "")
        .slice("sha256:".length)
        .toUpperCase()}`,
    });
    return { paths: Object.fromEntries(paths.map((path) => [path, entry(path)])) };
  };
  return async ({ method, path }) => {
    if (method !== "GET" || !path.startsWith("/openapi/v3")) return undefined;
    const below = path.slice("/openapi/v3".length).replace(/^\//, "");
    if (below === "") return jsonResponse(200, index());
    const document = documentAt(below);
    return document && { status: 200, headers: { "content-type": "application/json" }, body: document };
  };
}
