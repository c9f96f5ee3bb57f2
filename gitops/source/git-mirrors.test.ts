import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, silentLogger } from "../../base/index.ts";
import { realClock, scratchDirectory, scratchRepository, type ScratchRepository } from "../testing/scratch-repository.ts";
import { gitMirrors } from "./git-mirrors.ts";
import type { GitRef, GitRemote } from "./git-remote.ts";

describe("git mirrors", function () {
  this.timeout(20_000);
  let repository: ScratchRepository;
  let state: ReturnType<typeof scratchDirectory>;
  let remote: GitRemote;

  beforeEach(() => {
    repository = scratchRepository();
    state = scratchDirectory();
    remote = openRemote();
  });
  afterEach(async () => {
    await remote.close();
    repository.remove();
    state.remove();
  });

  function openRemote(options: { allowFile?: boolean; maxMirrorBytes?: number } = {}): GitRemote {
    return gitMirrors({ stateDir: state.path, allowFile: true, environment: process.env, clock: realClock, logger: silentLogger, ...options });
  }
  const resolve = (ref: GitRef = { branch: "main" }, url = repository.root) => remote.resolve({ url, ref, timeoutMs: 15_000 });
  const reasonOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "no failure",
      (thrown: unknown) => (thrown instanceof Failure ? thrown.reason : String(thrown)),
    );

  /** Follows a repository; the first notice says that the watch is on, then `change` must be noticed too. */
  async function noticed(path: string, change: () => void): Promise<void> {
    let notices = 0;
    let stop: (() => Promise<void>) | undefined;
    await new Promise<void>((done) => {
      stop = remote.follow(path, () => {
        notices += 1;
        if (notices === 1) change();
        else done();
      });
    });
    await stop?.();
  }

  it("reads the files of a branch from git objects", async () => {
    const commit = repository.commit({ "flows/a.yaml": "a: 1\n", "data/ü.csv": "x\n", "run.sh": "echo\n" }, "First words");
    const revision = await resolve();
    assert.equal(revision.text, `main@sha1:${commit}`);
    assert.deepEqual([revision.author, revision.subject], [{ name: "Ada", email: "ada@example.org" }, "First words"]);
    const tree = await remote.tree(revision);
    assert.deepEqual(
      (await tree.list("")).map((entry) => entry.path),
      ["data", "data/ü.csv", "flows", "flows/a.yaml", "run.sh"],
    );
    const entry = await tree.entry("flows/a.yaml");
    assert.ok(entry);
    assert.equal((await tree.read(entry, 100)).toString(), "a: 1\n");
    assert.equal(await tree.entry("flows/b.yaml"), undefined);
    assert.equal(await reasonOf(tree.read(entry, 2)), "FileTooLarge");
  });

  it("fetches new commits, names what changed, and does not fetch when nothing did", async () => {
    repository.commit({ "a.yaml": "1", "b.yaml": "1", "c.yaml": "1" });
    const first = await resolve();
    assert.deepEqual(await resolve(), first);
    repository.commit({ "a.yaml": "2", "b.yaml": undefined, "d.yaml": "1" });
    const second = await resolve();
    assert.deepEqual(await remote.changes(first, second), [
      { path: "a.yaml", change: "modified" },
      { path: "b.yaml", change: "deleted" },
      { path: "d.yaml", change: "added" },
    ]);
  });

  it("follows a force push", async () => {
    repository.commit({ "a.yaml": "1" });
    await resolve();
    repository.git("checkout", "--quiet", "--orphan", "other");
    const rewritten = repository.commit({ "a.yaml": "rewritten" });
    repository.git("branch", "-M", "main");
    assert.equal((await resolve()).commit, rewritten);
  });

  it("keeps a mirror across restarts", async () => {
    const commit = repository.commit({ "a.yaml": "1" });
    await resolve();
    await remote.close();
    remote = openRemote();
    assert.equal((await resolve({ commit })).commit, commit);
    const moved = repository.commit({ "a.yaml": "2" });
    assert.equal((await resolve()).commit, moved);
  });

  it("follows tags, full ref names, exact commits and the default branch", async () => {
    const first = repository.commit({ "a.yaml": "1" });
    repository.git("tag", "-a", "v1", "-m", "one");
    repository.git("update-ref", "refs/pull/7/head", first);
    const second = repository.commit({ "a.yaml": "2" });
    assert.equal((await resolve({ tag: "v1" })).text, `v1@sha1:${first}`);
    assert.equal((await resolve({ name: "refs/pull/7/head" })).text, `refs/pull/7/head@sha1:${first}`);
    assert.equal((await resolve({ commit: first })).text, `sha1:${first}`);
    assert.equal((await resolve({})).text, `main@sha1:${second}`);
  });

  it("says what is wrong with a repository, in one word that a condition can carry", async () => {
    assert.equal(await reasonOf(resolve()), "RepositoryEmpty");
    const commit = repository.commit({ "a.yaml": "1" });
    assert.equal(await reasonOf(resolve({ branch: "gone" })), "RefNotFound");
    assert.equal(await reasonOf(resolve({ commit: commit.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) })), "RefNotFound");
    assert.equal(await reasonOf(resolve({ commit: "abc123" })), "InvalidRef");
    assert.equal(await reasonOf(resolve({ branch: "--upload-pack=touch /tmp/x" })), "InvalidRef");
    assert.equal(await reasonOf(resolve({}, join(state.path, "nowhere"))), "RepositoryNotFound");
    assert.equal(await reasonOf(resolve({}, "ext::sh -c touch% /tmp/x")), "ProtocolNotAllowed");
    assert.equal(await reasonOf(resolve({}, "https://127.0.0.1:1/x.git")), "RepositoryUnreachable");
    assert.equal(await reasonOf(resolve({}, "git@example.org:x.git")), "InvalidUrl");
    assert.equal(await reasonOf(resolve({}, "http://127.0.0.1:1/x.git")), "ProtocolNotAllowed");
  });

  it("names the branches there are when the one it follows vanished", async () => {
    repository.commit({ "a.yaml": "1" });
    await resolve();
    repository.git("branch", "-M", "trunk");
    await assert.rejects(resolve(), /branch main does not exist in the repository; its branches are: trunk/);
  });

  it("recovers when a repository that went away comes back", async () => {
    repository.commit({ "a.yaml": "1" });
    const before = await resolve();
    const elsewhere = `${repository.root}-away`;
    renameSync(repository.root, elsewhere);
    assert.equal(await reasonOf(resolve()), "RepositoryNotFound");
    const tree = await remote.tree(before);
    assert.equal((await tree.list("")).length, 1);
    renameSync(elsewhere, repository.root);
    assert.equal((await resolve()).commit, before.commit);
  });

  it("refuses file addresses outside laptop mode", async () => {
    repository.commit({ "a.yaml": "1" });
    remote = openRemote({ allowFile: false });
    assert.equal(await reasonOf(resolve()), "ProtocolNotAllowed");
    assert.equal(await reasonOf(resolve({}, `file://${repository.root}`)), "ProtocolNotAllowed");
  });

  it("runs no hook and no program that a repository brings along", async () => {
    repository.commit({ "a.yaml": "1", ".gitattributes": "* filter=evil diff=evil\n" });
    const proof = join(state.path, "proof");
    repository.git("config", "uploadpack.packObjectsHook", `touch ${proof};`);
    repository.git("config", "core.fsmonitor", `touch ${proof}`);
    await resolve();
    assert.equal(existsSync(proof), false);
  });

  it("never shows a password", async () => {
    const message = await resolve({}, "https://ada:s3cret@127.0.0.1:1/x.git").catch((thrown: unknown) => String(thrown));
    assert.match(String(message), /https:\/\/\*\*\*@127\.0\.0\.1:1/);
    assert.doesNotMatch(String(message), /s3cret|ada/);
  });

  it("mends a mirror whose lock file was left behind by a killed fetch", async () => {
    repository.commit({ "a.yaml": "1" });
    await resolve();
    await remote.close();
    const mirror = readdirSync(state.path).find((name) => name.endsWith(".git")) ?? "";
    writeFileSync(join(state.path, mirror, "shallow.lock"), "");
    const moved = repository.commit({ "a.yaml": "2" });
    remote = openRemote();
    assert.equal((await resolve()).commit, moved);
    assert.match(readFileSync(join(state.path, mirror, "config"), "utf8"), /url = "file:/);
    rmSync(join(state.path, mirror), { recursive: true });
  });

  it("notices a commit in a local repository without polling", async () => {
    repository.commit({ "a.yaml": "1" });
    await noticed(repository.root, () => repository.commit({ "a.yaml": "2" }));
    assert.equal(
      remote.follow("https://example.org/x.git", () => undefined),
      undefined,
    );
  });

  it("notices a commit in a linked worktree", async () => {
    repository.commit({ "a.yaml": "1" });
    const linked = join(state.path, "linked");
    repository.git("worktree", "add", "--quiet", "-b", "side", linked);
    await noticed(linked, () => repository.git("-C", linked, "commit", "--quiet", "--allow-empty", "-m", "side"));
    assert.match((await resolve({}, linked)).text, /^side@sha1:/);
  });
});
