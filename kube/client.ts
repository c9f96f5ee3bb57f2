import { Failure } from "../base/index.ts";
import type { ApiStatus, KindRef, KubeObject, ObjectRef, Stored } from "./object.ts";

/** One HTTP exchange with a Kubernetes API. The embedded server answers these without a socket; a cluster over TLS. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with its query, e.g. `/api/v1/pods?limit=500`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it arrives. A watch or a followed log yields until its end or until the signal aborts. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The seam below every client: embedded control plane, or HTTPS to the cluster that KUBECONFIG names. */
export interface Transport {
  send(request: ApiRequest): Promise<ApiResponse>;
}

/** An answer of the API that is not a success, or no answer at all (`code` 0). Retryable exactly when asking again may help. */
export class ApiError extends Failure {
  override readonly retry: "retryable" | "terminal";
  readonly code: number;
  readonly status: ApiStatus | undefined;
  constructor(code: number, reason: string, message: string, options?: { cause?: unknown; status?: ApiStatus }) {
    super(reason, message, options);
    this.code = code;
    this.status = options?.status;
    this.retry = code === 0 || code === 408 || code === 409 || code === 429 || code >= 500 ? "retryable" : "terminal";
  }
}

export const isNotFound = (thrown: unknown): boolean => thrown instanceof ApiError && thrown.code === 404;
/** For `catch`: undefined instead of what is not there; any other failure goes on. */
export function ignoreNotFound(thrown: unknown): undefined {
  if (!isNotFound(thrown)) throw thrown;
  return undefined;
}

export const isConflict = (thrown: unknown): boolean => thrown instanceof ApiError && thrown.code === 409 && thrown.reason === "Conflict";
export const isAlreadyExists = (thrown: unknown): boolean => thrown instanceof ApiError && thrown.code === 409 && thrown.reason === "AlreadyExists";
export const isExpired = (thrown: unknown): boolean => thrown instanceof ApiError && thrown.code === 410;

export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface ObjectList<T extends KubeObject = KubeObject> {
  readonly items: Stored<T>[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: Stored<T> } | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface WatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
}

export interface ReadOptions {
  /** User (and groups) to read as; an empty user is refused before any call. */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] } | undefined;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: "Ignore" | "Warn" | "Strict";
  readonly subresource?: string;
  /** User (and groups) to act as; an empty user is refused before any call. */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] } | undefined;
}

export type Patch =
  | { readonly type: "merge"; readonly body: unknown }
  | { readonly type: "json"; readonly body: readonly unknown[] }
  | { readonly type: "strategic"; readonly body: unknown }
  | { readonly type: "apply"; readonly body: unknown; readonly force?: boolean };

export interface DeleteOptions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string;
  readonly propagation?: "Foreground" | "Background" | "Orphan";
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] } | undefined;
}

/**
 * The Kubernetes API as controllers see it. Every method rejects with ApiError. Objects are JSON as parsed by
 * `parseJson` (big integers are bigint). A watch ends by returning (server closed it) or by rejecting with ApiError
 * (410: list again).
 */
export interface ObjectClient {
  get<T extends KubeObject = KubeObject>(kind: KindRef, ref: ObjectRef, options?: ReadOptions): Promise<Stored<T>>;
  list<T extends KubeObject = KubeObject>(kind: KindRef, options?: ListOptions): Promise<ObjectList<T>>;
  watch<T extends KubeObject = KubeObject>(kind: KindRef, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject = KubeObject>(kind: KindRef, object: T, options?: WriteOptions): Promise<Stored<T>>;
  replace<T extends KubeObject = KubeObject>(kind: KindRef, object: T, options?: WriteOptions): Promise<Stored<T>>;
  patch<T extends KubeObject = KubeObject>(kind: KindRef, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<Stored<T>>;
  /** Resolves with the object when it is still there (finalizers, grace), undefined when it is gone or was absent already. */
  delete(kind: KindRef, ref: ObjectRef, options?: DeleteOptions): Promise<Stored | undefined>;
}
