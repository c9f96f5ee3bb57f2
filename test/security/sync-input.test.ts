import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { silentLogger } from "../../base/index.ts";
import { checkRepository, gitMirrors, localCommit, workingTree } from "../../gitops/index.ts";
import { memoryTree } from "../../gitops/testing/memory-tree.ts";
import { realClock, scratchDirectory, scratchRepository } from "../../gitops/testing/scratch-repository.ts";
import { globMatcher } from "../../gitops/check/globs.ts";
import { parseRepositoryUrl, redactUrls } from "../../gitops/source/git-url.ts";

describe("patterns and addresses of a repository", () => {
  it("match in no time, however many braces a pattern has", () => {
    const started = performance.now();
    const matches = globMatcher([`${"{a,b}".repeat(200)}/**/*.yaml`, "{".repeat(1_000), `${"{a,".repeat(300)}${"}".repeat(300)}`, `${"**/".repeat(300)}x`]);
    assert.equal(matches("c/d/e.yaml"), false);
    assert.ok(performance.now() - started < 1_000);
  });

  it("match what braces mean", () => {
    const matches = globMatcher(["{a,b}/{c,d}.{yaml,yml}", "{x}"]);
    assert.deepEqual(["a/c.yaml", "b/d.yml", "x", "{x}", "a/e.yaml"].map(matches), [true, true, true, false, false]);
  });

  const secrets = [
    "https://user:hush@example.com/x",
    "https://user:hush@hush@example.com/x",
    "https://hush@example.com/x",
    "https:hush:hush@example.com/x",
    "https:/user:hush@example.com/x",
    "https:\\\\user:hush@example.com/x",
    "ssh://git:hush@example.com/x",
    "git+ssh://git:hush@example.com/x",
    "ftp://user:hush@example.com/x",
    "https://example.com/x?token=hush",
  ];
  for (const url of secrets) {
    it(`never say the secret in ${url}`, () => {
      assert.doesNotMatch(redactUrls(`fatal: unable to access '${url}': no`), /hush/);
      try {
        parseRepositoryUrl(url, { allowFile: false });
      } catch (thrown) {
        assert.doesNotMatch(String(thrown), /hush/);
      }
    });
  }

  for (const url of [
    "ext::sh -c touch% /tmp/x",
    "-u/tmp/x",
    "--upload-pack=touch",
    "fd::17",
    "git://example.com/x",
    "ssh://-oProxyCommand=touch/x",
    "https://-x/",
    "file:///etc",
    "/etc",
    "https://a\n/b",
  ]) {
    it(`refuse ${JSON.stringify(url)}`, () => assert.throws(() => parseRepositoryUrl(url, { allowFile: false }), { retry: "terminal" }));
  }
});

describe("documents made to hurt whoever reads them", function () {
  this.timeout(10_000);
  const head = "apiVersion: flyte.org/v1\nkind: Task\nmetadata: {name: t, namespace: ml-development}\nspec:\n";
  const texts: Record<string, readonly [text: string, code: RegExp]> = {
    "a million empty lines": [head + "\n".repeat(1_000_000), /TooManyLines/],
    "a hundred thousand brackets": [`${head}  x: ${"[".repeat(100_000)}`, /InvalidYaml/],
    "a deep block": [head + Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(2 + depth)}a:`).join("\n"), /InvalidYaml|DocumentTooDeep/],
    "a number of a million digits": [`${head}  x: ${"1".repeat(1_000_000)}`, /AmbiguousScalar/],
    "aliases of aliases": [
      `${head}  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, at) => `  a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(", ")}]`).join("\n")}`,
      /TooManyAliases|DocumentTooLarge/,
    ],
  };
  for (const [what, [text, code]] of Object.entries(texts)) {
    it(`are refused soon and in few words: ${what}`, async () => {
      const started = performance.now();
      const { problems, objects } = await checkRepository(memoryTree({ "x.yaml": text }), {});
      assert.ok(performance.now() - started < 3_000);
      assert.deepEqual([objects.length, problems.every(({ message }) => message.length < 5_000)], [0, true]);
      assert.match(problems.map((problem) => problem.code).join(), code);
    });
  }
});

describe("a hostile repository", function () {
  this.timeout(20_000);
  const settings = { environment: process.env, clock: realClock, logger: silentLogger };

  it("is asked for strange paths as for any path", async () => {
    const repository = scratchRepository();
    const state = scratchDirectory();
    repository.commit({ "x.csv": "1\n", "*": "star\n", "new\nline.yaml": "a: 1\n", "\u001b[2Jclear.yaml": "a: 1\n", "-n": "option\n" });
    const remote = gitMirrors({ ...settings, stateDir: state.path, allowFile: true });
    const tree = await remote.tree(await remote.resolve({ url: repository.root, ref: {}, timeoutMs: 15_000 }));
    for (const path of [":(icase)X.CSV", ":/x.csv", ":!x", "[x].csv", "--name-only", "x.csv/", "../x", "/etc/passwd"])
      assert.equal(await tree.entry(path), undefined, path);
    for (const path of ["*", "-n", "new\nline.yaml", "\u001b[2Jclear.yaml"]) assert.equal((await tree.entry(path))?.path, path);
    assert.equal((await tree.read((await tree.entry("*"))!, 100)).toString(), "star\n");
    await remote.close();
    repository.remove();
    state.remove();
  });

  it("runs nothing of its own configuration while it is looked at or followed", async () => {
    const repository = scratchRepository();
    const state = scratchDirectory();
    repository.commit({ "x.yaml": "a: 1\n", ".gitattributes": "* filter=evil diff=evil\n" });
    const ran = join(state.path, "ran");
    const evil = `touch ${ran}; false`;
    for (const [name, value] of Object.entries({
      "core.fsmonitor": evil,
      "core.sshCommand": evil,
      "core.pager": evil,
      "core.alternateRefsCommand": evil,
      "uploadpack.packObjectsHook": evil,
      "filter.evil.clean": evil,
      "filter.evil.smudge": evil,
      "filter.evil.process": evil,
      "diff.evil.textconv": evil,
      "diff.external": evil,
      "credential.helper": `!${evil}`,
      "remote.origin.url": repository.root,
      "remote.origin.promisor": "true",
      "remote.origin.uploadpack": evil,
      "extensions.partialClone": "origin",
    }))
      repository.git("config", name, value);
    const blob = repository.git("rev-parse", "HEAD:x.yaml").trim();
    rmSync(join(repository.root, ".git/objects", blob.slice(0, 2), blob.slice(2)), { force: true });
    const files = await workingTree(repository.root, settings);
    await files.tree.list("");
    await files.close();
    const commit = await localCommit(repository.root, "HEAD", settings);
    const entry = await commit.tree.entry("x.yaml").catch(() => undefined);
    if (entry) await commit.tree.read(entry, 100).catch(() => undefined);
    await commit.close();
    assert.equal(existsSync(ran), false);
    repository.remove();
    state.remove();
  });
});
