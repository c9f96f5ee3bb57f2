import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobStore, type BlobStore } from "../../blobs/index.ts";
import { systemClock, systemRandom } from "../../cmd/system.ts";
import { AZURE_ACCOUNT, AZURE_KEY, startAzureServer, startGcsServer } from "./other-servers.ts";
import { CannotRun, type Running } from "./programs.ts";
import { startS3Server } from "./s3-server.ts";

export type BackendName = "s3" | "gs" | "abfs";

/** A server that runs, and how it is reached. */
export interface Backend {
  readonly name: BackendName;
  /** `s3://flyteops-test` */
  readonly bucket: string;
  /** Address of the server, for a proxy before it. */
  readonly endpoint: string;
  /** What programs are given to reach it; the endpoint may be another one than the server's own. */
  environment(endpoint?: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const CONTAINER = "flyteops-test";

async function withDirectory(start: (directory: string) => Promise<Running & { endpoint: string }>) {
  const directory = await mkdtemp(join(tmpdir(), "flyteops-stores-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  const server = await start(directory).catch(async (thrown: unknown) => {
    await remove();
    throw thrown;
  });
  return { ...server, close: () => server.close().then(remove) };
}

const STARTS: Readonly<Record<BackendName, () => Promise<Backend>>> = {
  async s3() {
    const server = await withDirectory((directory) => startS3Server({ directory, buckets: [CONTAINER] }));
    const keys = { AWS_ACCESS_KEY_ID: "flyteops-test", AWS_SECRET_ACCESS_KEY: "flyteops-test-secret", AWS_REGION: "us-east-1" };
    return { name: "s3", bucket: `s3://${CONTAINER}`, ...server, environment: (endpoint = server.endpoint) => ({ ...keys, AWS_ENDPOINT_URL: endpoint }) };
  },
  async gs() {
    const server = await startGcsServer([CONTAINER]);
    return { name: "gs", bucket: `gs://${CONTAINER}`, ...server, environment: (endpoint = server.endpoint) => ({ STORAGE_EMULATOR_HOST: endpoint }) };
  },
  async abfs() {
    const server = await startAzureServer([CONTAINER]);
    const keys = { AZURE_STORAGE_ACCOUNT_NAME: AZURE_ACCOUNT, AZURE_STORAGE_ACCOUNT_KEY: AZURE_KEY };
    const environment = (endpoint = server.endpoint) => ({ ...keys, AZURE_STORAGE_ENDPOINT: endpoint });
    return { name: "abfs", bucket: `abfs://${CONTAINER}@${AZURE_ACCOUNT}`, ...server, environment };
  },
};

export const BACKENDS = Object.keys(STARTS) as readonly BackendName[];

/** One server per backend, for all suites of the process. CannotRun where it cannot run here. */
const running = new Map<BackendName, Promise<Backend>>();

export function backend(name: BackendName): Promise<Backend> {
  const known = running.get(name) ?? STARTS[name]();
  running.set(name, known);
  return known;
}

export async function closeBackends(): Promise<void> {
  for (const one of running.values()) await one.then((up) => up.close()).catch(() => undefined);
  running.clear();
}

export { CannotRun };

/** A store below a prefix of its own. */
export function storeOn(up: Backend, prefix: string, endpoint?: string): BlobStore {
  return openBlobStore(`${up.bucket}/${prefix}`, { clock: systemClock, random: systemRandom, environment: up.environment(endpoint) });
}
