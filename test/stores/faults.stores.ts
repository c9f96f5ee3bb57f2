import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { BlobError, type BlobErrorCode, type BlobStore, openBlobStore } from "../../blobs/index.ts";
import { seededRandom } from "../../base/index.ts";
import { systemClock } from "../../cmd/system.ts";
import { type Backend, BACKENDS, backend, closeBackends } from "./backends.ts";
import { type FaultyProxy, faultyProxy } from "./faulty-proxy.ts";

const MIB = 1024 * 1024;
const chosen = (process.env["FLYTEOPS_STORES"] ?? BACKENDS.join(",")).split(",");

/** The same clock, only that pauses are a tenth as long. */
const hurried = { now: () => systemClock.now(), after: (delayMs: number, fire: () => void) => systemClock.after(delayMs / 10, fire) };

async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
}

const isWrite = (line: string) => /^(PUT|POST) /.test(line);

after(closeBackends);

for (const name of BACKENDS.filter((one) => chosen.includes(one)))
  describe(`${name} on a bad day`, () => {
    let up: Backend;
    let proxy: FaultyProxy;
    let store: BlobStore;
    const open = (root: string, environment: Readonly<Record<string, string>>) => openBlobStore(root, { clock: hurried, random: seededRandom(1), environment });

    beforeEach(async () => {
      up = await backend(name);
      proxy = await faultyProxy(up.endpoint);
      store = open(`${up.bucket}/${randomUUID()}`, up.environment(proxy.endpoint));
    });
    afterEach(() => proxy.close());

    async function fails(code: BlobErrorCode, work: Promise<unknown>, message = /./): Promise<void> {
      await assert.rejects(work, (thrown: unknown) => {
        assert.ok(thrown instanceof BlobError, String(thrown));
        assert.equal(thrown.code, code, thrown.message);
        assert.match(thrown.message, message);
        assert.doesNotMatch(thrown.message, /Signature=|flyteops-test-secret|Eby8vdM02/);
        return true;
      });
    }

    for (const [what, fault] of [
      ["a reset connection", { kind: "reset" }],
      ["a lost answer", { kind: "lost" }],
      ["503 SlowDown", { kind: "status", status: 503, body: "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>" }],
      ["500", { kind: "status", status: 500 }],
      ["429", { kind: "status", status: 429 }],
    ] as const)
      it(`gets over ${what} in every call`, async () => {
        proxy.fault = (_line, tries) => (tries === 0 ? fault : { kind: "pass" });
        await store.write("a/x", "1");
        assert.equal((await store.read("a/x", 10)).toString(), "1");
        assert.equal((await store.stat("a/x"))?.size, 1);
        // The server for gs does not know how to be asked what it has of an upload: gcs.test.ts plays one that does.
        if (name === "gs") proxy.fault = () => ({ kind: "pass" });
        await store.write("a/large", pieces(Buffer.alloc(17 * MIB, 7)));
        assert.ok((await collected(store.readStream("a/large"))).equals(Buffer.alloc(17 * MIB, 7)));
        assert.equal((await collected(keysOf(store, "a"))).toString(), "a/large;a/x;");
        await store.deleteAll("a");
        assert.equal(await store.stat("a/x"), undefined);
      });

    it("knows that it was the creator when the answer was lost, and that it was not", async () => {
      proxy.fault = (line, tries) => (isWrite(line) && tries === 0 ? { kind: "lost" } : { kind: "pass" });
      assert.equal(await store.writeIfAbsent("commit.json", "mine"), true);
      assert.equal((await store.read("commit.json", 10)).toString(), "mine");
      proxy.fault = () => ({ kind: "pass" });
      assert.equal(await store.writeIfAbsent("commit.json", "yours"), false);
      await store.write("other.json", "theirs");
      let lost = false;
      proxy.fault = (line) => {
        if (!isWrite(line) || lost) return { kind: "pass" };
        lost = true;
        return { kind: "lost" };
      };
      assert.equal(await store.writeIfAbsent("other.json", "theirs"), false);
    });

    it("has one winner of twenty although every answer is lost once", async () => {
      let count = 0;
      proxy.fault = (line) => (isWrite(line) && count++ < 20 ? { kind: "lost" } : { kind: "pass" });
      const won = await Promise.all(Array.from({ length: 20 }, (_, index) => store.writeIfAbsent("race.json", `writer ${index}`)));
      assert.equal(won.filter(Boolean).length, 1);
      assert.equal((await store.read("race.json", 100)).toString(), `writer ${won.indexOf(true)}`);
    });

    it("reads on where an answer broke off", async () => {
      const bytes = Buffer.from(Array.from({ length: 3 * MIB }, (_, index) => (index * 7) % 251));
      await store.write("x", bytes);
      let cuts = 0;
      proxy.fault = (line) => (line.startsWith("GET") && cuts++ < 3 ? { kind: "truncate", bytes: 700_000 } : { kind: "pass" });
      assert.ok((await collected(store.readStream("x"))).equals(bytes));
      assert.ok(cuts >= 4);
      cuts = 0;
      assert.ok((await store.read("x", 4 * MIB)).equals(bytes));
    });

    it("does not put together halves of two versions", async () => {
      await store.write("x", Buffer.alloc(3 * MIB, 1));
      const reading = store.readStream("x")[Symbol.asyncIterator]();
      proxy.fault = (line) => (line.startsWith("GET") ? { kind: "truncate", bytes: MIB } : { kind: "pass" });
      await reading.next();
      proxy.fault = () => ({ kind: "pass" });
      await store.write("x", Buffer.alloc(3 * MIB, 2));
      await fails("BlobStoreUnavailable", collected({ [Symbol.asyncIterator]: () => reading }), /changed while it was read/);
    });

    it("gives up when the store stays away, and says so", async () => {
      proxy.fault = () => ({ kind: "status", status: 503 });
      await fails("BlobStoreUnavailable", store.read("x", 10), /503/);
      assert.equal(proxy.seen.length, 4);
      proxy.fault = () => ({ kind: "reset" });
      await fails("BlobStoreUnavailable", store.write("x", "1"), /does not answer/);
      const gone = open(`${up.bucket}/x`, up.environment("http://127.0.0.1:1"));
      await fails("BlobStoreUnavailable", gone.stat("x"), /does not answer/);
    });

    if (name !== "gs")
      it("leaves nothing of an upload that cannot be finished", async () => {
        let parts = 0;
        proxy.fault = (line) => (line.startsWith("PUT") && ++parts > 1 ? { kind: "status", status: 503 } : { kind: "pass" });
        await fails("BlobStoreUnavailable", store.write("large", pieces(Buffer.alloc(40 * MIB, 1))));
        proxy.fault = () => ({ kind: "pass" });
        assert.equal(await store.stat("large"), undefined);
        if (name === "s3") assert.ok(proxy.seen.some((line) => /^DELETE .*uploadId=/.test(line)));
      });

    it("names a bucket that is not there", async () => {
      const absent = open(up.bucket.replace("flyteops-test", "flyteops-absent"), up.environment());
      await fails("BlobContainerMissing", absent.write("x", "1"), /flyteops-absent/);
      await fails("BlobContainerMissing", absent.writeIfAbsent("x", "1"), /flyteops-absent/);
      await fails("BlobContainerMissing", collected(keysOf(absent, "")), /flyteops-absent/);
    });

    if (name !== "gs")
      it("says that access is denied, and shows no key", async () => {
        const wrong = Object.fromEntries(
          Object.entries(up.environment()).map(([key, value]) => [key, /SECRET|ACCOUNT_KEY/.test(key) ? Buffer.from("wrong").toString("base64") : value]),
        );
        const denied = open(`${up.bucket}/x`, wrong);
        const calls: (() => Promise<unknown>)[] = [
          () => denied.read("x", 1),
          () => denied.write("x", "1"),
          () => denied.stat("x"),
          () => denied.writeIfAbsent("x", "1"),
          () => collected(keysOf(denied, "")),
        ];
        for (const call of calls) await fails("BlobAccessDenied", call());
      });

    it("says which credentials are missing", async () => {
      const none = { HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true", GCE_METADATA_HOST: "127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" };
      await fails("BlobAccessDenied", open(`${up.bucket}/x`, none).read("x", 1), /there are no (AWS|Google|Azure) credentials: set /);
    });
  });

async function* keysOf(store: BlobStore, prefix: string): AsyncGenerator<Uint8Array> {
  for await (const { key } of store.list(prefix)) yield Buffer.from(`${key};`);
}

if (chosen.includes("s3"))
  describe("S3 in another region", () => {
    it("names the region of the bucket", async () => {
      const up = await backend("s3");
      const proxy = await faultyProxy(up.endpoint);
      proxy.fault = () => ({
        kind: "status",
        status: 301,
        headers: { "x-amz-bucket-region": "eu-west-3" },
        body: "<Error><Code>PermanentRedirect</Code><Message>Use the endpoint</Message></Error>",
      });
      const store = openBlobStore(`${up.bucket}/x`, { clock: hurried, random: seededRandom(1), environment: up.environment(proxy.endpoint) });
      await assert.rejects(store.read("x", 1), { code: "BlobStoreMisconfigured", message: /region eu-west-3: set AWS_REGION/ });
      await proxy.close();
    });
  });
