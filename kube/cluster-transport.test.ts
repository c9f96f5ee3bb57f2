import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient } from "./api-client.ts";
import { type ClusterAccess, clusterTransport } from "./cluster-transport.ts";
import { Kinds } from "./kinds.ts";
import { readKubeconfigContext } from "./kubeconfig.ts";

const kubeconfig = (server: string, user: object, more: object = {}) =>
  JSON.stringify({
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "c", user: "u", namespace: "ml-development" } }],
    clusters: [{ name: "c", cluster: { server, ...more } }],
    users: [{ name: "u", user }],
  });

describe("cluster transport", () => {
  let directory: string;
  let server: Server;
  let address: string;
  let access: ClusterAccess | undefined;
  let connections = 0;
  const authorizations: (string | undefined)[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "kube-"));
    server = createServer((request, response) => {
      authorizations.push(request.headers.authorization);
      response.end('{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}');
    });
    server.on("connection", () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    connections = 0;
    authorizations.length = 0;
  });
  afterEach(() => access?.close());

  const file = async (name: string, text: string) => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };

  it("keeps its connections", async () => {
    access = await clusterTransport({ kubeconfig: [await file("token", kubeconfig(address, { token: "s3cret" }))] });
    const client = apiClient(access.transport);
    for (let round = 0; round < 20; round += 1) await client.list(Kinds.Pod);
    assert.ok(connections <= 2, `${connections} connections for 20 requests`);
    assert.deepEqual([...new Set(authorizations)], ["Bearer s3cret"]);
    assert.equal(access.namespace, "ml-development");
  });

  it("reads a token from the file beside the kubeconfig", async () => {
    await file("token-file", "from-file\n");
    access = await clusterTransport({ kubeconfig: [await file("b", kubeconfig(address, { tokenFile: "token-file" }))] });
    await apiClient(access.transport).list(Kinds.Pod);
    assert.deepEqual(authorizations, ["Bearer from-file"]);
  });

  it("asks a program for credentials when the kubeconfig says so", async () => {
    const credential = JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "from-program" } });
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "echo", args: [credential], interactiveMode: "Never" };
    access = await clusterTransport({ kubeconfig: [await file("c", kubeconfig(address, { exec }, { "insecure-skip-tls-verify": true }))] });
    await apiClient(access.transport).list(Kinds.Pod);
    assert.deepEqual(authorizations, ["Bearer from-program"]);
  }).timeout(10_000);

  it("is the ServiceAccount of its pod in a cluster", async () => {
    await file("ca.crt", "");
    await file("token", "of-the-pod");
    await file("namespace", "flyteops-system");
    access = await clusterTransport({ inCluster: { host: "10.0.0.1", port: "443", directory } });
    assert.deepEqual([access.server, access.namespace], ["https://10.0.0.1:443", "flyteops-system"]);
  });

  it("takes the first file that says something, and skips absent ones", async () => {
    const first = await file("first", "current-context: other");
    const second = await file("second", kubeconfig(address, {}).replaceAll('"here"', '"other"'));
    const context = await readKubeconfigContext([join(directory, "absent"), first, second]);
    assert.deepEqual([context.name, context.cluster.server], ["other", address]);
  });

  it("says what is missing", async () => {
    await assert.rejects(readKubeconfigContext([join(directory, "absent")]), { reason: "NoKubeconfig" });
    await assert.rejects(readKubeconfigContext([await file("d", kubeconfig(address, {}))], "elsewhere"), { reason: "KubeconfigContext" });
    await assert.rejects(readKubeconfigContext([await file("e", "a: [")]), { reason: "KubeconfigInvalid" });
  });
});
