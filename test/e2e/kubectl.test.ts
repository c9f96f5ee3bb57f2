import { followedByUp } from "./support/followed.ts";
import { kubectlIsMissing, kubectlWorks } from "./support/kubectl-contract.ts";
import { type Bench, bench, PROJECT } from "./support/product.ts";

describe(`kubectl, on our kinds${kubectlIsMissing ? " (skipped: no kubectl on PATH)" : ""}`, function () {
  this.timeout(60_000);
  if (kubectlIsMissing) return;
  let on: Bench;

  before(() => {
    on = bench();
  });
  after(() => on.clear());

  kubectlWorks(
    PROJECT,
    () => on,
    followedByUp(() => on),
  );
});
