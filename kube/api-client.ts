import { type Clock, parseJson, type Random, sleep, stringifyJson, TerminalFailure } from "../base/index.ts";
import { errorOfResponse, errorOfStatus, errorOfTransport } from "./api-error.ts";
import type {
  ApiError,
  ApiRequest,
  ApiResponse,
  DeleteOptions,
  ListOptions,
  ObjectClient,
  ObjectList,
  Patch,
  Transport,
  WatchEvent,
  WatchOptions,
  ReadOptions,
  WriteOptions,
} from "./client.ts";
import { bodyText, lines } from "./lines.ts";
import type { ApiCallObserver, ApiVerb } from "./metrics.ts";
import type { ApiStatus, KindRef, KubeObject, ObjectRef, Stored } from "./object.ts";
import { apiVersionOf } from "./object-key.ts";
import { collectionPath, objectPath, queryString } from "./paths.ts";

export interface ApiClientOptions {
  /** With a clock, a 429 is repeated after the server's Retry-After (it was not processed); without one it is thrown at once. */
  readonly clock?: Clock;
  /** Spreads repeated requests of many clients. */
  readonly random?: Random;
  /** How often one request is repeated after a 429. Default 8. */
  readonly throttleRetries?: number;
  /** Field manager of every write that does not name one. Default "flyteops". */
  readonly fieldManager?: string;
  readonly userAgent?: string;
  /** Told of every answer: for metrics. Needs the clock. */
  readonly observer?: ApiCallObserver | undefined;
}

/** What a request is, for metrics. */
interface Call {
  readonly verb: ApiVerb;
  readonly kind: string;
}

type Send = (request: ApiRequest, call: Call) => Promise<ApiResponse>;

const PATCH_CONTENT_TYPE: Readonly<Record<Patch["type"], string>> = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

const MAX_THROTTLE_DELAY_MS = 30_000;

type Headers = Record<string, string>;

function impersonation(act: WriteOptions["impersonate"]): Headers {
  if (act === undefined) return {};
  if (act.user === "") throw new TerminalFailure("EmptyImpersonation", "refusing to write as nobody: the user to impersonate is empty");
  if ((act.groups?.length ?? 0) > 1) {
    throw new TerminalFailure("ImpersonationGroups", "only one group can be impersonated; a ServiceAccount's groups are added by the API server");
  }
  const [group] = act.groups ?? [];
  return group === undefined ? { "Impersonate-User": act.user } : { "Impersonate-User": act.user, "Impersonate-Group": group };
}

function writeQuery(options: WriteOptions | undefined, manager: string | undefined, force?: boolean): string {
  return queryString({
    fieldManager: options?.fieldManager ?? manager,
    fieldValidation: options?.fieldValidation,
    dryRun: options?.dryRun ? "All" : undefined,
    force: force ? true : undefined,
  });
}

/** Seconds the server asks to wait, as milliseconds; exponential when it does not say. */
function throttleDelay(error: ApiError, response: ApiResponse, attempt: number, random: Random | undefined): number {
  const asked = Number(response.headers["retry-after"] ?? error.status?.details?.retryAfterSeconds ?? NaN);
  const base = Number.isFinite(asked) ? asked * 1_000 : 100 * 2 ** attempt;
  return Math.min(MAX_THROTTLE_DELAY_MS, base) * (1 + (random?.next() ?? 0) / 4);
}

/** A server reads apply patches as YAML, which refuses these characters unescaped although JSON does not. */
function yamlSafe(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function exchange(transport: Transport, options: ApiClientOptions): Send {
  const { clock, observer } = options;
  async function send(request: ApiRequest): Promise<ApiResponse> {
    const headers: Headers = { accept: "application/json", ...request.headers };
    if (options.userAgent !== undefined) headers["user-agent"] = options.userAgent;
    for (let attempt = 0; ; attempt += 1) {
      const response = await transport.send({ ...request, headers }).catch((thrown: unknown) => {
        throw errorOfTransport(thrown);
      });
      if (response.status >= 200 && response.status < 300) return response;
      const error = await errorOfResponse(response);
      const repeat = response.status === 429 && options.clock !== undefined && attempt < (options.throttleRetries ?? 8);
      if (!repeat || request.signal?.aborted || options.clock === undefined) throw error;
      await sleep(options.clock, throttleDelay(error, response, attempt, options.random), request.signal);
    }
  }
  if (!clock || !observer) return send;
  return async (request, { verb, kind }) => {
    const startedAt = clock.now();
    try {
      const response = await send(request);
      observer.called(verb, kind, response.status, clock.now() - startedAt);
      return response;
    } catch (thrown) {
      observer.called(verb, kind, (thrown as Partial<ApiError>).code ?? 0, clock.now() - startedAt);
      throw thrown;
    }
  };
}

async function readJson<T>(response: ApiResponse): Promise<T> {
  const text = await bodyText(response.body).catch((thrown: unknown) => {
    throw errorOfTransport(thrown);
  });
  return parseJson(text) as T;
}

interface WireList<T> {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: T[] | null;
}

/** Items of a list carry no apiVersion and kind on the wire; every object we hand out does. */
function namedItems<T extends KubeObject>(kind: KindRef, items: T[] | null | undefined): Stored<T>[] {
  const apiVersion = apiVersionOf(kind);
  return (items ?? []).map((item) => ({ ...item, apiVersion, kind: kind.kind }) as Stored<T>);
}

function eventOfLine<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = parseJson(line) as unknown as { type: string; object: Stored<T> & ApiStatus };
  if (type === "ERROR") throw errorOfStatus(object);
  if (type === "BOOKMARK") return { type, resourceVersion: object.metadata.resourceVersion };
  return { type: type as "ADDED" | "MODIFIED" | "DELETED", object };
}

