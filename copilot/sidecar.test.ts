import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { BlobError, type BlobStore } from "../blobs/index.ts";
import { sha256 } from "../base/index.ts";
import { ErrorDocumentSchema, ExecutionError_ErrorKind, fromBinary } from "../proto/index.ts";
import { blobOf, isNone, offloadedUri, scalarOf, unwrap } from "../values/index.ts";
import { Pod } from "./fixture.ts";

describe("copilot sidecar", () => {
  let pod: Pod;
  beforeEach(async () => {
    pod = await Pod.make();
  });
  afterEach(() => pod.close());

  /** Expects the upload to fail with this code, to commit nothing and to say one sentence. */
  async function fails(outputs: Record<string, string>, code: string, message: RegExp): Promise<void> {
    assert.equal(await pod.sidecar(outputs), 1);
    const { outcome, error } = await pod.result();
    assert.equal(outcome, "Failed");
    assert.equal(error?.["code"], code, String(error?.["message"]));
    assert.match(String(error?.["message"]), message);
    assert.equal(error?.["kind"], "USER");
    assert.equal(await pod.has("outputs.pb"), false);
    assert.equal(pod.complaints.length, 1);
    assert.ok(pod.complaints[0]?.startsWith(`flyteops copilot sidecar: ${code}: `) && !pod.complaints[0].includes("\n"));
    const document = fromBinary(ErrorDocumentSchema, await pod.stored("error.pb"));
    assert.equal(document.error?.code, code);
    assert.equal(document.error?.origin, ExecutionError_ErrorKind.USER);
  }

  it("commits outputs of every kind", async () => {
    const outputs = {
      count: "integer",
      loss: "float",
      text: "string",
      ok: "boolean",
      at: "datetime",
      took: "duration",
      info: "struct",
      raw: "binary",
      mode: "enum<fast|slow>",
      absent: "float | none",
      there: "float | none",
      either: "integer | string",
      sizes: "list<integer>",
      gaps: "list<float | none>",
      none: "list<string>",
      byName: "map<string>",
      deep: "map<list<integer>>",
    };
    await pod.leave("count", " 12 \n");
    await pod.leave("loss", "-inf");
    await pod.leave("text", "as is");
    await pod.leave("ok", "true\n");
    await pod.leave("at", "2026-01-31");
    await pod.leave("took", "90s");
    await pod.leave("info", '{"a": 1}');
    await pod.leave("raw", new Uint8Array([0, 255]));
    await pod.leave("mode", "slow\n");
    await pod.leave("there", "1e3");
    await pod.leave("either.json", '{"type":"string","value":"5"}');
    for (const index of Array(12).keys()) await pod.leave(`sizes/${index}`, String(index));
    await pod.leave("gaps.json", "[1, null, 3]");
    await mkdir(join(pod.outputs, "none"));
    await pod.leave("byName/%2E.%2Fx", "1");
    await pod.leave("byName/plain", "2");
    await pod.leave("deep/k/0", "7");
    assert.equal(await pod.sidecar(outputs), 0, pod.complaints.join());
    assert.deepEqual(await pod.outputJson(outputs), {
      count: 12,
      loss: "-Infinity",
      text: "as is",
      ok: true,
      at: "2026-01-31T00:00:00Z",
      took: "1m30s",
      info: { a: 1 },
      raw: "AP8=",
      mode: "slow",
      absent: null,
      there: 1000,
      either: { type: "string", value: "5" },
      sizes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      gaps: [1, null, 3],
      none: [],
      byName: { "../x": "1", plain: "2" },
      deep: { k: [7] },
    });
    assert.deepEqual(await pod.result(), { outcome: "Succeeded", warnings: [], files: 0, bytes: 0 });
    assert.equal(await pod.has("error.pb"), false);
  });

  it("stores files and directories under the raw prefix, with digest, name and number of files", async () => {
    const outputs = {
      model: "file<json>",
      plain: "file",
      tree: "directory",
      table: "dataset<csv>",
      one: "dataset<csv>",
      parts: "list<file<csv>>",
      maybe: "file | none",
      empty: "directory",
    };
    await pod.leave("model.json", "{}");
    await pod.leave("plain", "p");
    await pod.leave("tree/a", "1");
    await pod.leave("tree/sub/b", "22");
    await pod.leave("table/x.csv", "x");
    await pod.leave("one.csv", "y");
    await pod.leave("parts/0.csv", "zero");
    await pod.leave("parts/1", "one");
    await mkdir(join(pod.outputs, "empty"));
    assert.equal(await pod.sidecar(outputs), 0, pod.complaints.join());
    const { literals } = await pod.outputMap();
    const uri = (name: string) => blobOf(literals[name] ?? assert.fail(name))?.uri.slice(pod.prefix.length);
    assert.deepEqual(
      [uri("model"), uri("plain"), uri("tree"), uri("table"), uri("one")],
      ["/raw/model.json", "/raw/plain", "/raw/tree", "/raw/table", "/raw/one.csv"],
    );
    assert.equal(literals["model"]?.hash, sha256("{}"));
    assert.deepEqual(blobOf(literals["tree"] ?? assert.fail()), { uri: `${pod.prefix}/raw/tree`, multipart: true, files: 2 });
    assert.equal(blobOf(literals["empty"] ?? assert.fail())?.files, 0);
    assert.equal(blobOf(literals["one"] ?? assert.fail())?.files, 1);
    assert.ok(isNone(literals["maybe"] ?? assert.fail()));
    for (const [name, text] of [
      ["raw/model.json", "{}"],
      ["raw/tree/sub/b", "22"],
      ["raw/one.csv/one.csv", "y"],
      ["raw/parts/0.csv", "zero"],
    ] as const) {
      assert.equal((await pod.stored(name)).toString(), text);
    }
    assert.deepEqual(await pod.result(), { outcome: "Succeeded", warnings: [], files: 8, bytes: 15 });
  });

  it("offloads large literals", async () => {
    await pod.leave("big", "x".repeat(70_000));
    await pod.leave("small", "x");
    assert.equal(await pod.sidecar({ big: "string", small: "string" }), 0);
    const { literals } = await pod.outputMap();
    assert.equal(offloadedUri(literals["big"] ?? assert.fail()), `${pod.prefix}/big.pb`);
    assert.equal(offloadedUri(literals["small"] ?? assert.fail()), undefined);
    assert.equal((await pod.outputJson({ big: "string" }))["big"], "x".repeat(70_000));
  });

  it("notes what is probably a mistake", async () => {
    await pod.leave("text", "line\n");
    await pod.leave("other", "1");
    await pod.leave(".progress", "1/2");
    assert.equal(await pod.sidecar({ text: "string" }), 0);
    assert.deepEqual((await pod.result())["warnings"], ["text ends with \\n; printf %s writes none", "other is no declared output and is ignored"]);
  });

  it("names every missing output and what is there instead", async () => {
    await pod.leave("los", "1");
    await fails({ loss: "float", model: "file" }, "OutputMissing", /output loss \(float\) is missing.*it left los; output model \(file\) is missing/);
  });

  const invalid: ReadonlyArray<readonly [about: string, type: string, leave: (pod: Pod) => Promise<unknown>, code: string, message: RegExp]> = [
    ["a text of the wrong type", "integer", (p) => p.leave("x", "1.5"), "OutputInvalid", /output x: "1.5" is not an integer \(expected integer\)/],
    ["text that is not UTF-8", "string", (p) => p.leave("x", new Uint8Array([255])), "OutputInvalid", /not UTF-8/],
    ["a directory for a scalar", "string", (p) => mkdir(join(p.outputs, "x")), "OutputInvalid", /a file is expected here/],
    ["a directory for a file", "file", (p) => mkdir(join(p.outputs, "x")), "OutputInvalid", /a file is expected here/],
    ["a file for a directory", "directory", (p) => p.leave("x", ""), "OutputInvalid", /a directory is expected here/],
    ["a file for a list", "list<integer>", (p) => p.leave("x", "1"), "OutputInvalid", /one entry per element/],
    ["a gap in a list", "list<integer>", (p) => Promise.all([p.leave("x/0", "1"), p.leave("x/2", "1")]), "OutputInvalid", /element 1 is missing/],
    ["padded elements", "list<integer>", (p) => p.leave("x/00", "1"), "OutputInvalid", /without leading zeros/],
    ["a wrong element", "list<integer>", (p) => p.leave("x/0", "a"), "OutputInvalid", /output x\/0: "a" is not an integer/],
    ["a broken map key", "map<string>", (p) => p.leave("x/%zz", "1"), "OutputInvalid", /a % is written %25/],
    ["a map key twice", "map<string>", (p) => Promise.all([p.leave("x/%41", "1"), p.leave("x/A", "1")]), "OutputInvalid", /"A" is there twice/],
    ["broken JSON", "struct", (p) => p.leave("x", "{"), "OutputInvalid", /not JSON/],
    ["JSON of the wrong type", "list<integer>", (p) => p.leave("x.json", '[1,"a"]'), "OutputInvalid", /output x.json: 1: /],
    ["two files that could be it", "file", (p) => Promise.all([p.leave("x.a", ""), p.leave("x.b", "")]), "OutputAmbiguous", /x\.a or x\.b/],
    ["text that two members of a union take", "integer | string", (p) => p.leave("x", "5"), "OutputAmbiguous", /fits integer and string; leave x\.json/],
    ["text that no member of a union takes", "integer | boolean", (p) => p.leave("x", "a"), "OutputInvalid", /fits none of integer, boolean/],
    ["more than 10 MiB inline", "string", (p) => p.leave("x", "x".repeat(10 * 1024 * 1024 + 1)), "OutputTooLarge", /larger than 10 MiB; declare it as a file/],
    [
      "more than 10 MiB in a list",
      "list<string>",
      (p) => Promise.all([0, 1].map((i) => p.leave(`x/${i}`, "x".repeat(6 << 20)))),
      "OutputTooLarge",
      /larger than 10 MiB/,
    ],
    ["a file name no store can hold", "directory", (p) => p.leave("x/a\\b", "1"), "OutputInvalid", /cannot be kept in the object store/],
    [
      "a name that is not UTF-8",
      "directory",
      (p) => p.leave("x/a", "1").then(() => writeFile(Buffer.concat([Buffer.from(join(p.outputs, "x/")), Buffer.from([255])]), "1")),
      "OutputInvalid",
      /not UTF-8/,
    ],
    ["a uri outside the raw prefix", "file", (p) => p.leave("x.uri", "file:///etc/passwd"), "OutputInvalid", /not below FLYTEOPS_RAW_OUTPUT_URI/],
    ["a uri with nothing there", "file", (p) => p.leave("x.uri", `${p.prefix}/raw/nothing\n`), "OutputMissing", /there is nothing at/],
  ];
  for (const [about, type, leave, code, message] of invalid) {
    it(`refuses ${about}`, async () => {
      await leave(pod);
      await fails({ x: type }, code, message);
    });
  }

  it("takes the uri of data the task stored itself", async () => {
    await pod.store.write("runs/r/a/0/raw/mine/part-0", "1");
    await pod.leave("x.uri", `${pod.prefix}/raw/mine\n`);
    assert.equal(await pod.sidecar({ x: "directory | none" }), 0, pod.complaints.join());
    const { literals } = await pod.outputMap();
    assert.equal(blobOf(unwrap(literals["x"] ?? assert.fail()))?.uri, `${pod.prefix}/raw/mine`);
  });

  it("takes the uri of data below a data prefix, with a digest of what is there, and refuses any other", async () => {
    const raw = join(pod.root, "raw");
    await mkdir(raw);
    await writeFile(join(raw, "model"), "m");
    await symlink("../out", join(raw, "link"));
    const told = ["--remote", `file://${raw}`];
    await pod.leave("x.uri", `file://${raw}/model\n`);
    assert.equal(await pod.sidecar({ x: "file" }, ...told), 0, pod.complaints.join());
    const { literals } = await pod.outputMap();
    assert.deepEqual(blobOf(literals["x"] ?? assert.fail()), { uri: `file://${raw}/model`, multipart: false });
    assert.match(literals["x"]?.hash ?? "", /^sha256:/);
    const refused: [string, string][] = [
      [`file://${raw}/../store/x`, "OutputInvalid"],
      [`file://${raw}er/x`, "OutputInvalid"],
      [`file://${raw}/link`, "OutputLinkEscapes"],
      [`file://${raw}/none`, "OutputMissing"],
      ["s3://bucket/x", "OutputInvalid"],
    ];
    for (const [uri, code] of refused) {
      await pod.leave("x.uri", uri);
      assert.equal(await pod.sidecar({ x: "file" }, ...told), 1, uri);
      assert.equal((await pod.result()).error?.["code"], code, uri);
    }
  });

  describe("links and other traps", () => {
    it("follows links that stay inside the two directories", async () => {
      await mkdir(pod.inputs);
      await writeFile(join(pod.inputs, "given"), "from the inputs");
      await pod.leave("hidden/real", "from the outputs");
      await symlink(join(pod.inputs, "given"), join(pod.outputs, "a"));
      await symlink("hidden/real", join(pod.outputs, "b"));
      await mkdir(join(pod.outputs, "tree"));
      await symlink("../hidden", join(pod.outputs, "tree", "d"));
      assert.equal(await pod.sidecar({ a: "file", b: "string", tree: "directory" }, "--inputs", pod.inputs), 0, pod.complaints.join());
      assert.equal((await pod.stored("raw/a")).toString(), "from the inputs");
      assert.equal((await pod.stored("raw/tree/d/real")).toString(), "from the outputs");
    });

    for (const [about, target] of [
      ["a file outside", "/etc/passwd"],
      ["a directory outside", "/etc"],
      ["the directory above", ".."],
      ["a neighbour whose name begins alike", "../out-secret"],
      ["a pseudo file", "/proc/self/environ"],
      ["a device", "/dev/zero"],
    ] as const) {
      for (const type of ["file", "directory", "string", "file | string"]) {
        it(`refuses a link to ${about} as ${type}, and reads nothing of it`, async () => {
          await mkdir(join(pod.root, "out-secret"), { recursive: true });
          await symlink(target, join(pod.outputs, "x"));
          await fails({ x: type }, "OutputLinkEscapes", /is a link that leads out/);
          assert.equal((await pod.result()).error?.["retryable"], false);
        });
      }
    }

    it("refuses such a link deep inside a directory, a list and through a linked folder", async () => {
      await pod.leave("x/sub/ok", "1");
      await symlink("/etc/passwd", join(pod.outputs, "x/sub/evil"));
      await fails({ x: "directory" }, "OutputLinkEscapes", /x\/sub\/evil/);
      pod.complaints.length = 0;
      await pod.leave("y/0", "1");
      await symlink("/etc", join(pod.outputs, "y/1"));
      await fails({ y: "list<directory | file>" }, "OutputLinkEscapes", /y\/1/);
      pod.complaints.length = 0;
      await symlink("/etc", join(pod.outputs, "etc"));
      await symlink("etc/passwd", join(pod.outputs, "z"));
      await fails({ z: "file" }, "OutputLinkEscapes", /z is a link/);
    });

    it("refuses links in a circle, to a parent, and to nothing", async () => {
      await symlink("x", join(pod.outputs, "x"));
      await fails({ x: "file" }, "OutputInvalid", /in a circle/);
      pod.complaints.length = 0;
      await pod.leave("y/a", "1");
      await symlink("..", join(pod.outputs, "y/up"));
      await symlink(".", join(pod.outputs, "y/self"));
      await fails({ y: "directory" }, "OutputInvalid", /a directory that it lies in/);
      pod.complaints.length = 0;
      await symlink("gone", join(pod.outputs, "z"));
      await fails({ z: "file" }, "OutputInvalid", /not there/);
    });

    it("never blocks on a fifo, and refuses sockets", async () => {
      execFileSync("mkfifo", [join(pod.outputs, "x"), join(pod.outputs, "_ERROR")]);
      await fails({ x: "file" }, "UserError", /_ERROR, which cannot be read.*fifo/);
      await rm(join(pod.outputs, "_ERROR"));
      pod.complaints.length = 0;
      await fails({ x: "file" }, "OutputInvalid", /this is a fifo/);
      await rm(join(pod.outputs, "x"));
      pod.complaints.length = 0;
      const server = createServer().listen(join(pod.outputs, "x"));
      await new Promise((resolve) => server.once("listening", resolve));
      await fails({ x: "string" }, "OutputInvalid", /this is a socket/);
      await new Promise((resolve) => server.close(resolve));
    });

    it("never reads outside, however fast a link is swapped", async () => {
      await writeFile(join(pod.root, "secret"), "SECRET");
      await pod.leave("x", "harmless");
      let swapping = true;
      const swapper = (async () => {
        while (swapping) {
          await symlink("../secret", join(pod.outputs, ".link"));
          await rename(join(pod.outputs, ".link"), join(pod.outputs, "x"));
          await writeFile(join(pod.outputs, ".file"), "harmless");
          await rename(join(pod.outputs, ".file"), join(pod.outputs, "x"));
        }
      })();
      for (let round = 0; round < 60; round++) {
        if ((await pod.sidecar({ x: "file" })) === 0) assert.equal((await pod.stored("raw/x")).toString(), "harmless");
      }
      swapping = false;
      await swapper;
    });
  });

  describe("_ERROR", () => {
    it("wins over complete outputs, as text", async () => {
      await pod.leave("x", "1");
      await pod.leave("_ERROR", "the model diverged\n");
      await fails({ x: "integer" }, "UserError", /^the model diverged$/);
      assert.equal((await pod.result()).error?.["retryable"], true);
      const { literals } = await pod.outputMap("partial-outputs.pb");
      assert.equal(scalarOf(literals["x"] ?? assert.fail())?.case, "primitive");
    });

    it("may say everything, as JSON", async () => {
      await pod.leave("_ERROR", '{"code":"NoQuota","message":"later","kind":"SYSTEM","retryable":false,"skip":true}');
      assert.equal(await pod.sidecar({}), 1);
      assert.deepEqual((await pod.result()).error, { code: "NoQuota", message: "later", kind: "SYSTEM", retryable: false, skip: true, declared: true });
    });

    for (const code of ["x".repeat(5_000), "two words", "\u001b[2J", "-n"]) {
      it(`has a code of one word; what is none is told in the message: ${JSON.stringify(code.slice(0, 10))}`, async () => {
        await pod.leave("_ERROR", JSON.stringify({ code, message: "later" }));
        await fails({}, "UserError", /: later$/);
      });
    }

    it("is cut at 1 MiB, and to 4 KiB in result.json", async () => {
      await pod.leave("_ERROR", "e".repeat(2 << 20));
      assert.equal(await pod.sidecar({}), 1);
      assert.ok(String((await pod.result()).error?.["message"]).length < 4200);
      const document = fromBinary(ErrorDocumentSchema, await pod.stored("error.pb"));
      assert.match(document.error?.message ?? "", /^e{1048576}… \(2097152 bytes\)$/);
    });
  });

  it("keeps what could be read of a failed attempt, but commits nothing", async () => {
    await pod.leave("good", "file content");
    await pod.leave("bad", "x");
    await fails({ good: "file", bad: "integer" }, "OutputInvalid", /bad/);
    assert.deepEqual(Object.keys((await pod.outputMap("partial-outputs.pb")).literals), ["good"]);
    assert.equal((await pod.stored("raw/good")).toString(), "file content");
  });

  it("waits for the end of the task and passes progress on meanwhile", async () => {
    await pod.leave("x", "1");
    const done = pod.startSidecar({ x: "integer" });
    await pod.leave(".progress", "1/10 first\n3/10 message\n\n");
    while (!(await pod.has("progress"))) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await pod.has("outputs.pb"), false);
    pod.stop.abort();
    assert.equal(await done, 0);
    assert.match((await pod.stored("progress")).toString(), /^(1\/10 first|3\/10 message)$/);
  });

  it("commits outputs.pb after everything it refers to and result.json last, and nothing when a write fails", async () => {
    await pod.leave("file", "f");
    await pod.leave("big", "x".repeat(70_000));
    const order: string[] = [];
    pod.openStore = () => recording(pod.store, (key) => order.push(key));
    assert.equal(await pod.sidecar({ file: "file", big: "string" }), 0);
    assert.deepEqual(
      order.map((key) => key.slice("runs/r/a/0/".length)),
      ["raw/file", "big.pb", "outputs.pb", "result.json"],
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(3), async (failing) => {
        await pod.store.deleteAll("runs/r/a/0");
        let writes = 0;
        pod.openStore = () =>
          recording(pod.store, (key) => {
            if (writes++ === failing) throw new BlobError("InvalidKey", `no ${key}`);
          });
        assert.equal(await pod.sidecar({ file: "file", big: "string" }), 1);
        const written = (await pod.has("result.json")) ? (await pod.result())["outcome"] : "none";
        assert.notEqual(written, "Succeeded");
        if (failing < 3) assert.equal(await pod.has("outputs.pb"), false);
      }),
      { numRuns: 8 },
    );
  });

  it("tries again while the store is away, then blames the system", async () => {
    await pod.leave("x", "content");
    let failures = 4;
    const away = () => {
      if (failures-- > 0) throw new BlobError("BlobStoreUnavailable", "the store is away");
    };
    pod.openStore = () => recording(pod.store, away);
    assert.equal(await pod.sidecar({ x: "file" }), 0, pod.complaints.join());
    assert.equal((await pod.stored("raw/x")).toString(), "content");
    failures = 7;
    assert.equal(await pod.sidecar({ x: "file" }), 1);
    assert.deepEqual((await pod.result()).error, { code: "OutputUploadFailed", message: "the store is away", kind: "SYSTEM", retryable: true, skip: false });
  });

  it("says so when its deadline passes", async () => {
    await pod.leave("x", "1");
    const write: BlobStore["write"] = (key, data) => {
      if (!key.endsWith("outputs.pb")) return pod.store.write(key, data);
      setImmediate(() => pod.clock.expire());
      return new Promise(() => undefined);
    };
    pod.openStore = () => ({ ...pod.store, write });
    assert.equal(await pod.sidecar({ x: "integer" }), 1);
    assert.equal((await pod.result()).error?.["code"], "DeadlineExceeded");
  });

  it("streams a large file with little memory", async function () {
    this.timeout(20_000);
    await writeFile(join(pod.outputs, "big"), megabytes(64));
    global.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers)), 5);
    assert.equal(await pod.sidecar({ big: "file" }), 0);
    clearInterval(timer);
    assert.equal((await pod.result())["bytes"], 64 << 20);
    assert.ok(peak - before < 48 << 20, `${(peak - before) >> 20} MiB of buffers`);
  });
});

async function* megabytes(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(1 << 20, index);
}

function recording(store: BlobStore, onWrite: (key: string) => void): BlobStore {
  return {
    ...store,
    async write(key, data) {
      onWrite(key);
      await store.write(key, data);
    },
  };
}
