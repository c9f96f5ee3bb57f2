import { didYouMean, isFields, type Json, type JsonObject } from "../../base/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { FileReference } from "../repository-object.ts";
import { isDirectory, isFile, isLink, isSubmodule, type RepositoryTree, type TreeEntry } from "../source/repository-tree.ts";
import { type Complaint, error } from "./candidate.ts";
import { resolvePath } from "./repository-path.ts";

/** A path that a manifest names, before it is looked up. */
export interface NamedPath {
  readonly kind: FileReference["kind"];
  readonly at: readonly (string | number)[];
  /** The key that holds the path: `file`, `directory` or `path`. */
  readonly key: string;
  readonly written: string;
}

/** What one directory of a repository may hold when it travels with a Task or a Run. */
export const DIRECTORY_LIMITS = { files: 20_000, bytes: 512 * 1024 * 1024 } as const;
export const FILE_LIMIT_BYTES = 2 * 1024 * 1024 * 1024;

/** An input that is given as an object: a form such as {file: …}. */
export interface GivenForm {
  readonly at: readonly (string | number)[];
  readonly form: JsonObject;
}

function inValues(values: Json | undefined, at: readonly (string | number)[]): GivenForm[] {
  if (!isFields(values)) return [];
  return Object.entries(values).flatMap(([name, form]) => (isFields(form) ? [{ at: [...at, name], form }] : []));
}

function pathsIn({ at, form }: GivenForm): NamedPath[] {
  return (["file", "directory"] as const).flatMap((key) => {
    const written = form[key];
    return typeof written === "string" ? [{ kind: key, at, key, written }] : [];
  });
}

function inNode(node: Json | undefined, at: readonly (string | number)[]): GivenForm[] {
  if (!isFields(node)) return [];
  const map = node["map"];
  return [...inValues(node["inputs"], [...at, "inputs"]), ...(isFields(map) ? inValues(map["over"], [...at, "map", "over"]) : [])];
}

function inWorkflow(spec: JsonObject): GivenForm[] {
  const nodes = isFields(spec["nodes"]) ? Object.entries(spec["nodes"]) : [];
  const around = (["onFailure", "finally"] as const).flatMap((field) => inNode(spec[field], ["spec", field]));
  return [...nodes.flatMap(([name, node]) => inNode(node, ["spec", "nodes", name])), ...around];
}

function inTask(spec: JsonObject): NamedPath[] {
  const { code } = spec;
  if (!isFields(code) || code["git"] !== undefined || typeof code["path"] !== "string") return [];
  return [{ kind: "code", at: ["spec", "code"], key: "path", written: code["path"] }];
}

/** Every path of the repository that an object names. */
export function namedPaths(object: KubeObject): NamedPath[] {
  const { spec } = object as unknown as { spec?: Json };
  const code = isFields(spec) && (object.kind === "Task" || object.kind === "App") ? inTask(spec) : [];
  return [...code, ...givenForms(object).flatMap(pathsIn)];
}

/** Every input of a Workflow's nodes, a Run or a Trigger that is given as an object. */
export function givenForms(object: KubeObject): GivenForm[] {
  const { spec } = object as unknown as { spec?: Json };
  if (!isFields(spec)) return [];
  switch (object.kind) {
    case "Workflow":
      return inWorkflow(spec);
    case "Run":
      return inValues(spec["inputs"], ["spec", "inputs"]);
    case "Trigger": {
      const run = isFields(spec["run"]) ? spec["run"] : {};
      return [...inValues(spec["defaultInputs"], ["spec", "defaultInputs"]), ...inValues(run["fixedInputs"], ["spec", "run", "fixedInputs"])];
    }
    default:
      return [];
  }
}

export type LookedUp = { readonly reference: FileReference } | { readonly complaint: Complaint };

/** Looks up named paths in one revision; every directory is judged once. */
export function pathLookup(tree: RepositoryTree, base: string): (named: NamedPath) => Promise<LookedUp> {
  const directories = new Map<string, Promise<string | undefined>>();
  const problemOfDirectory = (entry: TreeEntry): Promise<string | undefined> => {
    const known = directories.get(entry.path) ?? directoryProblem(tree, entry);
    directories.set(entry.path, known);
    return known;
  };
  return async (named) => {
    const at = [...named.at, named.key];
    const resolved = resolvePath(base, named.written);
    if ("problem" in resolved) return { complaint: error("PathInvalid", resolved.problem, at) };
    const entry = await tree.entry(resolved.path);
    if (!entry) return { complaint: error("FileNotFound", await absence(tree, resolved.path), at) };
    const problem = entryProblem(named.kind, entry) ?? (isDirectory(entry) ? await problemOfDirectory(entry) : undefined);
    if (problem !== undefined) return { complaint: error(isLink(entry) ? "LinkNotAllowed" : "FileNotUsable", problem, at) };
    return { reference: { kind: named.kind, at: named.at, path: resolved.path, id: entry.id } };
  };
}

function entryProblem(kind: FileReference["kind"], entry: TreeEntry): string | undefined {
  if (isLink(entry)) return `${entry.path} is a symbolic link; links are not followed: name the file itself`;
  if (isSubmodule(entry)) return `${entry.path} is a submodule, whose files are not in this repository`;
  if (kind === "file" && !isFile(entry)) return `${entry.path} is a directory: write {directory: …}`;
  if (kind !== "file" && !isDirectory(entry)) return `${entry.path} is a file: ${kind === "code" ? "code.path names a directory" : "write {file: …}"}`;
  return kind === "file" && entry.size > FILE_LIMIT_BYTES
    ? `${entry.path} has ${entry.size} bytes; a file of a repository may have ${FILE_LIMIT_BYTES}`
    : undefined;
}

async function directoryProblem(tree: RepositoryTree, directory: TreeEntry): Promise<string | undefined> {
  const entries = await tree.list(directory.path);
  const link = entries.find((entry) => isLink(entry) || isSubmodule(entry));
  if (link) return `${link.path} is a ${isLink(link) ? "symbolic link" : "submodule"}; ${directory.path || "the directory"} may hold regular files only`;
  const files = entries.filter(isFile);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length > DIRECTORY_LIMITS.files) return `${directory.path} holds ${files.length} files; at most ${DIRECTORY_LIMITS.files} are allowed`;
  return bytes > DIRECTORY_LIMITS.bytes ? `${directory.path} holds ${bytes} bytes; at most ${DIRECTORY_LIMITS.bytes} are allowed` : undefined;
}

/** Says what is there instead: the deepest folder that exists, or a name that is close. */
async function absence(tree: RepositoryTree, path: string): Promise<string> {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  const prefix = folder === "" ? "" : `${folder}/`;
  const siblings = (await tree.list(folder)).map((entry) => entry.path).filter((found) => !found.slice(prefix.length).includes("/"));
  return `there is no ${path} in this commit${didYouMean(path, siblings)}`;
}
