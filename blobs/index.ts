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
  rootInputsKey,
  runBase,
  type RunIdentity,
  treeKey,
} from "./addresses.ts";
export { BlobError, type BlobErrorCode, type BlobStat, type BlobStore } from "./store.ts";
