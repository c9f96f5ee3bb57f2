import assert from "node:assert/strict";
import { mistakesAreNamed } from "./support/bad-repository-contract.ts";
import { followedByUp } from "./support/followed.ts";
import { type Bench, bench, PROJECT } from "./support/product.ts";
import { flyteops } from "./support/program.ts";
import { repository } from "./support/repository.ts";

describe("a repository with mistakes", function () {
  this.timeout(60_000);
  let on: Bench;

  before(() => {
    on = bench();
  });
  after(() => on.clear());

  mistakesAreNamed(
    PROJECT,
    followedByUp(() => on),
  );

  it("says so when a repository is empty, holds nothing of ours, or cannot be reached", async () => {
    const other = bench();
    on.defer(() => other.clear());
    const bare = other.path("bare.git");
    const readme = repository(other.path("readme"), { "README.md": "nothing to run\n" });
    readme.git("init", "--quiet", "--bare", bare);
    const once = (repository: string, index: number) =>
      flyteops(["up", "--once", "-o", "json", "--state", other.path(`state-${index}`), "--repo", repository], { cwd: other.directory, env: other.env });
    const [empty, absent, unreachable, nothing] = await Promise.all(
      [`file://${bare}`, `file://${other.path("nowhere")}`, "https://127.0.0.1:9/x.git", readme.path].map(once),
    );
    assert.match(`${empty?.err}`, /has no commit yet/);
    assert.match(`${absent?.err}`, /nowhere/);
    assert.equal(unreachable?.code, 1);
    assert.match(`${unreachable?.err}`, /127\.0\.0\.1:9\/x\.git: the server cannot be reached/);
    assert.deepEqual([nothing?.code, JSON.parse(`${nothing?.out}`)], [0, { runs: [], problems: [] }]);
  });
});
