import { inParallel, type Logger, TerminalFailure } from "../base/index.ts";
import { ATTEMPT_FILES, type BlobStore, type RemoteData, RemoteDataError } from "../blobs/index.ts";
import { LiteralMapSchema, toBinary } from "../proto/index.ts";
import { offload, OutputFailure, type OutputProblem, type OutputReading, type OutputReference, readOutputs } from "../values/index.ts";
import type { SidecarArguments } from "./args.ts";
import { reportedError } from "./error-file.ts";
import type { Places } from "./download.ts";
import { systemError } from "./failure.ts";
import { followProgress } from "./progress.ts";
import { type AttemptError, type AttemptResult, downloadHasFailed, writeResult } from "./result.ts";
import { retrying, type RetryDeps } from "./retry.ts";
import { safeTree, type SafeTree } from "./safe-tree.ts";
import { type Stored, storeUploads } from "./upload.ts";

const PARALLEL_PARTS = 16;

interface Upload {
  readonly args: SidecarArguments;
  readonly store: BlobStore;
  readonly remote: RemoteData;
  readonly prefixKey: string;
  readonly tree: SafeTree;
  readonly deps: RetryDeps;
  /** Aborts at the deadline. */
  readonly signal: AbortSignal;
}

/** Follows the task's progress until `stop` aborts: the kubelet asks native sidecars to end when the main container has ended. */
export async function waitForTask(args: SidecarArguments, store: BlobStore, deps: RetryDeps & { readonly logger: Logger }, stop: AbortSignal): Promise<void> {
  const tree = await safeTree(args.from);
  await followProgress(tree, store, keyOf(store, args.prefix), deps, stop);
}

export function keyOf(store: BlobStore, uri: string): string {
  const key = store.keyOf(uri);
  if (key === undefined) throw new TerminalFailure("BadArguments", `${uri} does not lie in the object store ${store.root}`);
  return key;
}

/**
 * Stores what the task left. Order: the bytes of files, large literals, outputs.pb, result.json; so an upload that is interrupted
 * anywhere has committed nothing. When the attempt failed, what could be read is kept as partial-outputs.pb.
 */
export async function uploadOutputs(args: SidecarArguments, { store, remote }: Places, deps: RetryDeps, signal: AbortSignal): Promise<AttemptResult> {
  const tree = await safeTree(args.from, args.inputs === undefined ? [] : [args.inputs]);
  const upload: Upload = { args, store, remote, prefixKey: keyOf(store, args.prefix), tree, deps, signal };
  const result = await attemptResult(upload);
  await retrying(deps, signal, async () => {
    if (!(await downloadHasFailed(store, upload.prefixKey))) await writeResult(store, upload.prefixKey, result);
  });
  return result;
}

async function attemptResult(upload: Upload): Promise<AttemptResult> {
  const { tree, args } = upload;
  const reported = await reportedError(tree);
  try {
    const reading = await readOutputs(tree, args.parameters, args.raw, args.remote);
    const error = reported ?? problemsError([...reading.problems, ...(await missingReferences(upload, reading.references))]);
    const stored = await commit(upload, reading, error === undefined ? ATTEMPT_FILES.outputs : ATTEMPT_FILES.partialOutputs).catch((thrown: unknown) =>
      keptWithError(thrown, error),
    );
    return { outcome: error === undefined ? "Succeeded" : "Failed", ...(error === undefined ? {} : { error }), warnings: reading.warnings, ...stored };
  } catch (thrown) {
    const error = reported ?? failureError(upload.signal, thrown);
    return { outcome: "Failed", error, warnings: [], files: 0, bytes: 0 };
  }
}

/** Keeping the outputs of a failed attempt must not hide why it failed. */
function keptWithError(thrown: unknown, error: AttemptError | undefined): Stored {
  if (error === undefined) throw thrown;
  return { files: 0, bytes: 0 };
}

async function commit(upload: Upload, reading: OutputReading, name: string): Promise<Stored> {
  const { args, store, prefixKey, tree, deps, signal } = upload;
  const stored = await storeUploads(reading.uploads, tree, store, deps, signal);
  const { map, parts } = offload(args.parameters, reading.literals, (output) => `${args.prefix}/${output}.pb`);
  await inParallel(parts, PARALLEL_PARTS, (part) => retrying(deps, signal, () => store.write(`${prefixKey}/${part.name}.pb`, part.bytes)));
  await retrying(deps, signal, () => store.write(`${prefixKey}/${name}`, toBinary(LiteralMapSchema, map)));
  return stored;
}

/** A task that stored its own result must really have stored it. */
async function missingReferences(upload: Upload, references: readonly OutputReference[]): Promise<OutputProblem[]> {
  const problems = await inParallel(references, PARALLEL_PARTS, async (reference): Promise<OutputProblem[]> => {
    const there = await retrying(upload.deps, upload.signal, () =>
      reference.remote ? identified(upload.remote, reference) : holdsSomething(upload.store, reference),
    );
    return there ? [] : [{ code: "OutputMissing", output: reference.output, message: `output ${reference.output}: there is nothing at ${reference.uri}` }];
  });
  return problems.flat();
}

async function holdsSomething(store: BlobStore, { uri, multipart }: OutputReference): Promise<boolean> {
  const key = store.keyOf(uri);
  if (key === undefined) return false;
  if ((await store.stat(key)) !== undefined) return true;
  if (!multipart) return false;
  for await (const one of store.list(key)) return one.size >= 0;
  return false;
}

/** Looks at remote data and gives its literal the digest that stands for what is there now. False where there is nothing. */
async function identified(remote: RemoteData, { uri, multipart, output, literal }: OutputReference): Promise<boolean> {
  try {
    const identity = await remote.identity(uri, multipart);
    if (identity === undefined) return false;
    literal.hash = identity.digest;
    return true;
  } catch (thrown) {
    if (!(thrown instanceof RemoteDataError) || thrown.retry === "retryable") throw thrown;
    throw new OutputFailure(thrown.code === "UriNotAllowed" ? "OutputLinkEscapes" : "OutputInvalid", `output ${output}: ${thrown.message}`, { cause: thrown });
  }
}

function problemsError(problems: readonly OutputProblem[]): AttemptError | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  return {
    code: first.code,
    message: problems.map(({ message }) => message).join("; "),
    kind: "USER",
    retryable: first.code !== "OutputLinkEscapes",
    skip: false,
  };
}

function failureError(signal: AbortSignal, thrown: unknown): AttemptError {
  if (thrown instanceof OutputFailure)
    return { code: thrown.code, message: thrown.message, kind: "USER", retryable: thrown.code !== "OutputLinkEscapes", skip: false };
  // The deadline has passed: what is left of the grace period must suffice to say so.
  signal.throwIfAborted();
  return systemError("OutputUploadFailed", thrown);
}
