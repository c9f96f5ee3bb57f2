import { canonicalJson, invariant, type JsonObject, sha256 } from "../../base/index.ts";
import { allKinds } from "../../crds/index.ts";
import { LIMITS } from "../parse/limits.ts";
import { type Locator, locator } from "../parse/locate.ts";
import type { ParsedFile } from "../parse/parse-file.ts";
import { type Problem, sortProblems } from "../problem.ts";
import { objectKey, type RepositoryObject } from "../repository-object.ts";
import type { RepositoryTree, TreeEntry } from "../source/repository-tree.ts";
import { admit } from "./admit.ts";
import { checkCallers } from "./callers-check.ts";
import { type Admitted, type Candidate, type Complaint, error, isInvalid } from "./candidate.ts";
import type { CheckOptions, CheckResult } from "./check-result.ts";
import { checkDataUris } from "./data-uris.ts";
import { type DefinitionElsewhere, definitionsCheck } from "./definitions-check.ts";
import { followedFolder, manifestFiles, readManifest } from "./manifest-files.ts";
import { namedPaths, pathLookup } from "./references.ts";

/** One manifest file as read and judged by itself: it depends on the blob and the options alone. */
interface JudgedFile {
  readonly parsed: ParsedFile;
  readonly admitted: readonly Admitted[];
}

/** Checks revision after revision of one repository; what did not change since the last time is not looked at again. */
export interface RepositoryChecker {
  /**
   * Everything there is to say about one revision. `elsewhere` are definitions of the cluster that the repository's objects may use.
   * Throws PathInvalid, PathNotFound, TooManyFiles (terminal) and what reading the tree throws.
   */
  check(tree: RepositoryTree, options: CheckOptions, elsewhere?: readonly DefinitionElsewhere[]): Promise<CheckResult>;
}

export function repositoryChecker(): RepositoryChecker {
  let judged = new Map<string, JudgedFile>();
  let judgedWith = "";
  const definitions = definitionsCheck();
  const digests: ContentDigests = new WeakMap();
  return {
    async check(tree, options, elsewhere = []) {
      const fingerprint = canonicalJson([options.tenant, options.defaultNamespace]);
      const known = fingerprint === judgedWith ? judged : new Map<string, JudgedFile>();
      const entries = await manifestFiles(tree, options);
      const files = await judgeAll(tree, entries, options, known);
      [judged, judgedWith] = [new Map([...files].flatMap(([entry, file]) => (entry.id === "" ? [] : [[entry.id, file] as const]))), fingerprint];
      const candidates = candidatesOf(files);
      markDuplicates(candidates);
      await lookUpPaths(tree, options, candidates);
      definitions.check(candidates, elsewhere);
      checkDataUris(candidates, elsewhere);
      checkCallers(candidates, elsewhere);
      return result(tree, files, candidates, digests);
    },
  };
}

/** Reads many files at once: the reader behind the tree answers in turn. */
async function judgeAll(
  tree: RepositoryTree,
  entries: readonly TreeEntry[],
  options: CheckOptions,
  known: ReadonlyMap<string, JudgedFile>,
): Promise<Map<TreeEntry, JudgedFile>> {
  const judge = async (entry: TreeEntry): Promise<JudgedFile> => {
    const parsed = await readManifest(tree, entry);
    return { parsed, admitted: parsed.documents.map((document) => admit(document, options)) };
  };
  const files = new Map<TreeEntry, JudgedFile>();
  const window = 64;
  for (let from = 0; from < entries.length; from += window) {
    const part = entries.slice(from, from + window);
    const results = await Promise.all(part.map((entry) => (entry.id === "" ? undefined : known.get(entry.id)) ?? judge(entry)));
    part.forEach((entry, index) => {
      const file = results[index];
      invariant(file, "every entry was judged");
      files.set(entry, file);
    });
  }
  return files;
}

function candidatesOf(files: ReadonlyMap<TreeEntry, JudgedFile>): Candidate[] {
  return [...files].flatMap(([entry, { admitted }]) => admitted.flatMap((each) => (each.identity ? [candidateOf(each, each.identity, entry.path)] : [])));
}

function candidateOf(admitted: Admitted, identity: Candidate["identity"], file: string): Candidate {
  return { ...admitted, key: objectKey(identity), identity, file, references: [], found: [] };
}

/** Of two documents for one object nobody knows which is meant: neither is applied. */
function markDuplicates(candidates: readonly Candidate[]): void {
  const firsts = new Map<string, Candidate>();
  const reported = new Set<Candidate>();
  const report = (candidate: Candidate, { file, position }: Candidate) => {
    const { kind, name } = candidate.identity;
    candidate.found.push(error("DuplicateObject", `${kind} ${name} is also in ${file}:${position.line}; neither is applied`, ["metadata", "name"]));
  };
  for (const candidate of candidates) {
    const first = firsts.get(candidate.key);
    if (!first) {
      firsts.set(candidate.key, candidate);
      continue;
    }
    if (!reported.has(first)) report(first, candidate);
    reported.add(first);
    report(candidate, first);
  }
}

