import { BUCKETS, digestJson, isBelowPrefix } from "../base/index.ts";
import { cloudData, type CloudServices, cloudServices } from "./cloud-data.ts";
import { type DataSource, RemoteDataError, type RemoteFile } from "./data-source.ts";
import { localData } from "./local-data.ts";
import type { StorageOptions } from "./storage-options.ts";

/** Data that flyteops does not own, read where it lies: files and directories below some prefixes, and nothing else. */
export interface RemoteData {
  /** Whether a URI lies below one of the prefixes. Everything else is refused without being touched. */
  covers(uri: string): boolean;
  /** One file; undefined where there is nothing, or a directory. */
  file(uri: string): Promise<RemoteFile | undefined>;
  /** All files below a directory, by path. Undefined where there is none. */
  files(uri: string, maxFiles?: number): Promise<readonly RemoteFile[] | undefined>;
  readStream(uri: string): AsyncIterable<Uint8Array>;
  /** What stands for a file, or for everything below a directory, in cache keys. Undefined where there is nothing of the kind. */
  identity(uri: string, multipart: boolean): Promise<RemoteIdentity | undefined>;
}

export interface RemoteIdentity {
  /** `sha256:…` over the URI and the versions of its files. */
  readonly digest: string;
  readonly files: readonly RemoteFile[];
}

/** Files one directory may have. */
const MAX_FILES = 1_000_000;

/** The data below `prefixes`, but for what lies below `except`: our own store is never somebody's data. */
export type OpenRemoteData = (prefixes: readonly string[], except?: readonly string[]) => RemoteData;

/** Opens data in directories of this machine, and with `options` in object stores, with the credentials that the environment holds. */
export function remoteDataOpener(options?: StorageOptions): OpenRemoteData {
  const services = options && cloudServices(options);
  return (prefixes, except = []) => remoteData(prefixes, except, services);
}

/** Data in directories of this machine only. */
export const openRemoteData: OpenRemoteData = remoteDataOpener();

const CLOUD = new RegExp(`^(${Object.keys(BUCKETS).join("|")})://`);

function remoteData(prefixes: readonly string[], except: readonly string[], services: CloudServices | undefined): RemoteData {
  const local = localData(prefixes, except);
  const cloud = services && cloudData(services, except);
  const covers = (uri: string) => isBelowPrefix(uri, prefixes) && !isBelowPrefix(uri, except);

  function sourceOf(uri: string): DataSource {
    const why = isBelowPrefix(uri, except) ? "in the object store itself" : `below none of the data prefixes: ${prefixes.join(", ") || "there are none"}`;
    if (!covers(uri)) throw new RemoteDataError("UriNotAllowed", `${uri} lies ${why}`);
    const source = CLOUD.test(uri) ? cloud : local;
    if (source === undefined) throw new RemoteDataError("DataNotReadable", `${uri} cannot be read here: this command reaches no object store`);
    return source;
  }

  async function file(uri: string): Promise<RemoteFile | undefined> {
    return sourceOf(uri).file(uri).catch(nothing);
  }

  async function files(uri: string, maxFiles = MAX_FILES): Promise<readonly RemoteFile[] | undefined> {
    const source = sourceOf(uri);
    const found: RemoteFile[] = [];
    try {
      for await (const one of source.files(uri)) {
        found.push(one);
        if (found.length > maxFiles) throw new RemoteDataError("DataTooLarge", `${uri} has more than ${maxFiles} files`);
      }
    } catch (thrown) {
      return nothing(thrown);
    }
    // A directory of this machine may be empty; in an object store there is none without objects.
    return found.length === 0 && source === cloud ? undefined : found;
  }

  return {
    covers,
    file,
    files,
    async identity(uri, multipart) {
      const found = multipart ? await files(uri) : [await file(uri)].filter((one) => one !== undefined);
      if (found === undefined || (!multipart && found.length === 0)) return undefined;
      return { digest: digestJson([uri, found.map(({ below, version }) => [below, version])]), files: found };
    },
    async *readStream(uri) {
      yield* sourceOf(uri).readStream(uri);
    },
  };
}

function nothing(thrown: unknown): undefined {
  if (thrown instanceof RemoteDataError && thrown.code === "DataNotFound") return undefined;
  throw thrown;
}

export { RemoteDataError, type RemoteFile };
