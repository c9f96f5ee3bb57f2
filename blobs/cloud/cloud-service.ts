import { BlobError } from "../store.ts";
import type { StorageOptions } from "../storage-options.ts";
import type { CloudAddress } from "../store-address.ts";
import { awsKeys, awsProfile, type CredentialDeps } from "./aws-credentials.ts";
import { azureAuthorize } from "./azure-credentials.ts";
import { azureService } from "./azure.ts";
import { gcsService } from "./gcs.ts";
import { googleToken } from "./google-credentials.ts";
import { httpClient } from "./http.ts";
import type { RequestDeps } from "./requests.ts";
import { s3Service } from "./s3.ts";
import type { ObjectService } from "./service.ts";

const CONNECT_MS = 10_000;
const IDLE_MS = 60_000;
/** Nobody answers for the machine's identity where the machine has none. */
const IDENTITY_CONNECT_MS = 2_000;
const IDENTITY_IDLE_MS = 10_000;

type Environment = StorageOptions["environment"];

function endpointIn(environment: Environment, ...names: readonly string[]): { endpoint?: string } {
  const name = names.find((one) => environment[one]);
  const given = name === undefined ? undefined : environment[name];
  if (name === undefined || given === undefined) return {};
  const endpoint = /^https?:\/\//.test(given) ? given : `http://${given}`;
  if (URL.canParse(endpoint)) return { endpoint };
  throw new BlobError("BlobStoreMisconfigured", `${name} is no address: ${JSON.stringify(given)}`);
}

async function regionOf(environment: Environment): Promise<string> {
  return environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || (await awsProfile(environment))["region"] || "us-east-1";
}

/** The service behind an address, with the credentials, region and endpoint of the environment, looked up at its first use. Throws BlobStoreMisconfigured for an endpoint that is none. */
export function cloudService(address: CloudAddress, { clock, random, environment }: StorageOptions): ObjectService {
  const http = httpClient({ connectTimeoutMs: CONNECT_MS, idleTimeoutMs: IDLE_MS, environment });
  const identity = httpClient({ connectTimeoutMs: IDENTITY_CONNECT_MS, idleTimeoutMs: IDENTITY_IDLE_MS, environment });
  const deps: RequestDeps = { http, clock, random };
  const credentials: CredentialDeps = { http: identity, clock, environment };
  switch (address.scheme) {
    case "s3": {
      const endpoint = endpointIn(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
      return s3Service({ bucket: address.container, region: once(() => regionOf(environment)), ...endpoint, keys: awsKeys(credentials) }, deps);
    }
    case "gs": {
      const endpoint = endpointIn(environment, "STORAGE_EMULATOR_HOST", "STORAGE_ENDPOINT");
      return gcsService({ bucket: address.container, ...endpoint, token: googleToken(credentials) }, deps);
    }
    case "abfs": {
      const { account, container } = address;
      const endpoint = endpointIn(environment, "AZURE_STORAGE_ENDPOINT");
      return azureService({ account, container, ...endpoint, authorize: azureAuthorize(account, credentials) }, deps);
    }
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => (known ??= work());
}
