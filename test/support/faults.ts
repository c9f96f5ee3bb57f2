import { BlobError, type BlobStore } from "../../blobs/index.ts";
import { RetryableFailure } from "../../base/index.ts";
import { ApiError, type ObjectClient } from "../../kube/index.ts";
import type { RunArchive, RunHistory } from "../../records/index.ts";

/**
 * What befalls one call: refused as stale, refused as busy, done but the answer is lost, or the program dies just before
 * or just after it.
 */
export type Fault = "conflict" | "unavailable" | "lost answer" | "crash before" | "crash after";
export const FAULTS: readonly Fault[] = ["conflict", "unavailable", "lost answer", "crash before", "crash after"];

/** Everything one program asks of the world goes through one line, so that its calls have numbers. */
export interface FaultLine {
  /** What was asked so far: `patch TaskAction/status iris-train`. */
  readonly calls: readonly string[];
  /** The program has died: whatever it still asks is refused. */
  readonly dead: boolean;
  client(client: ObjectClient): ObjectClient;
  blobs(blobs: BlobStore): BlobStore;
  archive(archive: RunArchive): RunArchive;
  history(history: Pick<RunHistory, "uidsOf">): Pick<RunHistory, "uidsOf">;
}

class Dead extends Error {}

/** Lets every call through, but for the one with this number. Watches and lists of caches are not counted: they only read, and repeat by themselves. */
export function faultLine(at?: number, fault?: Fault): FaultLine {
  const calls: string[] = [];
  let dead = false;

  async function through<T>(name: string, work: () => Promise<T>, refuse: (fault: Fault) => Error): Promise<T> {
    if (dead) throw new Dead("the program is dead");
    const hit = calls.length === at ? fault : undefined;
    calls.push(name);
    if (hit === undefined) return work();
    if (hit === "conflict" || hit === "unavailable") throw refuse(hit);
    if (hit === "crash before") dead = true;
    else await work();
    if (hit === "crash after") dead = true;
    throw dead ? new Dead("the program died") : refuse(hit);
  }

  const apiRefusal = (fault: Fault): Error =>
    fault === "conflict"
      ? new ApiError(409, "Conflict", "the object has been modified")
      : new ApiError(fault === "unavailable" ? 503 : 0, "ServiceUnavailable", fault);
  const archiveRefusal = (fault: Fault): Error => new RetryableFailure("RecordsUnavailable", fault);
  const blobRefusal = (fault: Fault): Error => new BlobError("BlobStoreUnavailable", fault);

  return {
    calls,
    get dead() {
      return dead;
    },
    client: (client) => ({
      get: (kind, ref, how) => through(`get ${kind.kind} ${ref.name}`, () => client.get(kind, ref, how), apiRefusal),
      list: client.list.bind(client),
      watch: client.watch.bind(client),
      create: (kind, object, how) => through(`create ${kind.kind} ${object.metadata.name ?? ""}`, () => client.create(kind, object, how), apiRefusal),
      replace: (kind, object, how) => through(`replace ${kind.kind} ${object.metadata.name ?? ""}`, () => client.replace(kind, object, how), apiRefusal),
      patch: (kind, ref, patch, how) =>
        through(
          `patch ${kind.kind}${how?.subresource === undefined ? "" : `/${how.subresource}`} ${ref.name}`,
          () => client.patch(kind, ref, patch, how),
          apiRefusal,
        ),
      delete: (kind, ref, how) => through(`delete ${kind.kind} ${ref.name}`, () => client.delete(kind, ref, how), apiRefusal),
    }),
    blobs: (blobs) => ({
      ...blobs,
      uri: blobs.uri.bind(blobs),
      keyOf: blobs.keyOf.bind(blobs),
      readStream: blobs.readStream.bind(blobs),
      list: blobs.list.bind(blobs),
      delete: blobs.delete.bind(blobs),
      deleteAll: blobs.deleteAll.bind(blobs),
      read: (key, max) => through(`read ${key}`, () => blobs.read(key, max), blobRefusal),
      stat: (key) => through(`stat ${key}`, () => blobs.stat(key), blobRefusal),
      write: (key, data) => through(`write ${key}`, () => blobs.write(key, data), blobRefusal),
      writeIfAbsent: (key, data) => through(`commit ${key}`, () => blobs.writeIfAbsent(key, data), blobRefusal),
    }),
    history: (history) => ({
      uidsOf: (manifests) => through("ask the archive", () => history.uidsOf(manifests), archiveRefusal),
    }),
    archive: (archive) => ({
      archiveRun: (run) => through(`archive ${run.name}`, () => archive.archiveRun(run), archiveRefusal),
    }),
  };
}
