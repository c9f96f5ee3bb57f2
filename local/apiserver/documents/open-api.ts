import { sha256 } from "../../../base/index.ts";
import type { Core } from "../core.ts";
import type { ServerResponse } from "../request.ts";
import { jsonResponse } from "../wire/encode.ts";
import type { DocumentRequest } from "./document-request.ts";
import { swaggerProtobuf } from "./open-api-protobuf.ts";
import { openApiV2, swaggerJson } from "./open-api-v2.ts";
import { groupVersionPath, openApiV3, servedGroupVersions } from "./open-api-v3.ts";

const V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/** The same as a media type that Go can parse: what the real server answers with. */
const V2_PROTOBUF_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

interface Cached {
  readonly revision: number;
  readonly documents: Map<string, Buffer>;
}

/** Documents are built when they are first asked for and kept until the kinds change. */
function cache(core: Core): (name: string, build: () => Buffer) => Buffer {
  let cached: Cached = { revision: -1, documents: new Map() };
  return (name, build) => {
    if (cached.revision !== core.kinds.revision) cached = { revision: core.kinds.revision, documents: new Map() };
    let document = cached.documents.get(name);
    if (!document) cached.documents.set(name, (document = build()));
    return document;
  };
}

const document = (body: Buffer, type = "application/json"): ServerResponse => ({ status: 200, headers: { "content-type": type, vary: "Accept" }, body });

/** Serves the OpenAPI documents: version 3 by group version, version 2 whole, as JSON and as protobuf. */
export function openApi(core: Core): (request: DocumentRequest) => Promise<ServerResponse | undefined> {
  const kept = cache(core);
  const third = (path: string): Buffer | undefined => {
    const found = servedGroupVersions(core.kinds.all()).find((one) => groupVersionPath(one) === path);
    return found && kept(path, () => Buffer.from(JSON.stringify(openApiV3(found, core.kinds.all()))));
  };
  const index = (): object => {
    const paths = servedGroupVersions(core.kinds.all()).map(groupVersionPath);
    const entry = (path: string) => ({
      serverRelativeURL: `/openapi/v3/${path}?hash=${sha256(third(path) ?? "")
        .slice("sha256:".length)
        .toUpperCase()}`,
    });
    return { paths: Object.fromEntries(paths.map((path) => [path, entry(path)])) };
  };
  const second = (accept: string): ServerResponse => {
    if (!accept.includes(V2_PROTOBUF)) return document(kept("v2.json", () => Buffer.from(JSON.stringify(swaggerJson(openApiV2(core.kinds.all()))))));
    return document(
      kept("v2.pb", () => swaggerProtobuf(openApiV2(core.kinds.all()))),
      V2_PROTOBUF_TYPE,
    );
  };
  return async ({ method, path, headers }) => {
    if (method !== "GET") return undefined;
    if (path === "/openapi/v2") return second(headers["accept"] ?? "");
    if (!/^\/openapi\/v3(\/|$)/.test(path)) return undefined;
    const below = path.slice("/openapi/v3".length).replace(/^\//, "");
    if (below === "") return jsonResponse(200, index());
    const found = third(below);
    return found && document(found);
  };
}
