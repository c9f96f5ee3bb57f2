import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { seededRandom, silentLogger } from "../../../base/index.ts";
import { systemClock as clock } from "../../../cmd/system.ts";
import { virtualClock } from "../../../test/support/virtual-clock.ts";
import { ADMINISTRATOR } from "../authenticate.ts";
import { type ApiServer, createApiServer } from "../server.ts";
import { memoryLog } from "../storage/memory-log.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { listen, type Listener } from "./listen.ts";
import { loadPki, type Pki } from "./pki.ts";

const run = promisify(execFile);
const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;

describe("the listener", function () {
  this.timeout(30_000);
  let directory: string;
  let pki: Pki;
  let server: ApiServer;
  let listener: Listener;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "flyteops-listen-"));
    pki = await loadPki(directory, clock);
    const podLogs = {
      async *read() {
        yield Buffer.from("one\n");
        yield Buffer.from("two\n");
      },
    };
    server = await createApiServer({
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      log: memoryLog(),
      podLogs,
      tokens: new Map([[pki.token, ADMINISTRATOR]]),
    });
    listener = await listen({ handle: server.handle, pki, logger: silentLogger, port: 0 });
    await writeFile(join(directory, "kubeconfig"), kubeconfig({ url: listener.url, ca: pki.ca, token: pki.token }));
  });
  after(async () => {
    await listener.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  interface Reply {
    readonly status: number;
    readonly headers: Record<string, unknown>;
    readonly body: Buffer;
  }

  function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: Buffer | string; token?: string } = {}): Promise<Reply> {
    const { method = "GET", headers = {}, body, token = pki.token } = options;
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        `${listener.url}${path}`,
        { ca: pki.ca, method, agent: false, headers: { authorization: `Bearer ${token}`, ...headers } },
        (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }));
        },
      );
      request.on("error", reject);
      request.end(body);
    });
  }

  it("proves itself by a certificate for loopback that its authority signed", async () => {
    const certificate = new X509Certificate(pki.certificate);
    assert.ok(certificate.verify(new X509Certificate(pki.ca).publicKey));
    assert.match(certificate.subjectAltName ?? "", /DNS:localhost.*IP Address:127\.0\.0\.1/);
    assert.equal((await ask("/version")).status, 200);
  });

  it("lets in who has the token", async () => {
    assert.equal((await ask("/api/v1/namespaces")).status, 200);
    assert.equal((await ask("/api/v1/namespaces", { token: "wrong" })).status, 401);
  });

  it("keeps its secrets from others, uses them again, and renews a certificate that is about to expire", async () => {
    for (const file of ["ca.key", "server.key", "token"]) assert.equal((await stat(join(directory, file))).mode & 0o077, 0, file);
    assert.deepEqual(await loadPki(directory, clock), pki);
    const later = virtualClock(clock.now() + 350 * 24 * 3_600_000);
    const other = await mkdtemp(join(tmpdir(), "flyteops-pki-"));
    const first = await loadPki(other, clock);
    const renewed = await loadPki(other, later);
    assert.deepEqual([renewed.ca, renewed.token, renewed.certificate === first.certificate], [first.ca, first.token, false]);
    assert.ok(new X509Certificate(renewed.certificate).verify(new X509Certificate(first.ca).publicKey));
    await rm(other, { recursive: true });
  });

  it("compresses large answers for those who can read them", async () => {
    const big = { metadata: { name: "big" }, data: { text: "x".repeat(200_000) } };
    const path = "/api/v1/namespaces/default/configmaps";
    assert.equal((await ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(big) })).status, 201);
    const packed = await ask(`${path}/big`, { headers: { "accept-encoding": "gzip" } });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.deepEqual(gunzipSync(packed.body), (await ask(`${path}/big`)).body);
  });

  it("refuses a body without end", async () => {
    const reply = await ask("/api/v1/namespaces/default/configmaps", { method: "POST", body: Buffer.alloc(4 * 1024 * 1024) }).catch(
      (error: NodeJS.ErrnoException) => error,
    );
    if (reply instanceof Error) assert.match(String(reply.code), /EPIPE|ECONNRESET/);
    else assert.equal(reply.status, 413);
    assert.equal((await ask("/version")).status, 200);
  });

  it("serves kubectl", async function () {
    if (!hasKubectl) {
      console.log("      skipped: there is no kubectl on PATH");
      return this.skip();
    }
    const kubectl = async (...args: string[]) => (await run("kubectl", ["--kubeconfig", join(directory, "kubeconfig"), ...args])).stdout;
    assert.match(await kubectl("get", "namespaces"), /^default +Active/m);
    assert.match(await kubectl("create", "configmap", "made", "--from-literal=a=b"), /configmap\/made created/);
    assert.equal(await kubectl("get", "configmap", "made", "-o", "jsonpath={.data.a}"), "b");
    assert.match(await kubectl("explain", "pod.spec.containers.image"), /Container image name/);
    assert.match(await kubectl("auth", "can-i", "create", "pods"), /yes/);
    await kubectl("run", "p", "--image=x", "--restart=Never");
    assert.equal(await kubectl("logs", "p", "-f"), "one\ntwo\n");
    assert.match(await kubectl("delete", "pod", "p"), /deleted/);
  });
});
