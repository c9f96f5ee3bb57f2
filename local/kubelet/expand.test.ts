import assert from "node:assert/strict";
import fc from "fast-check";
import { expand } from "./expand.ts";

const lookup = (name: string) => (({ A: "a", B: "$(A)", EMPTY: "" }) as Record<string, string>)[name];

describe("expansion of $(NAME)", () => {
  const cases: Record<string, [string, string]> = {
    "replaces a known name": ["x$(A)y", "xay"],
    "keeps an unknown name as written": ["$(NO)", "$(NO)"],
    "does not look again at what a variable holds": ["$(B)", "$(A)"],
    "replaces by nothing where the value is empty": ["[$(EMPTY)]", "[]"],
    "reads $$ as one dollar": ["$$(A)", "$(A)"],
    "reads $$$$ as two": ["$$$$", "$$"],
    "replaces after an escaped dollar": ["$$$(A)", "$a"],
    "leaves a lone dollar alone": ["a$ b$c $", "a$ b$c $"],
    "leaves an open parenthesis alone": ["$(A", "$(A"],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) it(name, () => assert.equal(expand(text, lookup), expected));

  it("gives back any text whose dollars were doubled", () => {
    fc.assert(fc.property(fc.string(), (text) => assert.equal(expand(text.replaceAll("$", "$$$$"), lookup), text)));
  });
});
