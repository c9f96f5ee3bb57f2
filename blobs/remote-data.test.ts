import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRemoteData, RemoteDataError } from "./remote-data.ts";

describe("data that is read where it lies", () => {
  let root: string;
  const uri = (path: string) => `file://${join(root, path)}`;
  const data = (...except: string[]) => openRemoteData([uri("raw")], except);
  const fails = (work: Promise<unknown>, code: string) => assert.rejects(work, (thrown) => thrown instanceof RemoteDataError && thrown.code === code);
  const text = async (at: string, from = data()) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of from.readStream(at)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "flyteops-remote-")));
    await mkdir(join(root, "raw/dir/sub"), { recursive: true });
    await mkdir(join(root, "secret"));
    await writeFile(join(root, "raw/x%20y #1.csv"), "1,2");
    await writeFile(join(root, "raw/dir/b"), "b");
    await writeFile(join(root, "raw/dir/sub/a"), "a");
    await writeFile(join(root, "secret/key"), "key");
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("reads files and lists directories, names taken as they are", async () => {
    assert.equal(await text(uri("raw/x%20y #1.csv")), "1,2");
    assert.deepEqual(
      (await data().files(uri("raw/dir"), 10))?.map(({ below }) => below),
      ["b", "sub/a"],
    );
    assert.equal((await data().file(uri("raw/x%20y #1.csv")))?.below, "");
  });

  it("tells nothing from something, and a file from a directory", async () => {
    assert.equal(await data().file(uri("raw/none")), undefined);
    assert.equal(await data().file(uri("raw/dir")), undefined);
    assert.equal(await data().files(uri("raw/none"), 10), undefined);
    await fails(text(uri("raw/none")), "DataNotFound");
    await fails(text(uri("raw/dir")), "DataNotFound");
  });

  it("gives a changed file another version", async () => {
    const before = await data().file(uri("raw/dir/b"));
    assert.deepEqual(await data().file(uri("raw/dir/b")), before);
    await utimes(join(root, "raw/dir/b"), 1, 1);
    assert.notEqual((await data().file(uri("raw/dir/b")))?.version, before?.version);
  });

  it("touches nothing outside its prefixes", async () => {
    for (const outside of [uri("secret/key"), uri("raw/../secret/key"), uri("rawer"), "file:///etc/passwd", uri("raw/%2e%2e/secret/key\0")]) {
      assert.equal(data().covers(outside), false, outside);
      await fails(text(outside), "UriNotAllowed");
    }
  });

  it("follows links inside a prefix, and none that lead out of it", async () => {
    await symlink("dir/b", join(root, "raw/inner"));
    await symlink(join(root, "secret/key"), join(root, "raw/out"));
    await symlink(join(root, "secret"), join(root, "raw/dir/outdir"));
    assert.equal(await text(uri("raw/inner")), "b");
    await fails(text(uri("raw/out")), "UriNotAllowed");
    await fails(data().file(uri("raw/out")), "UriNotAllowed");
    await fails(text(uri("raw/dir/outdir/key")), "UriNotAllowed");
    await fails(data().files(uri("raw/dir"), 10), "UriNotAllowed");
  });

  it("never reads the object store itself, nor through a link", async () => {
    await mkdir(join(root, "raw/store"));
    await writeFile(join(root, "raw/store/outputs.pb"), "x");
    await symlink("store/outputs.pb", join(root, "raw/link"));
    const guarded = data(uri("raw/store"));
    assert.equal(guarded.covers(uri("raw/store/outputs.pb")), false);
    await fails(text(uri("raw/link"), guarded), "UriNotAllowed");
  });

  it("opens no pipes and walks in no circles", async () => {
    execFileSync("mkfifo", [join(root, "raw/pipe")]);
    await fails(text(uri("raw/pipe")), "DataNotReadable");
    await symlink(".", join(root, "raw/dir/sub/round"));
    await fails(data().files(uri("raw/dir"), 10), "DataNotReadable");
  });

  it("stops at too many files", () => fails(data().files(uri("raw/dir"), 1), "DataTooLarge"));
});
