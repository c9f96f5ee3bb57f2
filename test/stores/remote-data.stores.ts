import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type BlobStore, type RemoteData, RemoteDataError, remoteDataOpener } from "../../blobs/index.ts";
import { systemClock, systemRandom } from "../../cmd/system.ts";
import { type Backend, BACKENDS, backend, closeBackends, storeOn } from "./backends.ts";

const chosen = (process.env["FLYTEOPS_STORES"] ?? BACKENDS.join(",")).split(",");

after(closeBackends);

for (const name of BACKENDS.filter((one) => chosen.includes(one)))
  describe(`data that is read where it lies, ${name}`, () => {
    let up: Backend;
    let owner: BlobStore;
    let root: string;
    const opened = (prefixes: readonly string[], except: readonly string[] = []): RemoteData =>
      remoteDataOpener({ clock: systemClock, random: systemRandom, environment: up.environment() })(prefixes, except);
    const fails = (work: Promise<unknown>, code: string) => assert.rejects(work, (thrown) => thrown instanceof RemoteDataError && thrown.code === code);

    beforeEach(async () => {
      up = await backend(name);
      const prefix = randomUUID();
      root = `${up.bucket}/${prefix}`;
      owner = storeOn(up, prefix);
      await owner.write("raw/x %2e.csv", "1,2");
      await owner.write("raw/dir/b", "b");
      await owner.write("raw/dir/sub/a", "a");
      await owner.write("rawer/secret", "key");
    });

    async function text(data: RemoteData, uri: string): Promise<string> {
      const chunks: Uint8Array[] = [];
      for await (const chunk of data.readStream(uri)) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    }

    it("reads objects, and lists what lies below a name", async () => {
      const data = opened([`${root}/raw`]);
      assert.equal(await text(data, `${root}/raw/x %2e.csv`), "1,2");
      assert.deepEqual(
        (await data.files(`${root}/raw/dir`))?.map(({ below }) => below),
        ["b", "sub/a"],
      );
      assert.equal((await data.file(`${root}/raw/dir/b`))?.below, "");
      assert.equal(await data.file(`${root}/raw/dir`), undefined);
      assert.equal(await data.files(`${root}/raw/none`), undefined);
      assert.deepEqual(
        (await data.files(`${root}/raw/dir/b`))?.map(({ below }) => below),
        [""],
      );
      await fails(text(data, `${root}/raw/none`), "DataNotFound");
      await fails(data.files(`${root}/raw`, 1), "DataTooLarge");
    });

    it("knows a changed object, and a directory in which one changed", async () => {
      const data = opened([root]);
      const [file, directory] = [await data.identity(`${root}/raw/dir/b`, false), await data.identity(`${root}/raw/dir`, true)];
      assert.deepEqual(await opened([root]).identity(`${root}/raw/dir`, true), directory);
      await owner.write("raw/dir/b", "c");
      assert.notEqual((await data.identity(`${root}/raw/dir/b`, false))?.digest, file?.digest);
      assert.notEqual((await data.identity(`${root}/raw/dir`, true))?.digest, directory?.digest);
    });

    it("touches nothing outside its prefixes, nor the object store itself", async () => {
      const data = opened([`${root}/raw`], [`${root}/raw/dir`]);
      const outside = [`${root}/rawer/secret`, `${root}/raw/../rawer/secret`, `${root}/Raw/dir/b`, `${root}/raw/dir/b`, `${root}/raw//dir/b`, `${up.bucket}`];
      for (const uri of outside) {
        assert.equal(data.covers(uri), false, uri);
        await fails(text(data, uri), "UriNotAllowed");
        await fails(data.file(uri), "UriNotAllowed");
        await fails(data.files(uri), "UriNotAllowed");
      }
      await fails(data.files(`${root}/raw`), "UriNotAllowed");
    });

    it("says what cannot be read, and needs a program that reaches object stores", async () => {
      const absent = up.bucket.replace("flyteops-test", "flyteops-absent");
      await fails(text(opened([absent]), `${absent}/x`), "DataNotFound");
      const nowhere = remoteDataOpener()([root]);
      assert.equal(nowhere.covers(`${root}/raw/x`), true);
      await fails(text(nowhere, `${root}/raw/x`), "DataNotReadable");
    });
  });
