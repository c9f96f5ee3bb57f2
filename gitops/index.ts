export { type CheckOptions, type CheckResult } from "./check/check-result.ts";
export { type Inventory, type InventoryEntry } from "./plan/inventory.ts";
export { formatProblem, isError, type Position, type Problem, sortProblems } from "./problem.ts";
export { type FileReference, objectKey, type RepositoryObject } from "./repository-object.ts";
export { type FileChange, type GitRef, type GitRemote, type Revision, type RevisionRequest } from "./source/git-remote.ts";
export { isDirectory, isExecutable, isFile, isLink, isSubmodule, type RepositoryTree, type TreeEntry } from "./source/repository-tree.ts";
export { gitMirrors, type GitMirrorsDeps } from "./source/git-mirrors.ts";
export { parseRepositoryUrl, redactUrls, type RepositoryUrl } from "./source/git-url.ts";
export { gitDirectories, type GitDirectories } from "./source/local-refs.ts";
