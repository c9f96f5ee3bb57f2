import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore } from "../../blobs/index.ts";
import { remoteDataOpener } from "../../blobs/index.ts";
import { type Connection } from "../../cli/index.ts";
import { storageOf } from "../../cli/storage.ts";
import { downloadOutputs, readOutputs } from "../../cli/stored-values.ts";
import { uploadPath } from "../../cli/upload.ts";
import { systemClock, systemRandom } from "../../cmd/system.ts";
import { filesBelow, Pod } from "../../copilot/fixture.ts";
import { blobLiteral } from "../../values/index.ts";
import { type Backend, BACKENDS, backend, closeBackends, storeOn } from "./backends.ts";

const chosen = (process.env["FLYTEOPS_STORES"] ?? BACKENDS.join(",")).split(",");

after(closeBackends);

for (const name of BACKENDS.filter((one) => chosen.includes(one)))
  describe(`the data of a task, ${name}`, () => {
    let up: Backend;
    let store: BlobStore;
    let prefix: string;
    let pod: Pod;
    let directory: string;

    beforeEach(async () => {
      up = await backend(name);
      prefix = randomUUID();
      store = storeOn(up, prefix);
      pod = await Pod.make({ store });
      pod.openRemote = remoteDataOpener({ clock: systemClock, random: systemRandom, environment: up.environment() });
      directory = await mkdtemp(join(tmpdir(), "flyteops-task-"));
    });
    afterEach(async () => {
      await pod.close();
      await rm(directory, { recursive: true });
    });

    /** What an installation says of its store. */
    const connection = (data: Readonly<Record<string, string>>): Connection => ({ client: { get: async () => ({ data }) } }) as unknown as Connection;
    const user = (environment: Readonly<Record<string, string>>) => ({ clock: systemClock, random: systemRandom, env: environment });

    it("comes from buckets of others and goes to the store", async () => {
      const others = storeOn(up, `${prefix}-data`);
      await others.write("raw/x.csv", "1,2\n");
      await others.write("raw/dir/a", "a");
      await others.write("raw/dir/sub/b", "b");
      const root = `${up.bucket}/${prefix}-data/raw`;
      const inputs = { csv: "file", dir: "directory" };
      const literals = { csv: blobLiteral({ kind: "file" }, `${root}/x.csv`), dir: blobLiteral({ kind: "directory" }, `${root}/dir`) };
      assert.equal(await pod.download(inputs, literals, "--remote", root), 0, pod.complaints.join());
      const { "inputs.json": _json, "inputs.pb": _pb, ...files } = await filesBelow(pod.inputs);
      assert.deepEqual(files, { csv: "644 1,2\n", dir: "755/", "dir/a": "644 a", "dir/sub": "755/", "dir/sub/b": "644 b" });
      assert.equal(await pod.download(inputs, literals), 1);
      assert.match(pod.complaints.join(), /InputOutsideStore/);
    });

    it("is stored by the sidecar and brought back by the user with their own credentials", async () => {
      await pod.leave("model", "weights");
      for (let index = 0; index < 40; index++) await pod.leave(`parts/${index}`, String(index));
      assert.equal(await pod.sidecar({ model: "file", parts: "directory" }), 0, pod.complaints.join());
      const own = await storageOf(connection({ storage: store.root }), user(up.environment()));
      await downloadOutputs(own, await readOutputs(own, pod.prefix), join(directory, "out"));
      assert.equal(await readFile(join(directory, "out/model"), "utf8"), "weights");
      assert.equal(await readFile(join(directory, "out/parts/39"), "utf8"), "39");
      const none = await storageOf(
        connection({ storage: store.root }),
        user({ HOME: directory, AWS_EC2_METADATA_DISABLED: "true", GCE_METADATA_HOST: "127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" }),
      );
      await assert.rejects(readOutputs(none, pod.prefix), /there are no (AWS|Google|Azure) credentials: set /);
    });

    it("is uploaded from the command line, once", async () => {
      await writeFile(join(directory, "x.csv"), Buffer.alloc(9 * 1024 * 1024, "1,2\n"));
      const own = await storageOf(connection({ storage: store.root }), user(up.environment()));
      const input = await uploadPath(own, join(directory, "x.csv"), "x.csv", "file");
      const key = `files/${String(input["digest"]).slice("sha256:".length)}/x.csv`;
      assert.equal((await store.stat(key))?.size, 9 * 1024 * 1024);
      assert.deepEqual(await uploadPath(own, join(directory, "x.csv"), "x.csv", "file"), input);
    });

    it("takes the credentials of the copilot's environment, and none are said", async () => {
      const copilot = (env: Readonly<Record<string, string>>) =>
        new Promise<{ code: number | null; said: string }>((resolve) => {
          const args = ["--storage", store.root, "--prefix", pod.prefix, "--inputs", `${pod.prefix}/inputs.pb`, "--interface", "", "--to", directory];
          const child = spawn(process.execPath, ["--import=tsx", "cmd/flyteops.ts", "copilot", "download", ...args], {
            env: { PATH: process.env["PATH"] ?? "", ...env },
          });
          let said = "";
          for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
          child.on("close", (code) => resolve({ code, said }));
        });
      await store.write("runs/r/a/0/inputs.pb", new Uint8Array());
      assert.deepEqual(await copilot(up.environment()), { code: 0, said: "" });
      if (name !== "s3") return;
      const denied = await copilot({ ...up.environment(), AWS_ACCESS_KEY_ID: "AKIDSTRANGER", AWS_SECRET_ACCESS_KEY: "hush-hush" });
      assert.equal(denied.code, 1);
      assert.match(denied.said, /No user exists with the provided access key/);
      assert.doesNotMatch(denied.said, /hush-hush|Credential=/);
    });
  });