async function* watchEvents<T extends KubeObject>(send: Send, kind: KindRef, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
  const query = queryString({
    watch: 1,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  });
  const response = await send(
    { method: "GET", path: collectionPath(kind, options.namespace) + query, signal: options.signal },
    { verb: "watch", kind: kind.kind },
  );
  try {
    for await (const line of lines(response.body)) if (line !== "") yield eventOfLine<T>(line);
  } catch (thrown) {
    if (options.signal.aborted) return;
    throw errorOfTransport(thrown);
  }
}

async function deleteObject(send: Send, kind: KindRef, ref: ObjectRef, options: DeleteOptions) {
  const preconditions =
    options.uid === undefined && options.resourceVersion === undefined ? undefined : { uid: options.uid, resourceVersion: options.resourceVersion };
  const body = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagationPolicy: options.propagation,
    preconditions,
    dryRun: options.dryRun ? ["All"] : undefined,
  };
  try {
    const headers = { "content-type": "application/json", ...impersonation(options.impersonate) };
    const request: ApiRequest = { method: "DELETE", path: objectPath(kind, ref), headers, body: stringifyJson(body) };
    const answer = await readJson<Stored & ApiStatus>(await send(request, { verb: "delete", kind: kind.kind }));
    const remains =
      answer.kind !== "Status" &&
      (answer.metadata.finalizers?.length || (answer.metadata.deletionTimestamp !== undefined && answer.metadata.deletionGracePeriodSeconds !== 0));
    return remains ? answer : undefined;
  } catch (thrown) {
    if ((thrown as ApiError).code === 404) return undefined;
    throw thrown;
  }
}

/** The typed client over any transport: paths, content types, errors as ApiError, watches line by line, big integers kept. */
export function apiClient(transport: Transport, options: ApiClientOptions = {}): ObjectClient {
  const send = exchange(transport, options);
  const manager = options.fieldManager ?? "flyteops";

  async function write<T extends KubeObject>(
    request: ApiRequest,
    call: Call,
    act: WriteOptions["impersonate"],
    contentType = "application/json",
  ): Promise<Stored<T>> {
    return readJson<Stored<T>>(await send({ ...request, headers: { "content-type": contentType, ...impersonation(act) } }, call));
  }

  return {
    async get<T extends KubeObject>(kind: KindRef, ref: ObjectRef, how?: ReadOptions) {
      return readJson<Stored<T>>(
        await send({ method: "GET", path: objectPath(kind, ref), headers: impersonation(how?.impersonate) }, { verb: "get", kind: kind.kind }),
      );
    },
    async list<T extends KubeObject>(kind: KindRef, list: ListOptions = {}): Promise<ObjectList<T>> {
      const { namespace, signal, ...parameters } = list;
      const answer = await readJson<WireList<T>>(
        await send(
          { method: "GET", path: collectionPath(kind, namespace) + queryString({ ...parameters }), ...(signal ? { signal } : {}) },
          { verb: "list", kind: kind.kind },
        ),
      );
      const found = { items: namedItems<T>(kind, answer.items), resourceVersion: answer.metadata?.resourceVersion ?? "" };
      return answer.metadata?.continue ? { ...found, continue: answer.metadata.continue } : found;
    },
    watch: <T extends KubeObject>(kind: KindRef, watch: WatchOptions) => watchEvents<T>(send, kind, watch),
    async create<T extends KubeObject>(kind: KindRef, object: T, how?: WriteOptions) {
      const { namespace, name } = object.metadata;
      const path = how?.subresource === undefined ? collectionPath(kind, namespace) : objectPath(kind, { namespace, name: name ?? "" }, how.subresource);
      return write<T>(
        { method: "POST", path: path + writeQuery(how, manager), body: stringifyJson(object) },
        { verb: "create", kind: kind.kind },
        how?.impersonate,
      );
    },
    async replace<T extends KubeObject>(kind: KindRef, object: T, how?: WriteOptions) {
      const { namespace, name } = object.metadata;
      const path = objectPath(kind, { namespace, name: name ?? "" }, how?.subresource) + writeQuery(how, manager);
      return write<T>({ method: "PUT", path, body: stringifyJson(object) }, { verb: "replace", kind: kind.kind }, how?.impersonate);
    },
    async patch<T extends KubeObject>(kind: KindRef, ref: ObjectRef, patch: Patch, how?: WriteOptions) {
      const force = patch.type === "apply" && patch.force === true;
      const path = objectPath(kind, ref, how?.subresource) + writeQuery(how, manager, force);
      return write<T>(
        { method: "PATCH", path, body: patch.type === "apply" ? yamlSafe(stringifyJson(patch.body)) : stringifyJson(patch.body) },
        { verb: "patch", kind: kind.kind },
        how?.impersonate,
        PATCH_CONTENT_TYPE[patch.type],
      );
    },
    delete: (kind: KindRef, ref: ObjectRef, how: DeleteOptions = {}) => deleteObject(send, kind, ref, how),
  };
}
