import assert from "node:assert/strict";
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
