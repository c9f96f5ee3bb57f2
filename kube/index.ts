export { apiClient, type ApiClientOptions } from "./api-client.ts";
export { errorOfResponse, errorOfStatus, errorOfTransport } from "./api-error.ts";
export {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  type DeleteOptions,
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
export { Kinds } from "./kinds.ts";
export { bodyText, lines } from "./lines.ts";
export type { ApiStatus, Condition, KindRef, KubeObject, ManagedFieldsEntry, ObjectMeta, ObjectRef, OwnerReference, StatusCause, Stored } from "./object.ts";
export { apiVersionOf, compareResourceVersions, controllerOf, controllerReference, keyOf, ownerKeys, refOfKey } from "./object-key.ts";
export { collectionPath, groupPath, objectPath, queryString } from "./paths.ts";
