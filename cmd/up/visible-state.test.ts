import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { visibleState } from "./visible-state.ts";

describe("what a container sees of the state directory", () => {
  const state = realpathSync(mkdtempSync(join(tmpdir(), "flyteops-state-")));
  after(() => rmSync(state, { recursive: true, force: true }));
  const sees = visibleState(state, "flyteops:dev");
  const raw = (path: string) => ({ image: "node:22", env: [{ name: "FLYTEOPS_RAW_OUTPUT_URI", value: `${pathToFileURL(state).href}/${path}` }] });

  it("is the object store and the program for our own image", () =>
    assert.deepEqual(sees({ image: "flyteops:dev" }), [join(state, "objects"), join(state, "bin")]));

  it("is nothing for any other", () => assert.deepEqual(sees({ image: "node:22" }), []));

  it("is the place for its raw outputs, and those of its earlier attempts", () => {
    const action = join(state, "objects/runs/ml/development/first/uid/train");
    mkdirSync(join(action, "0/raw"), { recursive: true });
    assert.deepEqual(sees(raw("objects/runs/ml/development/first/uid/train/2/raw")), [join(action, "2/raw"), join(action, "0/raw")]);
  });

  for (const path of [
    "pki",
    "objects",
    "objects/runs/a/0",
    "objects/plans/0/raw",
    "objects/runs/../../pki/0/raw",
    "objects/runs/%2e%2e/%2e%2e/pki/0/raw",
    "../x/0/raw",
  ]) {
    it(`is never ${path}, whatever a pod says`, () => assert.deepEqual(sees(raw(path)), []));
  }

  it("is nothing of another store", () =>
    assert.deepEqual(sees({ image: "x", env: [{ name: "FLYTEOPS_RAW_OUTPUT_URI", value: "s3://bucket/runs/0/raw" }] }), []));

  it("is nothing for an address that cannot be read", () => {
    for (const value of ["file:", "file://host/x/0/raw", "file:///a%2fb/0/raw", "file:///\0/0/raw"])
      assert.deepEqual(sees({ image: "x", env: [{ name: "FLYTEOPS_RAW_OUTPUT_URI", value }] }), [], value);
  });
});
