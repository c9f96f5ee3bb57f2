import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inParallel } from "../base/index.ts";
import { BlobError, type BlobErrorCode, type BlobStat, type BlobStore } from "./store.ts";

export interface OpenedStore {
  readonly store: BlobStore;
  close(): Promise<void>;
}

async function refuses(code: BlobErrorCode, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (thrown: unknown) => thrown instanceof BlobError && thrown.code === code);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const keys = (stats: readonly BlobStat[]) => stats.map((stat) => stat.key);

/** What every backend must do, as mocha tests. `open` gives an empty store; `many` objects are more than one page of its listings. */
export function describeBlobStore(name: string, open: () => Promise<OpenedStore>, many = 50): void {
  describe(`blobs/${name} as an object store`, () => {
    let opened: OpenedStore;
    let store: BlobStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    it("reads back what was written, as text, bytes or a stream", async () => {
      await store.write("a/text", "grüße");
      await store.write("a/bytes", new Uint8Array([0, 255, 10]));
      await store.write("a/empty", new Uint8Array());
      await store.write("a/stream", chunks(3_000_001, 70_000));
      assert.equal((await store.read("a/text", 100)).toString(), "grüße");
      assert.deepEqual([...(await store.read("a/bytes", 3))], [0, 255, 10]);
      assert.equal((await store.read("a/empty", 0)).length, 0);
      assert.equal((await store.stat("a/stream"))?.size, 3_000_001);
      assert.deepEqual(Buffer.concat(await all(store.readStream("a/stream"))), Buffer.concat(await all(chunks(3_000_001, 1_000_000))));
    });

    it("replaces an object as a whole", async () => {
      await store.write("x", "a long first version");
      await store.write("x", "short");
      assert.equal((await store.read("x", 100)).toString(), "short");
    });

    it("keeps the old object when the new one's source fails", async () => {
      await store.write("x", "old");
      await assert.rejects(() => store.write("x", failing()));
      assert.equal((await store.read("x", 100)).toString(), "old");
      assert.deepEqual(keys(await all(store.list(""))), ["x"]);
    });

    it("creates an object once, whoever comes first", async () => {
      const winners = await Promise.all(Array.from({ length: 20 }, (_, index) => store.writeIfAbsent("race/commit.json", `writer ${index}`)));
      assert.equal(winners.filter(Boolean).length, 1);
      assert.equal((await store.read("race/commit.json", 100)).toString(), `writer ${winners.indexOf(true)}`);
      assert.equal(await store.writeIfAbsent("race/commit.json", "late"), false);
      assert.deepEqual(keys(await all(store.list(""))), ["race/commit.json"]);
    });

    it("says what is not there", async () => {
      await store.write("dir/file", "1");
      for (const key of ["absent", "dir", "dir/file/below"]) assert.equal(await store.stat(key), undefined);
      await refuses("BlobNotFound", () => store.read("absent", 10));
      await refuses("BlobNotFound", () => store.read("dir", 10));
      await refuses("BlobNotFound", () => all(store.readStream("absent")));
      assert.deepEqual(await all(store.list("absent")), []);
      await store.delete("absent");
      await store.deleteAll("absent");
    });

    it("never reads more than it was allowed", async () => {
      await store.write("x", "12345");
      await refuses("BlobTooLarge", () => store.read("x", 4));
      assert.equal((await store.read("x", 5)).length, 5);
    });

    it("lists below a prefix, in key order, with sizes, and only whole segments", async () => {
      for (const key of ["a/c", "a-b", "a/b/z", "ab/c", "a/B", "a/é", "b"]) await store.write(key, key);
      assert.deepEqual(await all(store.list("a")), [
        { key: "a/B", size: 3 },
        { key: "a/b/z", size: 5 },
        { key: "a/c", size: 3 },
        { key: "a/é", size: 4 },
      ]);
      assert.deepEqual(keys(await all(store.list("a/"))), ["a/B", "a/b/z", "a/c", "a/é"]);
      assert.deepEqual(keys(await all(store.list(""))), ["a-b", "a/B", "a/b/z", "a/c", "a/é", "ab/c", "b"]);
    });

    it("deletes one object, or all below a prefix", async () => {
      for (const key of ["a/b", "a/c/d", "ab", "c"]) await store.write(key, "1");
      await store.delete("c");
      await store.deleteAll("a");
      assert.deepEqual(keys(await all(store.list(""))), ["ab"]);
      await store.write("a", "now an object");
      assert.equal((await store.stat("a"))?.size, 13);
    });

    it("takes every character a key may have", async () => {
      const names = [
        "sp ace/é%2F/#x?&=+",
        "-",
        "%",
        "a:b",
        "новое",
        "😀/𐍈",
        "e\u0301",
        "\u00e9",
        " x/ y ",
        "q\"<>|*'()~!$,;@[]{}^`",
        `${"k".repeat(255)}/${"x".repeat(255)}`,
      ];
      for (const key of names) {
        await store.write(key, key);
        assert.equal((await store.read(key, 1000)).toString(), key);
        assert.equal((await store.stat(key))?.size, Buffer.byteLength(key));
        assert.equal(store.keyOf(store.uri(key)), key);
      }
      assert.deepEqual(new Set(keys(await all(store.list("")))), new Set(names));
    });

    it("keeps large objects that come as streams, and forgets those whose source fails", async () => {
      const total = 20 * MIB + 7;
      await store.write("large", chunks(total, 3 * MIB));
      assert.equal((await store.stat("large"))?.size, total);
      assert.equal(await digest(store.readStream("large")), await digest(chunks(total, MIB)));
      await store.write("exact", chunks(16 * MIB, MIB));
      assert.equal(await digest(store.readStream("exact")), await digest(chunks(16 * MIB, MIB)));
      await assert.rejects(() => store.write("large", failing(chunks(20 * MIB, MIB))));
      assert.equal((await store.stat("large"))?.size, total);
      await assert.rejects(() => store.write("other", failing(chunks(20 * MIB, MIB))));
      assert.deepEqual(keys(await all(store.list(""))), ["exact", "large"]);
    });

    it("stops reading when the reader does", async () => {
      await store.write("large", chunks(5 * MIB, MIB));
      for await (const chunk of store.readStream("large")) {
        assert.ok(chunk.length > 0);
        break;
      }
      assert.equal((await store.stat("large"))?.size, 5 * MIB);
    });

    it(`lists and deletes ${many} objects`, async () => {
      const names = Array.from({ length: many }, (_, index) => `many/${String(index).padStart(4, "0")}`);
      await inParallel(names, 16, (key) => store.write(key, "1"));
      assert.deepEqual(keys(await all(store.list("many"))), names);
      await store.write("many-too", "1");
      await store.deleteAll("many");
      assert.deepEqual(keys(await all(store.list(""))), ["many-too"]);
    });

    for (const key of ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\0b", ".uploads/x"]) {
      it(`refuses the key ${JSON.stringify(key)} everywhere`, async () => {
        await refuses("InvalidKey", () => store.read(key, 10));
        await refuses("InvalidKey", () => all(store.readStream(key)));
        await refuses("InvalidKey", () => store.stat(key));
        await refuses("InvalidKey", () => store.write(key, "x"));
        await refuses("InvalidKey", () => store.writeIfAbsent(key, "x"));
        await refuses("InvalidKey", () => store.delete(key));
        assert.equal(store.keyOf(`${store.root}/${key}`), undefined);
      });
    }

    it("will not delete everything by an empty prefix", async () => {
      await store.write("a/b", "1");
      await refuses("InvalidKey", () => store.deleteAll(""));
      assert.equal((await all(store.list(""))).length, 1);
    });

    it("knows its own URIs only", () => {
      assert.equal(store.uri("a/b"), `${store.root}/a/b`);
      assert.equal(store.keyOf("s3://elsewhere/a"), undefined);
      assert.equal(store.keyOf(`${store.root}x/a`), undefined);
      assert.equal(store.keyOf(store.root), undefined);
    });
  });
}

const MIB = 1024 * 1024;

async function* chunks(total: number, size: number): AsyncGenerator<Uint8Array> {
  const pattern = Buffer.from(Array.from({ length: 251 }, (_, index) => index));
  for (let at = 0; at < total; at += size)
    yield Buffer.alloc(Math.min(size, total - at) + 251, pattern).subarray(at % 251, (at % 251) + Math.min(size, total - at));
}

async function digest(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of source) hash.update(chunk);
  return hash.digest("hex");
}

async function* failing(before?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (before) yield* before;
  yield Buffer.from("half");
  throw new Error("the source broke");
}
