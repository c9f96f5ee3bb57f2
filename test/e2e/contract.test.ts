import assert from "node:assert/strict";
import { project } from "./support/manifests.ts";
import { type Bench, bench, type Product, up } from "./support/product.ts";
import { repository } from "./support/repository.ts";
import { taskContractFiles, tasksKeepTheirContract } from "./support/task-contract.ts";

describe("the contract of a task", function () {
  this.timeout(60_000);
  let on: Bench;
  let product: Product;

  before(async () => {
    on = bench();
    const repo = repository(on.path("repo"), { "project.yaml": project(), ...taskContractFiles() });
    product = await up(on, { repo: repo.path });
    await product.program.says(/synced main@|sync failed/);
    assert.doesNotMatch(product.program.text(), /sync failed/, product.program.text());
  });
  after(() => on.clear());

  tasksKeepTheirContract(() => product);
});
