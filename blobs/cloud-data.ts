import { dataUriProblem, isBelowPrefix, messageOf, sha256 } from "../base/index.ts";
import { cloudService } from "./cloud/cloud-service.ts";
import { wholeBody } from "./cloud/cloud-store.ts";
import type { Found, ObjectService } from "./cloud/service.ts";
import { type DataSource, RemoteDataError, type RemoteDataErrorCode, type RemoteFile } from "./data-source.ts";
import type { StorageOptions } from "./storage-options.ts";
import { cloudAddress } from "./store-address.ts";
import { BlobError, type BlobErrorCode } from "./store.ts";

/** The service and the name in it that a URI means. Connections and credentials are shared by all URIs of a bucket. */
export type CloudServices = (uri: string) => { readonly service: ObjectService; readonly name: string };

export function cloudServices(options: StorageOptions): CloudServices {
  const known = new Map<string, ObjectService>();
  return (uri) => {
    const address = cloudAddress(uri);
    if (address === undefined) throw new RemoteDataError("DataNotReadable", `${uri} names no object store`);
    const bucket = `${address.scheme}://${address.container}@${address.account}`;
    const service = known.get(bucket) ?? cloudService(address, options);
    known.set(bucket, service);
    return { service, name: address.path };
  };
}

/** What the store says, as its owner's data see it: nobody but they can mend a missing right. */
const CODES: Readonly<Partial<Record<BlobErrorCode, RemoteDataErrorCode>>> = {
  BlobNotFound: "DataNotFound",
  BlobContainerMissing: "DataNotFound",
  BlobStoreUnavailable: "DataStoreUnavailable",
};

function failure(thrown: unknown, uri: string): unknown {
  if (!(thrown instanceof BlobError)) return thrown;
  return new RemoteDataError(CODES[thrown.code] ?? "DataNotReadable", `${uri} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
}

const fileOf = (uri: string, below: string, { size, version }: Found): RemoteFile => ({ uri, below, version: sha256(`${size} ${version}`) });

/** Objects of any bucket that the credentials reach, but for what lies below `except`. A directory is what lies below a name and a slash. */
export function cloudData(services: CloudServices, except: readonly string[]): DataSource {
  function located(uri: string): ReturnType<CloudServices> {
    const found = services(uri);
    const refusal = found.service.refusal(found.name);
    if (refusal !== undefined) throw new RemoteDataError("DataNotReadable", `${uri}: ${refusal}`);
    return found;
  }

  async function* listed(uri: string): AsyncGenerator<RemoteFile> {
    const { service, name } = located(uri);
    const root = uri.replace(/\/+$/, "");
    const prefix = name === "" ? "" : `${name}/`;
    let token: string | undefined;
    do {
      const page = await service.list(prefix, token);
      for (const object of page.objects) {
        const below = object.name.slice(prefix.length);
        // Consoles mark folders with empty objects.
        if (object.size === 0 && (below === "" || below.endsWith("/"))) continue;
        yield fileOf(safe(`${root}/${below}`), below, object);
      }
      token = page.next;
    } while (token !== undefined);
  }

  /** A listing holds what others wrote: no name of it may lead elsewhere when it becomes a path, nor into our own store. */
  function safe(uri: string): string {
    const problem = dataUriProblem(uri);
    if (problem !== undefined || uri.endsWith("/"))
      throw new RemoteDataError("DataNotReadable", problem?.message ?? `${uri} ends in a slash and is no empty object`);
    if (isBelowPrefix(uri, except)) throw new RemoteDataError("UriNotAllowed", `${uri} lies in the object store itself`);
    return uri;
  }

  async function file(uri: string): Promise<RemoteFile | undefined> {
    const { service, name } = located(uri);
    const found = name === "" ? undefined : await service.head(name);
    return found && fileOf(uri, "", found);
  }

  return {
    file: (uri) => file(uri).catch((thrown: unknown) => Promise.reject(failure(thrown, uri) as Error)),
    async *files(uri) {
      try {
        let some = false;
        for await (const one of listed(uri)) {
          some = true;
          yield one;
        }
        const only = some ? undefined : await file(uri);
        if (only !== undefined) yield only;
      } catch (thrown) {
        throw failure(thrown, uri);
      }
    },
    async *readStream(uri) {
      try {
        const { service, name } = located(uri);
        if (name === "") throw new RemoteDataError("DataNotFound", `${uri} is a bucket, not a file`);
        yield* wholeBody(service, name);
      } catch (thrown) {
        throw failure(thrown, uri);
      }
    },
  };
}
