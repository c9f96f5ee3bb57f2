import { type Json, type JsonObject, parseJson, prefixProblem, sha256, stringifyJson } from "../../base/index.ts";
import { BlobError, type BlobStore, openRemoteData, RemoteDataError, type RemoteIdentity } from "../../blobs/index.ts";
import { formOf, type OpenPlan, parsedType, type PlanNode, type PlanParameter } from "../../engine/index.ts";
import type { Literal } from "../../proto/index.ts";
import { blobLiteral, blobOf, isProblems, mapLiteral, remoteLiteral, remoteReference, type Type } from "../../values/index.ts";
import { boundedCache } from "./bounded-cache.ts";
import type { RunContext } from "./context.ts";
import { DataFailure } from "./failures.ts";

type Place = Pick<RunContext, "base" | "project" | "dataPrefixes">;

/** What was seen of remote data when the run first looked at it: it holds for the whole run, whatever happens to the data. */
interface RemoteRecord {
  readonly digest: string;
  /** Path and version of each file of a directory. */
  readonly files?: readonly (readonly [below: string, version: string])[];
}

export interface RemoteInputs {
  /** The literal of `{uri: …}`. Throws DataFailure for what the project does not allow or what is not there. */
  literal(place: Place, type: Type, uri: Json): Promise<Literal>;
  /** The files of a remote directory as a map by relative path; undefined for a directory of our own store. */
  filesOf(place: Place, directory: Literal): Promise<Literal | undefined>;
}

const RECORD_MAX_BYTES = 256 * 1024 * 1024;
const CACHE_BYTES = 32 * 1024 * 1024;
const VERSION_DIGITS = 16;

function recordOf({ digest, files }: RemoteIdentity, multipart: boolean): RemoteRecord {
  return multipart ? { digest, files: files.map(({ below, version }) => [below, version.slice(7, 7 + VERSION_DIGITS)] as const) } : { digest };
}

interface Stores {
  readonly blobs: BlobStore;
  readonly openRemote: typeof openRemoteData;
}

async function identity({ blobs, openRemote }: Stores, { project, dataPrefixes }: Place, uri: string, multipart: boolean): Promise<RemoteRecord> {
  const refusal = prefixProblem(uri, dataPrefixes, project);
  if (refusal !== undefined) throw new DataFailure("UriNotAllowed", refusal);
  try {
    const found = await openRemote(dataPrefixes, [blobs.root]).identity(uri, multipart);
    if (found !== undefined) return recordOf(found, multipart);
  } catch (thrown) {
    if (!(thrown instanceof RemoteDataError) || thrown.retry === "retryable") throw thrown;
    throw new DataFailure(thrown.code, thrown.message);
  }
  throw new DataFailure("DataNotFound", `there is no ${multipart ? "directory" : "file"} at ${uri}`);
}

export function remoteInputs(blobs: BlobStore, openRemote: typeof openRemoteData = openRemoteData): RemoteInputs {
  const records = boundedCache<RemoteRecord>(CACHE_BYTES);

  async function stored(key: string): Promise<RemoteRecord | undefined> {
    try {
      const bytes = await blobs.read(key, RECORD_MAX_BYTES);
      const record = parseJson(bytes.toString("utf8")) as unknown as RemoteRecord;
      records.set(key, record, bytes.length);
      return record;
    } catch (thrown) {
      if (thrown instanceof BlobError && thrown.code === "BlobNotFound") return undefined;
      throw thrown;
    }
  }

  /** What was seen first counts, also after a restart. */
  async function record(place: Place, uri: string, multipart: boolean): Promise<RemoteRecord> {
    const key = `${place.base}/inputs/remote/${sha256(`${multipart ? "directory" : "file"} ${uri}`).slice(7)}.json`;
    const known = records.get(key) ?? (await stored(key));
    if (known) return known;
    await blobs.writeIfAbsent(key, stringifyJson((await identity({ blobs, openRemote }, place, uri, multipart)) as unknown as Json));
    const first = await stored(key);
    if (!first) throw new Error(`invariant violated: ${key} was written and is not there`);
    return first;
  }

  return {
    async literal(place, type, uri) {
      const reference = remoteReference(type, uri);
      if (isProblems(reference)) throw new DataFailure(reference[0]!.code, reference.map(({ message }) => message).join("; "));
      const { digest } = await record(place, reference.uri, reference.member.kind !== "file");
      return remoteLiteral(type, reference, { digest });
    },
    async filesOf(place, directory) {
      const uri = blobOf(directory)?.uri;
      if (uri === undefined || blobs.keyOf(uri) !== undefined) return undefined;
      const { files = [] } = await record(place, uri, true);
      const file = (below: string, version: string): Literal =>
        blobLiteral({ kind: "file" }, `${uri}/${below}`, { digest: sha256(`${uri}/${below} ${version}`) });
      return mapLiteral(files.map(([below, version]) => [below, file(below, version)] as const));
    },
  };
}

/** One `{uri: …}` of a Run or of the plan it is pinned to. */
export interface WantedRemote {
  /** Where it is written, for messages: `inputs.raw`, `train.inputs.raw`. */
  readonly at: string;
  /** The Run's own input. */
  readonly input?: string;
  readonly type: Type;
  readonly uri: Json;
}

function wantedByInputs(declared: Readonly<Record<string, PlanParameter>>, authored: JsonObject): WantedRemote[] {
  return Object.entries(authored).flatMap(([input, value]) => {
    const form = formOf(value as Json);
    const parameter = Object.hasOwn(declared, input) ? declared[input] : undefined;
    if ("problem" in form || form.form !== "uri" || !parameter) return [];
    return [{ at: `input ${input}`, input, type: parsedType(parameter.type), uri: form.value }];
  });
}

function wantedByNode({ name, inputs }: PlanNode): WantedRemote[] {
  return Object.entries(inputs).flatMap(([input, { type, from }]) =>
    from.kind === "remote" ? [{ at: `${name}.inputs.${input}`, type: parsedType(type), uri: from.uri }] : [],
  );
}

/** Every `{uri: …}` that a run may ever need. */
export function wantedRemotes({ plan, root }: OpenPlan, authored: JsonObject): WantedRemote[] {
  const nodes = Object.values(plan.graphs).flatMap((graph) => [...graph.nodes, ...(graph.onFailure ? [graph.onFailure] : [])]);
  return [...wantedByInputs(root.graph.inputs, authored), ...nodes.flatMap(wantedByNode)];
}

/** Looks at all remote data of a run, once, and gives the literals of its own inputs. Throws one DataFailure that names every problem. */
export async function readRemotes(remote: RemoteInputs, place: Place, wanted: readonly WantedRemote[]): Promise<ReadonlyMap<string, Literal>> {
  const literals = new Map<string, Literal>();
  const problems: DataFailure[] = [];
  for (const { at, input, type, uri } of wanted) {
    try {
      const literal = await remote.literal(place, type, uri);
      if (input !== undefined) literals.set(input, literal);
    } catch (thrown) {
      if (!(thrown instanceof DataFailure)) throw thrown;
      problems.push(new DataFailure(thrown.error.code, `${at}: ${thrown.message}`));
    }
  }
  const [first] = problems;
  if (first) throw new DataFailure(first.error.code, problems.map(({ message }) => message).join("; "));
  return literals;
}
