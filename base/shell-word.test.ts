import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { shellWord } from "./shell-word.ts";

describe("a word for a shell", () => {
  it("stays as it is where nothing in it is special", () => {
    assert.equal(shellWord("/home/ada/.flyteops/kubeconfig"), "/home/ada/.flyteops/kubeconfig");
    assert.equal(shellWord(""), "''");
  });

  it("comes out of a shell as it went in", () => {
    const words = fc.sample(fc.string({ unit: "grapheme" }), 200).map((word) => word.replaceAll("\0", ""));
    const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(shellWord).join(" ")}`], { encoding: "utf8" });
    assert.deepEqual(printed.split("\0").slice(0, -1), words);
  });
});
