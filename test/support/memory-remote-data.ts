import { digestJson, isBelowPrefix, sha256 } from "../../base/index.ts";
import { type RemoteData, RemoteDataError, type RemoteFile } from "../../blobs/index.ts";

/** Data of others in memory, text by URI: tests on a clock that stands still cannot wait for a disk. */
export function memoryRemoteData(files: ReadonlyMap<string, string>): (prefixes: readonly string[]) => RemoteData {
  return (prefixes) => {
    const allowed = (uri: string): void => {
      if (!isBelowPrefix(uri, prefixes)) throw new RemoteDataError("UriNotAllowed", `${uri} lies below none of the data prefixes`);
    };
    const fileOf = (uri: string, below: string): RemoteFile => ({ uri, below, version: sha256(files.get(uri) ?? "") });
    const file = async (uri: string): Promise<RemoteFile | undefined> => {
      allowed(uri);
      return files.has(uri) ? fileOf(uri, "") : undefined;
    };
    const filesBelow = async (uri: string): Promise<readonly RemoteFile[] | undefined> => {
      allowed(uri);
      const found = [...files.keys()].filter((key) => key.startsWith(`${uri}/`)).sort();
      return found.length === 0 ? undefined : found.map((key) => fileOf(key, key.slice(uri.length + 1)));
    };
    return {
      covers: (uri) => isBelowPrefix(uri, prefixes),
      file,
      files: filesBelow,
      async *readStream(uri) {
        allowed(uri);
        yield Buffer.from(files.get(uri) ?? "");
      },
      async identity(uri, multipart) {
        const found = multipart ? await filesBelow(uri) : [await file(uri)].filter((one) => one !== undefined);
        if (found === undefined || found.length === 0) return undefined;
        return { digest: digestJson([uri, found.map(({ below, version }) => [below, version])]), files: found };
      },
    };
  };
}
