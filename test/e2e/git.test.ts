import { followedByUp } from "./support/followed.ts";
import { repositoryIsFollowed } from "./support/git-contract.ts";
import { type Bench, bench, PROJECT } from "./support/product.ts";

describe("a repository that is followed", function () {
  this.timeout(60_000);
  let on: Bench;

  before(() => {
    on = bench();
  });
  after(() => on.clear());

  repositoryIsFollowed(
    PROJECT,
    followedByUp(() => on),
  );
});
