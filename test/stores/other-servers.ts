import { createHmac } from "node:crypto";
import { freePort, goProgram, npmProgram, type Running, startServer } from "./programs.ts";

const HOST = "127.0.0.1";

export interface StoreServer extends Running {
  readonly endpoint: string;
}

/** A server that speaks the JSON API of Google Cloud Storage and keeps everything in memory. */
export async function startGcsServer(buckets: readonly string[]): Promise<StoreServer> {
  const port = await freePort(HOST);
  const endpoint = `http://${HOST}:${port}`;
  const args = ["-scheme", "http", "-host", HOST, "-port", String(port), "-backend", "memory", "-public-host", `${HOST}:${port}`, "-log-level", "error"];
  const running = await startServer(goProgram("fake-gcs-server"), args, {}, endpoint);
  for (const name of buckets) {
    const made = await fetch(`${endpoint}/storage/v1/b?project=test`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    });
    if (!made.ok) throw new Error(`bucket ${name}: ${made.status}`);
  }
  return { ...running, endpoint };
}

/** The account every Azure emulator has; its key is public. */
export const AZURE_ACCOUNT = "devstoreaccount1";
export const AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

async function makeContainer(endpoint: string, container: string): Promise<void> {
  const date = new Date().toUTCString();
  const version = "2021-12-02";
  const text = `PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:${date}\nx-ms-version:${version}\n/${AZURE_ACCOUNT}${new URL(endpoint).pathname}/${container}\nrestype:container`;
  const signature = createHmac("sha256", Buffer.from(AZURE_KEY, "base64")).update(text).digest("base64");
  const headers = { "x-ms-date": date, "x-ms-version": version, authorization: `SharedKey ${AZURE_ACCOUNT}:${signature}` };
  const made = await fetch(`${endpoint}/${container}?restype=container`, { method: "PUT", headers });
  if (!made.ok) throw new Error(`container ${container}: ${made.status} ${await made.text()}`);
}

/** A server that speaks the Blob service of Azure and keeps everything in memory. */
export async function startAzureServer(containers: readonly string[]): Promise<StoreServer> {
  const port = await freePort(HOST);
  const endpoint = `http://${HOST}:${port}/${AZURE_ACCOUNT}`;
  const args = ["--blobHost", HOST, "--blobPort", String(port), "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence", "--silent"];
  const running = await startServer(process.execPath, [npmProgram("azurite", "dist/src/blob/main.js"), ...args], {}, endpoint);
  for (const container of containers) await makeContainer(endpoint, container);
  return { ...running, endpoint };
}
