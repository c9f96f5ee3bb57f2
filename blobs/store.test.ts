import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { directoryStore } from "./directory-store.ts";
import { memoryStore } from "./memory-store.ts";
import { openBlobStore } from "./open.ts";
import { describeBlobStore } from "./store-contract.ts";
import { BlobError } from "./store.ts";

async function temporary(): Promise<{ path: string; close(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "flyteops blobs #"));
  return { path, close: () => rm(path, { recursive: true, force: true }) };
}

describeBlobStore("memory", () => Promise.resolve({ store: memoryStore(), close: () => Promise.resolve() }));
describeBlobStore("directory", async () => {
  const directory = await temporary();
  return { store: directoryStore(pathToFileURL(join(directory.path, "store")).href), close: directory.close };
});

describe("blobs/directory-store", () => {
  it("leaves nothing behind in its upload folder", async () => {
    const directory = await temporary();
    const store = directoryStore(pathToFileURL(directory.path).href);
    await store.write("a", "1");
    await store.writeIfAbsent("b", "1");
    await store.writeIfAbsent("b", "2");
    assert.deepEqual(await readdir(join(directory.path, ".uploads")), []);
    await directory.close();
  });

  it("says InvalidKey where a file would have to be a folder too", async () => {
    const directory = await temporary();
    const store = directoryStore(pathToFileURL(directory.path).href);
    await store.write("a/b", "1");
    for (const key of ["a", "a/b/c"]) {
      await assert.rejects(store.write(key, "x"), (thrown: unknown) => thrown instanceof BlobError && thrown.code === "InvalidKey");
      await assert.rejects(store.writeIfAbsent(key, "x"), (thrown: unknown) => thrown instanceof BlobError && thrown.code === "InvalidKey");
    }
    await directory.close();
  });

  it("lists no links that someone put there", async () => {
    const directory = await temporary();
    await writeFile(join(directory.path, "a"), "1");
    await symlink("/etc", join(directory.path, "etc"));
    const found: string[] = [];
    for await (const { key } of directoryStore(pathToFileURL(directory.path).href).list("")) found.push(key);
    assert.deepEqual(found, ["a"]);
    await directory.close();
  });

  it("neither reads nor writes through a link that a task left, and waits for no fifo", async () => {
    const directory = await temporary();
    const [root, secret] = [join(directory.path, "store"), join(directory.path, "token")];
    const store = directoryStore(pathToFileURL(root).href);
    await store.write("runs/b/raw/x", "b");
    await store.write("runs/a/raw/x", "a");
    await writeFile(secret, "hush");
    await symlink(secret, join(root, "runs/a/raw/file"));
    await symlink(directory.path, join(root, "runs/a/raw/folder"));
    await symlink(join(root, "runs/b/raw"), join(root, "runs/a/raw/other"));
    execFileSync("mkfifo", [join(root, "runs/a/raw/fifo")]);
    for (const name of ["file", "folder/token", "fifo"]) {
      await assert.rejects(store.read(`runs/a/raw/${name}`, 100), { code: "BlobNotFound" }, name);
      await assert.rejects(store.readStream(`runs/a/raw/${name}`)[Symbol.asyncIterator]().next(), { code: "BlobNotFound" }, name);
    }
    await assert.rejects(store.write("runs/a/raw/other/x", "mine"), { code: "InvalidKey" });
    await assert.rejects(store.writeIfAbsent("runs/a/raw/other/y", "mine"), { code: "InvalidKey" });
    assert.equal((await store.read("runs/b/raw/x", 100)).toString(), "b");
    await directory.close();
  });

  it("calls a store it cannot write to unavailable, so that it is tried again", async () => {
    const directory = await temporary();
    await writeFile(join(directory.path, "file"), "");
    const store = directoryStore(pathToFileURL(join(directory.path, "file")).href);
    await assert.rejects(store.write("a", "1"), (thrown: unknown) => thrown instanceof BlobError && thrown.retry === "retryable");
    await assert.rejects(store.writeIfAbsent("a", "1"), (thrown: unknown) => thrown instanceof BlobError && thrown.retry === "retryable");
    await directory.close();
  });

  it("survives another process deleting the prefix it writes to", async () => {
    const directory = await temporary();
    const store = directoryStore(pathToFileURL(directory.path).href);
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        await store.write(`p/${index % 5}/${index}`, "1");
        if (index % 7 === 0) await store.deleteAll("p");
      }),
    );
    await directory.close();
  });

  it("is what a file URI opens, and an unknown scheme is refused by name", async () => {
    assert.equal(openBlobStore("file:///tmp/x/").root, "file:///tmp/x");
    assert.equal(openBlobStore("memory://a").uri("k"), "memory://a/k");
    assert.throws(() => openBlobStore("ftp://bucket"), /ftp:\/\/bucket.*is not supported/);
    assert.throws(() => openBlobStore("s3://Bucket"), /does not name a bucket as s3:/);
  });
});
