import { setMaxListeners } from "node:events";
import type { Clock, Logger, Random } from "../../base/index.ts";
import type { Transport } from "../../kube/index.ts";
import { type Access, openAccess } from "./access/access.ts";
import { quotaStatusWriter } from "./access/quota/status-writer.ts";
import { roleAggregation } from "./access/rbac/aggregation.ts";
import { keepDefaultRoles } from "./access/rbac/bootstrap.ts";
import { newSigningKey } from "./access/tokens/signing-key.ts";
import { ADMINISTRATOR } from "./authenticate.ts";
import { makeSystemNamespaces } from "./boot.ts";
import type { Core } from "./core.ts";
import { definitionCleanup } from "./definition-cleanup.ts";
import { type Documents, documents } from "./documents/documents.ts";
import { builtinKinds } from "./kinds/builtin-kinds.ts";
import { kindRegistry } from "./kinds/registry.ts";
import type { PodLogSource } from "./pod-log-source.ts";
import type { PodStreams } from "./pod-streams.ts";
import type { ServerRequest, ServerResponse, User } from "./request.ts";
import { respond, verbOf } from "./respond.ts";
import { notServed, statusOf } from "./status.ts";
import type { ObjectLog } from "./storage/object-log.ts";
import { openStore } from "./storage/store.ts";
import { localTransport } from "./transport.ts";
import { jsonResponse } from "./wire/encode.ts";
import { type ResourceRoute, resourceRoute } from "./wire/route.ts";
import type { Call } from "./wire/target.ts";

export interface ApiServerDeps {
  readonly clock: Clock;
  /** Generated names and uids. */
  readonly random: Random;
  readonly logger: Logger;
  readonly log: ObjectLog;
  /** Absent: the log route answers 501. */
  readonly podLogs?: PodLogSource;
  /** Absent: exec, attach and port-forward answer 501. */
  readonly podStreams?: PodStreams;
  /** Bearer tokens and whom they stand for. */
  readonly tokens?: ReadonlyMap<string, User>;
  /** What service account tokens are signed with, PEM. Default: a new one, with which older tokens stop being good. */
  readonly signingKey?: string;
}

export interface ApiServer {
  /** Answers one request. Never rejects. */
  handle(request: ServerRequest): Promise<ServerResponse>;
  /** A client seam without a socket, already authenticated as `user` (default: the administrator). */
  transport(user?: User): Transport;
  /** Ends every watch, waits for writes under way and closes the log. */
  close(): Promise<void>;
}

/** Nothing at all is at this path: answered in plain text, as by any web server. */
class PageNotFound extends Error {}

interface Running {
  readonly core: Core;
  readonly documents: Documents;
  readonly access: Access;
}

const NOTHING = new Uint8Array();

function bytesOf(body: string | Uint8Array | undefined): Uint8Array {
  if (body === undefined) return NOTHING;
  return typeof body === "string" ? Buffer.from(body) : body;
}

function splitPath(path: string): [string, URLSearchParams] {
  const mark = path.indexOf("?");
  return mark < 0 ? [path, new URLSearchParams()] : [path.slice(0, mark), new URLSearchParams(path.slice(mark + 1))];
}

function callOf(core: Core, request: ServerRequest, route: ResourceRoute, user: User, query: URLSearchParams): Call {
  const kind = core.kinds.find(route.group, route.version, route.plural);
  if (!kind && !core.kinds.serves(route.group, route.version)) throw new PageNotFound();
  if (!kind || (route.namespace !== "" && !kind.namespaced)) throw notServed();
  const target = { kind, namespace: route.namespace, name: route.name, subresource: route.subresource };
  const warnings = kind.deprecation === undefined ? [] : [kind.deprecation];
  return { target, user, query, headers: request.headers, body: bytesOf(request.body), signal: request.signal, warnings };
}

function withWarnings(response: ServerResponse, warnings: readonly string[]): ServerResponse {
  if (warnings.length === 0) return response;
  const header = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(", ");
  return { ...response, headers: { ...response.headers, warning: header } };
}

async function answer({ core, documents, access }: Running, request: ServerRequest): Promise<ServerResponse> {
  const [path, query] = splitPath(request.path);
  const route = resourceRoute(path);
  const user = access.admit(request, path, query, route);
  const document = await documents.answer({ method: request.method, path, headers: request.headers, user, body: bytesOf(request.body) });
  if (document) return document;
  if (!route) throw new PageNotFound();
  const call = callOf(core, request, route, user, query);
  return withWarnings(await respond(core, call, verbOf(request, call)), call.warnings);
}

async function handle(running: Running, request: ServerRequest): Promise<ServerResponse> {
  try {
    return await answer(running, request);
  } catch (thrown) {
    if (thrown instanceof PageNotFound)
      return { status: 404, headers: { "content-type": "text/plain; charset=utf-8" }, body: Buffer.from("404 page not found\n") };
    const status = statusOf(thrown);
    if (status.code === 500)
      running.core.logger.error("request failed", { method: request.method, path: request.path, error: thrown instanceof Error ? thrown.stack : thrown });
    const retry = status.details?.retryAfterSeconds;
    const response = jsonResponse(status.code, status);
    return retry === undefined ? response : { ...response, headers: { ...response.headers, "retry-after": String(retry) } };
  }
}

/** Opens the log, loads everything and is ready to serve. */
export async function createApiServer(deps: ApiServerDeps): Promise<ApiServer> {
  const { clock, random, logger, log } = deps;
  const store = await openStore({ log, logger });
  const kinds = kindRegistry(store, builtinKinds());
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const access = openAccess({ clock, random, store, tokens: deps.tokens ?? new Map(), signingKey: deps.signingKey ?? newSigningKey() });
  const { admission } = access;
  const shared = { clock, random, logger, store, kinds, admission, podLogs: deps.podLogs, podStreams: deps.podStreams };
  const core: Core = { ...shared, frames: new WeakMap(), closing: closing.signal };
  const running: Running = { core, documents: documents(core, access), access };
  await Promise.all([makeSystemNamespaces(core), keepDefaultRoles(core)]);
  const cleanup = definitionCleanup(core);
  const quotas = quotaStatusWriter(core, access.ledger);
  const answerRequest = (request: ServerRequest) => handle(running, request);
  const aggregation = roleAggregation(core, localTransport(answerRequest, ADMINISTRATOR));
  return {
    handle: answerRequest,
    transport: (user = ADMINISTRATOR) => localTransport(answerRequest, user),
    async close() {
      closing.abort();
      await Promise.all([cleanup.stop(), aggregation.stop(), quotas.stop()]);
      await store.close();
    },
  };
}
