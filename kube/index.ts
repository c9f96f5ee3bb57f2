export { apiClient, type ApiClientOptions } from "./api-client.ts";
export { errorOfResponse, errorOfStatus, errorOfTransport } from "./api-error.ts";
export {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  type DeleteOptions,
  ignoreNotFound,
  isAlreadyExists,
  isConflict,
  isExpired,
  isNotFound,
  type ListOptions,
  type ObjectClient,
  type ObjectList,
  type Patch,
  type Transport,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from "./client.ts";
export { type ClusterAccess, type ClusterSource, clusterTransport } from "./cluster-transport.ts";
export { conclude, conditionOf, type Ending, isTrue, type Mark, type Verdict, withCondition } from "./conditions.ts";
export { type Controller, controller, type ControllerDeps, type ControllerOptions, type ObservedPass, type Watch } from "./controller.ts";
export { type EventNote, type EventRecorder, eventRecorder, type EventRecorderDeps } from "./events.ts";
export { type Informer, informer, type InformerDeps, type InformerSpec } from "./informer.ts";
export { type InformerSet, informerSet } from "./informer-set.ts";
export { type KeyedQueue, keyedQueue, type KeyedQueueDeps, type KeyedQueueOptions } from "./keyed-queue.ts";
export { Kinds } from "./kinds.ts";
export { bodyText, lines } from "./lines.ts";
export { mergePatch } from "./merge-patch.ts";
export type { ApiStatus, Condition, KindRef, KubeObject, ManagedFieldsEntry, ObjectMeta, ObjectRef, OwnerReference, StatusCause, Stored } from "./object.ts";
export { type Change, type ChangeListener, type ObjectCache, objectCache, type ObjectReader } from "./object-cache.ts";
export { apiVersionOf, compareResourceVersions, controllerOf, controllerReference, keyOf, ownerKeys, refOfKey } from "./object-key.ts";
export { collectionPath, groupPath, objectPath, queryString } from "./paths.ts";
export { type PassPhase, type Reconciler, type ReconcileRun } from "./reconcile-pass.ts";
export { labelMatcher, labelSelector } from "./selectors.ts";
export { type Discovery, discovery, type ServerVersion } from "./discovery.ts";
export { type Health, healthOf } from "./health.ts";
export { type LogOptions, type PodLogs, podLogs } from "./pod-logs.ts";
export { fencedTransport } from "./leases/fenced-transport.ts";
export type { LeaseTiming } from "./leases/lease-time.ts";
export { type ShardGate, type ShardLeases, shardLeases, type ShardLeasesDeps, type ShardLeasesOptions, type WriteFence } from "./leases/shard-leases.ts";
export { shardOf } from "./leases/shares.ts";
export { adaptiveTransport, type AdaptiveLimits } from "./adaptive-transport.ts";
export { type ApiCallObserver, apiCallMetrics, type PassResult } from "./metrics.ts";
