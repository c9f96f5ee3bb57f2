import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../base/index.ts";
import { openBlobStore } from "./open.ts";
import { copilotEnvironmentOf, storageEnvironmentOf, storageRootOf } from "./storage-options.ts";

describe("the object store of a configuration", () => {
  it("has one root URI", () => {
    assert.equal(storageRootOf({ type: "s3", container: "flows", prefix: "prod/a" }), "s3://flows/prod/a");
    assert.equal(storageRootOf({ type: "google", container: "flows", prefix: "" }), "gs://flows");
    assert.equal(storageRootOf({ type: "azure", container: "flows", azure: { account: "acc" } }), "abfs://flows@acc");
    assert.equal(storageRootOf({ type: "local", directory: "/var/lib/my objects", prefix: "a b" }), "file:///var/lib/my%20objects/a%20b");
  });

  it("becomes the environment of who opens it, and without its secrets that of copilots", async () => {
    const directory = await mkdtemp(join(tmpdir(), "flyteops-storage-"));
    await writeFile(join(directory, "id"), "key-id\n");
    await writeFile(join(directory, "secret"), "hush\n");
    const connection = {
      endpoint: "https://minio.example:9000",
      region: "eu-1",
      "auth-type": "accesskey",
      accessKeyPath: join(directory, "id"),
      secretKeyPath: join(directory, "secret"),
      "disable-ssl": true,
    } as const;
    const section = { type: "s3", container: "flows", connection } as const;
    const open = { AWS_REGION: "eu-1", AWS_ENDPOINT_URL: "http://minio.example:9000" };
    assert.deepEqual(await storageEnvironmentOf(section), { ...open, AWS_ACCESS_KEY_ID: "key-id", AWS_SECRET_ACCESS_KEY: "hush" });
    assert.deepEqual(copilotEnvironmentOf(section), open);
    assert.deepEqual(await storageEnvironmentOf({ ...section, connection: { ...connection, "auth-type": "iam" } }), open);
    await writeFile(join(directory, "azure"), "a2V5");
    const azure = { type: "azure", container: "c", azure: { account: "acc", keyPath: join(directory, "azure") } } as const;
    assert.deepEqual(await storageEnvironmentOf(azure), { AZURE_STORAGE_ACCOUNT_NAME: "acc", AZURE_STORAGE_ACCOUNT_KEY: "a2V5" });
    assert.deepEqual(copilotEnvironmentOf(azure), { AZURE_STORAGE_ACCOUNT_NAME: "acc" });
    assert.deepEqual(copilotEnvironmentOf({ type: "google", google: { jsonPath: "/x" } }), {});
    await rm(directory, { recursive: true });
  });

  it("is opened without being asked anything, unless its address is none", () => {
    const options = { clock: { now: () => 0, after: () => () => undefined }, random: seededRandom(1), environment: {} };
    assert.equal(openBlobStore("s3://flows/prod/", options).uri("a/b"), "s3://flows/prod/a/b");
    assert.equal(openBlobStore("abfs://c-1@acc/x", options).keyOf("abfs://c-1@acc/x/y"), "y");
    for (const root of ["s3://flows/../other", "s3://flows//x", "s3://flows/a/./b", "gs://UPPER", "abfs://c-1/x", "s3://key:secret@flows"])
      assert.throws(() => openBlobStore(root, options), { reason: "UnsupportedStore" }, root);
    assert.throws(() => openBlobStore("s3://flows", { ...options, environment: { AWS_ENDPOINT_URL: "http://" } }), { code: "BlobStoreMisconfigured" });
  });
});
