export {
  actionBase,
  actionInputsKey,
  type ActionSlot,
  ATTEMPT_FILES,
  attemptPrefix,
  codeKey,
  commitKey,
  fileKey,
  mapOutputsKey,
  planKey,
  planOriginKey,
  rootInputsKey,
  runBase,
  type RunIdentity,
  treeKey,
} from "./addresses.ts";
export { CHUNK_BYTES } from "./chunks.ts";
export { codeContent, type Content, fileContent, storeContent, type StoredObject, treeContent, type TreeFile } from "./content.ts";
export { memoryStore } from "./memory-store.ts";
export { openBlobStore } from "./open.ts";
export {
  openRemoteData,
  type OpenRemoteData,
  type RemoteData,
  RemoteDataError,
  remoteDataOpener,
  type RemoteFile,
  type RemoteIdentity,
} from "./remote-data.ts";
export { copilotEnvironmentOf, storageEnvironmentOf, type StorageOptions, storageRootOf, type StorageSection } from "./storage-options.ts";
export { BlobError, type BlobErrorCode, type BlobStat, type BlobStore, type StoreTrouble } from "./store.ts";
export { type ExtractedFile, filesOfTar, type TarLimits } from "./tar.ts";