async function lookUpPaths(tree: RepositoryTree, options: CheckOptions, candidates: readonly Candidate[]): Promise<void> {
  const lookUp = pathLookup(tree, followedFolder(options.path));
  for (const candidate of candidates) {
    if (!candidate.spec) continue;
    const named = namedPaths(candidate.object);
    if (named.length === 0) continue;
    const results = await Promise.all(named.map(lookUp));
    candidate.references = results.flatMap((each) => ("reference" in each ? [each.reference] : []));
    candidate.found.push(...results.flatMap((each) => ("complaint" in each ? [each.complaint] : [])));
  }
}

/** Kinds in the order in which they are applied. */
const ORDER: ReadonlyMap<string, number> = new Map(allKinds.map(({ kind }, index) => [kind, index]));

function applyOrder(left: RepositoryObject, right: RepositoryObject): number {
  const rank = (ORDER.get(left.kind) ?? 99) - (ORDER.get(right.kind) ?? 99);
  return rank || (left.key < right.key ? -1 : 1);
}

/** Of a document's content and of what its references hold, by what they were computed from. */
type ContentDigests = WeakMap<JsonObject, { readonly ids: string; readonly digest: string }>;

function contentDigest({ spec, digest, references }: Candidate, known: ContentDigests): string {
  if (references.length === 0 || !spec) return digest;
  const ids = references.map(({ id, path }) => (id === "" ? path : id)).join(" ");
  const before = known.get(spec);
  if (before?.ids === ids) return before.digest;
  const content = sha256(canonicalJson([digest, references.map(({ at, id, path }) => [at, id === "" ? path : id])]));
  known.set(spec, { ids, digest: content });
  return content;
}

function objectOf(candidate: Candidate, known: ContentDigests): RepositoryObject {
  const { key, references, file, position, object } = candidate;
  return { key, ...candidate.identity, object, file, position, references, digest: contentDigest(candidate, known) };
}

async function result(
  tree: RepositoryTree,
  files: ReadonlyMap<TreeEntry, JudgedFile>,
  candidates: readonly Candidate[],
  digests: ContentDigests,
): Promise<CheckResult> {
  const judged = [...files];
  return {
    objects: candidates
      .filter((candidate) => !isInvalid(candidate))
      .map((candidate) => objectOf(candidate, digests))
      .sort(applyOrder),
    problems: sortProblems(await problemsOf(tree, files, candidates)),
    held: new Set(candidates.filter(isInvalid).map(({ key }) => key)),
    brokenFiles: new Set(judged.filter(([, file]) => isBroken(file)).map(([{ path }]) => path)),
    files: new Set(judged.map(([{ path }]) => path)),
    ignored: judged.reduce((sum, [, { parsed }]) => sum + parsed.ignored, 0),
  };
}

/** A document of ours without a name may be any object. */
function isBroken({ parsed, admitted }: JudgedFile): boolean {
  return parsed.broken || admitted.some(({ kind, identity }) => kind !== undefined && identity === undefined);
}

async function problemsOf(tree: RepositoryTree, files: ReadonlyMap<TreeEntry, JudgedFile>, candidates: readonly Candidate[]): Promise<Problem[]> {
  const byFile = new Map<string, Candidate[]>();
  for (const candidate of candidates) if (candidate.found.length > 0) byFile.set(candidate.file, [...(byFile.get(candidate.file) ?? []), candidate]);
  const problems: Problem[] = [];
  for (const [entry, { parsed, admitted }] of files) {
    for (const { position, ...said } of parsed.problems) problems.push({ ...said, ...position, severity: "error", file: entry.path });
    const complaining = admitted.filter(({ complaints }) => complaints.length > 0);
    const found = byFile.get(entry.path) ?? [];
    if (complaining.length === 0 && found.length === 0) continue;
    const places = locator(await tree.read(entry, LIMITS.fileBytes));
    const add = (document: Admitted, complaints: readonly Complaint[]) =>
      problems.push(...complaints.map((complaint) => located(entry, document, complaint, places)));
    for (const document of complaining) add(document, document.complaints);
    for (const candidate of found) add(candidate, candidate.found);
  }
  return problems;
}

function located(entry: TreeEntry, document: Admitted, { code, message, severity, path, of }: Complaint, places: Locator): Problem {
  const { identity } = document;
  const object = identity && { kind: identity.kind, name: identity.name, ...(identity.namespace === "" ? {} : { namespace: identity.namespace }) };
  return { code, message, severity, file: entry.path, ...places.locate(document.index, path, of), ...(object ? { object } : {}) };
}

/** Checks one revision once, with nothing kept: what `flyteops validate` does. */
export function checkRepository(tree: RepositoryTree, options: CheckOptions): Promise<CheckResult> {
  return repositoryChecker().check(tree, options);
}
