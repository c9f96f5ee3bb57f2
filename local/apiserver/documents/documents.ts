import type { Access } from "../access/access.ts";
import type { Core } from "../core.ts";
import type { ServerResponse } from "../request.ts";
import { methodNotAllowed } from "../status.ts";
import { jsonResponse } from "../wire/encode.ts";
import { discovery } from "./discovery.ts";
import type { DocumentRequest } from "./document-request.ts";
import { tagged } from "./entity-tag.ts";
import { issuer } from "./issuer.ts";
import { openApi } from "./open-api.ts";
import { reviews } from "./reviews.ts";

/** Everything the server says about itself: health, version, discovery, schemas, reviews of the caller's rights. */
export interface Documents {
  /** Undefined when the path is not one of these documents. */
  answer(request: DocumentRequest): Promise<ServerResponse | undefined>;
}

/** What `/version` says. The patch version marks this server, so that clients know which one they talk to. */
export const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0+flyteops",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "linux/amd64",
};

const HEALTH = /^\/(healthz|livez|readyz)(\/.*)?$/;

function fixed({ path }: DocumentRequest): ServerResponse | undefined {
  if (path === "/version" || path === "/version/") return jsonResponse(200, VERSION);
  if (HEALTH.test(path)) return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: Buffer.from("ok") };
  return undefined;
}

/** What may only be read: health and version, discovery, schemas. */
function readable(core: Core): (request: DocumentRequest) => Promise<ServerResponse | undefined> {
  const [discover, schemas] = [discovery(core), openApi(core)];
  return async (request) => {
    const known = fixed(request);
    if (known) return known;
    const found = discover(request) ?? (await schemas(request));
    return found && tagged(found, request);
  };
}

export function documents(core: Core, access: Access): Documents {
  const read = readable(core);
  const sources = [reviews(core, access), issuer(access.authority)];
  return {
    async answer(request) {
      const reads = request.method === "GET" || request.method === "HEAD";
      const known = await read(reads ? request : { ...request, method: "GET" });
      if (known && !reads) throw methodNotAllowed();
      if (known) return known;
      for (const source of sources) {
        const found = await source(request);
        if (found) return found;
      }
      return undefined;
    },
  };
}
