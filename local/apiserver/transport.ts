import type { ApiRequest, ApiResponse, Transport } from "../../kube/index.ts";
import type { ServerRequest, ServerResponse, User } from "./request.ts";

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}

function lowerCased(headers: ApiRequest["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Speaks to a server in the same process, as `user`. */
export function localTransport(handle: (request: ServerRequest) => Promise<ServerResponse>, user: User): Transport {
  return {
    async send({ method, path, headers, body, signal }): Promise<ApiResponse> {
      const answer = await handle({ method, path, headers: lowerCased(headers), body, identity: user, signal });
      return { status: answer.status, headers: answer.headers, body: answer.body instanceof Uint8Array ? once(answer.body) : answer.body };
    },
  };
}
