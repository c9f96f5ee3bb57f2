import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import type { Clock, Random } from "../base/index.ts";

/** What a store needs from the program that opens it. */
export interface StorageOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Where credentials, region and endpoint are looked for, by the providers' own names (AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, …). */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The section `storage` of the configuration, as far as it matters here. */
export interface StorageSection {
  readonly type: "s3" | "google" | "azure" | "local" | "mem";
  readonly container?: string | undefined;
  readonly prefix?: string | undefined;
  readonly directory?: string | undefined;
  readonly connection?: {
    readonly endpoint?: string | undefined;
    readonly region?: string | undefined;
    readonly "auth-type"?: "iam" | "accesskey" | undefined;
    readonly accessKeyPath?: string | undefined;
    readonly secretKeyPath?: string | undefined;
    readonly "disable-ssl"?: boolean | undefined;
  };
  readonly google?: { readonly jsonPath?: string | undefined; readonly endpoint?: string | undefined };
  readonly azure?: { readonly account?: string | undefined; readonly keyPath?: string | undefined; readonly endpoint?: string | undefined };
}

/** The root URI that a section names. */
export function storageRootOf(section: StorageSection): string {
  const below = section.prefix ? `/${section.prefix}` : "";
  switch (section.type) {
    case "s3":
      return `s3://${section.container ?? ""}${below}`;
    case "google":
      return `gs://${section.container ?? ""}${below}`;
    case "azure":
      return `abfs://${section.container ?? ""}@${section.azure?.account ?? ""}${below}`;
    case "mem":
      return "memory://store";
    case "local":
      return pathToFileURL(section.directory ?? "/var/lib/flyteops/objects").href + below.split("/").map(encodeURIComponent).join("/");
  }
}

function withScheme(endpoint: string, plain: boolean): string {
  return plain ? endpoint.replace(/^https:/, "http:") : endpoint;
}

/** What a section says, in the words of the environment: there it has one form, here and in the copilots. Keys that lie in files are read. */
export async function storageEnvironmentOf(section: StorageSection): Promise<Readonly<Record<string, string>>> {
  const { connection = {}, google = {}, azure = {} } = section;
  const entries: [string, string | undefined][] = [];
  const fileText = async (path: string | undefined) => (path === undefined ? undefined : (await readFile(path, "utf8")).trim());
  if (section.type === "s3") {
    const keys = connection["auth-type"] === "accesskey";
    entries.push(["AWS_REGION", connection.region]);
    entries.push(["AWS_ENDPOINT_URL", connection.endpoint && withScheme(connection.endpoint, connection["disable-ssl"] === true)]);
    if (keys)
      entries.push(["AWS_ACCESS_KEY_ID", await fileText(connection.accessKeyPath)], ["AWS_SECRET_ACCESS_KEY", await fileText(connection.secretKeyPath)]);
  } else if (section.type === "google") {
    entries.push(["GOOGLE_APPLICATION_CREDENTIALS", google.jsonPath], ["STORAGE_ENDPOINT", google.endpoint]);
  } else if (section.type === "azure") {
    entries.push(["AZURE_STORAGE_ACCOUNT_NAME", azure.account], ["AZURE_STORAGE_ACCOUNT_KEY", await fileText(azure.keyPath)]);
    entries.push(["AZURE_STORAGE_ENDPOINT", azure.endpoint]);
  }
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Of the same, what copilots in pods must know and is no secret. Their credentials come from a Secret, or from the pod's own identity. */
export function copilotEnvironmentOf({ type, connection = {}, google = {}, azure = {} }: StorageSection): Readonly<Record<string, string>> {
  const endpoint = connection.endpoint && withScheme(connection.endpoint, connection["disable-ssl"] === true);
  const entries: Readonly<Record<StorageSection["type"], Readonly<Record<string, string | undefined>>>> = {
    s3: { AWS_REGION: connection.region, AWS_ENDPOINT_URL: endpoint },
    google: { STORAGE_ENDPOINT: google.endpoint },
    azure: { AZURE_STORAGE_ACCOUNT_NAME: azure.account, AZURE_STORAGE_ENDPOINT: azure.endpoint },
    local: {},
    mem: {},
  };
  return Object.fromEntries(Object.entries(entries[type]).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
