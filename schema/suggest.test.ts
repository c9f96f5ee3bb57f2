import assert from "node:assert/strict";
import { suggest } from "./suggest.ts";

describe("suggest", () => {
  const known = ["command", "args", "container", "env", "workingDir", "from"];
  for (const [word, meant] of [
    ["comand", "command"],
    ["commands", "command"],
    ["arg", "args"],
    ["working-dir", "workingDir"],
    ["form", "from"],
    ["Container", "container"],
  ] as const)
    it(`takes ${word} for ${meant}`, () => assert.equal(suggest(word, known), meant));

  it("says nothing about a word that resembles none", () => {
    assert.equal(suggest("replicas", known), undefined);
    assert.equal(suggest("x".repeat(10_000), known), undefined);
    assert.equal(suggest("anything", []), undefined);
  });
});
