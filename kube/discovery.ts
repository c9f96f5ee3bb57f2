import { parseJson } from "../base/index.ts";
import { errorOfResponse } from "./api-error.ts";
import type { Transport } from "./client.ts";
import { bodyText } from "./lines.ts";
import type { KindRef } from "./object.ts";
import { groupPath } from "./paths.ts";

export interface ServerVersion {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
}

interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** What the API server says about itself. */
export interface Discovery {
  version(): Promise<ServerVersion>;
  /** The kind as the server serves it, undefined when it does not. Group versions that were found are remembered. */
  kind(apiVersion: string, kind: string): Promise<KindRef | undefined>;
}

async function getJson(transport: Transport, path: string): Promise<unknown> {
  const response = await transport.send({ method: "GET", path, headers: { accept: "application/json" } });
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw await errorOfResponse(response);
  return parseJson(await bodyText(response.body));
}

export function discovery(transport: Transport): Discovery {
  const known = new Map<string, KindRef>();
  return {
    version: async () => (await getJson(transport, "/version")) as ServerVersion,
    async kind(apiVersion, kind) {
      const key = `${apiVersion}/${kind}`;
      const found = known.get(key);
      if (found) return found;
      const [group, version] = apiVersion.includes("/") ? (apiVersion.split("/") as [string, string]) : ["", apiVersion];
      const list = (await getJson(transport, groupPath({ group, version }))) as ResourceList | undefined;
      for (const resource of list?.resources ?? []) {
        if (resource.name.includes("/")) continue;
        known.set(`${apiVersion}/${resource.kind}`, { group, version, kind: resource.kind, plural: resource.name, namespaced: resource.namespaced });
      }
      return known.get(key);
    },
  };
}
