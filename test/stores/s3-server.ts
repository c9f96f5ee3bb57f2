import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, goProgram, type Running, startServer } from "./programs.ts";

export interface S3Server extends Running {
  /** `http://127.0.0.1:41234`, as this machine reaches it. */
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An S3 server that keeps its buckets below `directory` (on a disk with extended attributes). `host` 0.0.0.0 lets pods reach it. */
export async function startS3Server(options: {
  readonly directory: string;
  readonly host?: string;
  readonly port?: number;
  readonly buckets: readonly string[];
}): Promise<S3Server> {
  const host = options.host ?? "127.0.0.1";
  const port = options.port ?? (await freePort(host));
  for (const bucket of options.buckets) mkdirSync(join(options.directory, bucket), { recursive: true });
  const keys = { accessKeyId: "flyteops-test", secretAccessKey: "flyteops-test-secret" };
  const endpoint = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
  const running = await startServer(
    goProgram("versitygw"),
    ["--port", `${host}:${port}`, "--region", "us-east-1", "--quiet", "--keep-alive", "posix", options.directory],
    { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey },
    endpoint,
  );
  return { ...running, ...keys, endpoint, port, region: "us-east-1" };
}
