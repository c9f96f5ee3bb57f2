import assert from "node:assert/strict";
import { BAD_WORK, endsBadly, strangeDataIsData } from "../../e2e/support/bad-work.ts";
import { tasksKeepTheirContract } from "../../e2e/support/task-contract.ts";
import { at, installed } from "./support/installed.ts";
import { ending } from "./support/seen.ts";

const product = () => installed.product();

// These take a while and are looked at last.
const SLOW = ["hungry", "no-image"] as const;

describe("the contract of a task, kept by pods", function () {
  this.timeout(400_000);
  before(async () => {
    await installed.ready();
    for (const name of SLOW) await installed.createRun(name, { task: name });
  });
  tasksKeepTheirContract(product);
});

describe("work that goes wrong in pods", function () {
  this.timeout(400_000);

  it("says of every script that misbehaves what it did, with node, file and line", async () => {
    const names = Object.keys(BAD_WORK);
    const ended = await Promise.allSettled(names.map((name) => endsBadly(product(), name)));
    const wrong = ended.flatMap((one, index) => (one.status === "rejected" ? [`${names[index]}: ${String((one.reason as Error).message)}`] : []));
    assert.deepEqual(wrong, []);
  });

  it("says that a container took more memory than it may", async () => {
    const { status } = await ending(installed.client, at("hungry"));
    assert.deepEqual([status?.phase, status?.error?.code], ["Failed", "OOMKilled"], JSON.stringify(status?.error));
    assert.match(`${status?.error?.message}`, /32Mi|memory/);
  });

  it("says which image cannot be had, and ends the Run", async () => {
    const { status } = await ending(installed.client, at("no-image"));
    assert.equal(status?.phase, "Failed", JSON.stringify(status));
    assert.match(`${status?.error?.code} ${status?.error?.message}`, /no-such-image/);
  });

  strangeDataIsData(() => installed.on, product);
});
