import { TerminalFailure } from "../../base/index.ts";
import { type BlobStore, codeContent, type Content, fileContent, storeContent, treeContent, type TreeFile } from "../../blobs/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import { DIRECTORY_LIMITS, FILE_LIMIT_BYTES } from "../check/references.ts";
import type { FileReference } from "../repository-object.ts";
import { isExecutable, isFile, type RepositoryTree } from "../source/repository-tree.ts";

/** What the sync writes beside a path. */
export interface ResolvedReference {
  readonly reference: FileReference;
  readonly digest: string;
}

/** Stores what manifests of one revision after another name, each content once. */
export interface ReferenceStore {
  /** Content-addressed; answers when it is stored. Safe to repeat and to interrupt. */
  resolve(tree: RepositoryTree, reference: FileReference): Promise<ResolvedReference>;
}

async function filesOf(tree: RepositoryTree, reference: FileReference): Promise<TreeFile[]> {
  const prefix = reference.path === "" ? 0 : reference.path.length + 1;
  const entries = (await tree.list(reference.path)).filter(isFile);
  return Promise.all(
    entries.map(async (entry) => ({
      path: entry.path.slice(prefix),
      mode: isExecutable(entry) ? "100755" : "100644",
      bytes: await tree.read(entry, DIRECTORY_LIMITS.bytes),
    })),
  );
}

async function contentOf(tree: RepositoryTree, reference: FileReference): Promise<Content> {
  if (reference.kind === "code") return codeContent(await filesOf(tree, reference));
  if (reference.kind === "directory") return treeContent(await filesOf(tree, reference));
  const entry = await tree.entry(reference.path);
  if (!entry) throw new TerminalFailure("FileNotFound", `there is no ${reference.path} in ${tree.revision}`);
  return fileContent(reference.path, await tree.read(entry, FILE_LIMIT_BYTES));
}

/** The name is part of a file's address, so it is part of what must be stored once. */
const contentKey = ({ kind, path, id }: FileReference): string => `${kind} ${id} ${kind === "file" ? path.slice(path.lastIndexOf("/") + 1) : ""}`;

export function referenceStore(store: BlobStore): ReferenceStore {
  const digests = new Map<string, Promise<string>>();
  const stored = async (tree: RepositoryTree, reference: FileReference): Promise<string> => {
    const content = await contentOf(tree, reference);
    await storeContent(store, content);
    return content.digest;
  };
  return {
    async resolve(tree, reference) {
      const key = contentKey(reference);
      const known = reference.id === "" ? undefined : digests.get(key);
      const digest = known ?? stored(tree, reference);
      if (reference.id !== "") digests.set(key, digest);
      digest.catch(() => digests.delete(key));
      return { reference, digest: await digest };
    },
  };
}

/** The object with digest and revision beside every path it names. The original is not changed. */
export function withReferences(object: KubeObject, resolved: readonly ResolvedReference[], revision: string): KubeObject {
  const filled = structuredClone(object);
  for (const { reference, digest } of resolved) {
    const place = reference.at.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], filled);
    if (typeof place === "object" && place !== null) Object.assign(place, { digest, revision });
  }
  return filled;
}
