import assert from "node:assert/strict";
import { literalFits } from "./fits.ts";
import { blobOf } from "./literal.ts";
import { isTypeProblem, parseType } from "./parse-type.ts";
import { isProblems } from "./problem.ts";
import { storedLiteral } from "./stored.ts";

describe("values/stored", () => {
  for (const [type, form, fits] of [
    ["file<csv>", "file", true],
    ["file | none", "file", true],
    ["dataset<csv>", "file", true],
    ["dataset<csv> | none", "directory", true],
    ["directory", "directory", true],
    ["directory", "file", false],
    ["file", "directory", false],
    ["string", "file", false],
  ] as const) {
    it(`${fits ? "takes" : "refuses"} {${form}: …} for ${type}`, () => {
      const parsed = parseType(type);
      assert.ok(!isTypeProblem(parsed));
      const literal = storedLiteral(parsed, form, "test:///x", { digest: "sha256:00" });
      assert.equal(!isProblems(literal), fits);
      if (isProblems(literal)) return;
      assert.ok(literalFits(parsed, literal));
      assert.equal(blobOf(literal)?.uri, "test:///x");
    });
  }
});
