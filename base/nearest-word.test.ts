import assert from "node:assert/strict";
import { nearestWord } from "./nearest-word.ts";

describe("nearestWord", () => {
  const known = ["command", "args", "container", "env", "workingDir", "from"];
  for (const [word, meant] of [
    ["comand", "command"],
    ["commands", "command"],
    ["arg", "args"],
    ["working-dir", "workingDir"],
    ["form", "from"],
    ["Container", "container"],
  ] as const)
    it(`takes ${word} for ${meant}`, () => assert.equal(nearestWord(word, known), meant));

  it("says nothing about a word that resembles none", () => {
    assert.equal(nearestWord("replicas", known), undefined);
    assert.equal(nearestWord("x".repeat(10_000), known), undefined);
    assert.equal(nearestWord("anything", []), undefined);
  });
});
