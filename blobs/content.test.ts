import assert from "node:assert/strict";
import { Readable } from "node:stream";
import fc from "fast-check";
import tar from "tar-stream";
import { sha256, TerminalFailure } from "../base/index.ts";
import { codeContent, fileContent, storeContent, treeContent, type TreeFile } from "./content.ts";
import { memoryStore } from "./memory-store.ts";
import { filesOfTar } from "./tar.ts";

const file = (path: string, text = path, mode = "100644"): TreeFile => ({ path, mode, bytes: Buffer.from(text) });
const LIMITS = { maxFiles: 100, maxBytes: 1 << 20 };

async function extracted(bytes: Uint8Array, limits = LIMITS): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const pieces = Array.from({ length: Math.ceil(bytes.length / 700) }, (_, index) => bytes.subarray(index * 700, index * 700 + 700));
  for await (const { path, executable, content } of filesOfTar(Readable.from(pieces), limits)) {
    const read: Uint8Array[] = [];
    for await (const piece of content) read.push(piece);
    files[path] = `${executable ? "x" : "-"} ${Buffer.concat(read).toString()}`;
  }
  return files;
}

async function tarOf(...entries: readonly (readonly [Partial<tar.Header>, (string | undefined)?])[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const [header, text] of entries) pack.entry(header as tar.Header, text ?? "");
  pack.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of pack) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

describe("blobs/content", () => {
  it("keeps the name of a file in its address", () => {
    const content = fileContent("data/iris.csv", Buffer.from("1,2"));
    assert.equal(content.digest, sha256("1,2"));
    assert.equal(content.key, `files/${sha256("1,2").slice(7)}/iris.csv`);
  });

  it("gives the same address whatever the order of the files, another for any change of path or content", async () => {
    const files = [file("b"), file("a/x"), file("a-b")];
    assert.deepEqual(treeContent(files), treeContent([...files].reverse()));
    assert.deepEqual(await codeContent(files), await codeContent([...files].reverse()));
    assert.notEqual(treeContent(files).digest, treeContent([...files.slice(1), file("b2", "b")]).digest);
    assert.notEqual((await codeContent(files)).digest, (await codeContent([...files.slice(1), file("b", "b", "100755")])).digest);
  });

  it("has had the same bytes for a code bundle since the first release", async () => {
    const content = await codeContent([file("main.js", "console.log(1)\n"), file("bin/run", "#!/bin/sh\n", "100755"), file(`${"long/".repeat(30)}name`, "x")]);
    assert.equal(content.digest, "sha256:0c456e3d997111af4596a90a2e854aedf2d08f2c83f9ef6206599bbf23c89b09");
  });

  it("extracts exactly what was bundled, executable bit included", async () => {
    const path = fc.array(fc.stringMatching(/^[a-zé ][a-z0-9._é-]{0,60}$/), { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
    const files = fc.uniqueArray(fc.record({ path, mode: fc.constantFrom("100644", "100755"), bytes: fc.uint8Array({ maxLength: 2000 }) }), {
      selector: (one) => one.path,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(files, async (list) => {
        const { objects } = await codeContent(list);
        const want = Object.fromEntries(list.map((one) => [one.path, `${one.mode === "100755" ? "x" : "-"} ${Buffer.from(one.bytes).toString()}`]));
        assert.deepEqual(await extracted(objects[0]?.bytes ?? new Uint8Array()), want);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses links, submodules and paths that lead out", async () => {
    assert.throws(() => treeContent([file("a", "b", "120000")]), /link or a submodule/);
    await assert.rejects(() => codeContent([file("a", "b", "160000")]), /link or a submodule/);
    assert.throws(() => treeContent([file("../a")]), /not valid/);
    assert.throws(() => treeContent([file("a\\b")]), /not valid/);
    assert.throws(() => treeContent([file("a"), file("a", "2")]), /twice/);
  });

  it("writes the proof of a directory last, and repairs one that was interrupted", async () => {
    const content = treeContent([file("a"), file("b")]);
    const store = memoryStore();
    const written: string[] = [];
    const watched = { ...store, write: (key: string, data: string | Uint8Array | AsyncIterable<Uint8Array>) => (written.push(key), store.write(key, data)) };
    await storeContent(watched, content);
    assert.deepEqual(written, [`${content.key}/a`, `${content.key}/b`, `${content.key}.json`]);
    await storeContent(watched, content);
    assert.equal(written.length, 3);
    await store.delete(`${content.key}.json`);
    await storeContent(watched, content);
    assert.equal(written.length, 6);
  });

  const hostile: ReadonlyArray<readonly [name: string, header: Partial<tar.Header>, text?: string]> = [
    ["a symbolic link", { name: "a", type: "symlink", linkname: "/etc/passwd" }],
    ["a hard link", { name: "a", type: "link", linkname: "/etc/passwd" }],
    ["a device", { name: "a", type: "character-device", devmajor: 1, devminor: 3 }],
    ["a fifo", { name: "a", type: "fifo" }],
    ["a path out", { name: "../a" }, "x"],
    ["an absolute path", { name: "/etc/x" }, "x"],
    ["a hidden way out", { name: "a/../../b" }, "x"],
  ];
  for (const [name, header, text] of hostile) {
    it(`refuses ${name} in a bundle`, async () => {
      const bytes = await tarOf([{ name: "ok" }, "fine"], [header, text]);
      await assert.rejects(
        () => extracted(bytes),
        (thrown: unknown) => thrown instanceof TerminalFailure && thrown.reason === "BadCodeBundle",
      );
    });
  }

  it("refuses too many files, too many bytes and a second file of one name", async () => {
    const three = await tarOf([{ name: "a" }, "12345"], [{ name: "b" }, "12345"], [{ name: "c" }, "12345"]);
    await assert.rejects(() => extracted(three, { maxFiles: 2, maxBytes: 100 }), /more than 2 files/);
    await assert.rejects(() => extracted(three, { maxFiles: 9, maxBytes: 14 }), /larger than 14 bytes/);
    await assert.rejects(async () => extracted(await tarOf([{ name: "a" }, "1"], [{ name: "a" }, "2"])), /twice/);
  });

  it("fails on a bundle that is cut short or is no tar, and passes on what its source says", async () => {
    const bytes = await tarOf([{ name: "a" }, "x".repeat(5000)]);
    await assert.rejects(() => extracted(bytes.subarray(0, 2000)), /BadCodeBundle|no readable tar/);
    await assert.rejects(() => extracted(Buffer.alloc(5000, 7)), /no readable tar/);
    const broken = Readable.from(
      (async function* () {
        yield bytes.subarray(0, 600);
        throw new TerminalFailure("Gone", "the store is gone");
      })(),
    );
    await assert.rejects(async () => {
      for await (const one of filesOfTar(broken, LIMITS)) for await (const piece of one.content) void piece;
    }, /the store is gone/);
  });

  it("can be left in the middle", async () => {
    const { objects } = await codeContent([file("a", "x".repeat(100_000)), file("b")]);
    for await (const one of filesOfTar(Readable.from([objects[0]?.bytes ?? ""]), LIMITS)) {
      assert.equal(one.path, "a");
      break;
    }
  });
});
