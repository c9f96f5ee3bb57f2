import assert from "node:assert/strict";
import fc from "fast-check";
import { clipLine } from "./clip-line.ts";

const visible = (line: string) => [...line.replace(/\u001b\[\d*m/g, "")];

describe("clipping a line", () => {
  it("leaves what fits, and marks what was cut", () => {
    assert.equal(clipLine("train  Running", 14), "train  Running");
    assert.equal(clipLine("train  Running", 10), "train  Ru…");
    assert.equal(clipLine("\u001b[32mtrain\u001b[0m", 5), "\u001b[32mtrain\u001b[0m");
    assert.equal(clipLine("\u001b[32mtrain\u001b[0m", 3), "\u001b[32mtr…\u001b[0m");
    assert.equal(clipLine("anything", 0), "anything");
  });

  it("never takes more columns than there are, cuts no colour in two and leaves none on", () => {
    const piece = fc.oneof(fc.constantFrom("\u001b[2m", "\u001b[31m", "\u001b[0m"), fc.constantFrom("a", "├─ ", "●", "😀"));
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 12 }), (pieces, columns) => {
        const line = `${pieces.join("")}\u001b[0m`;
        const clipped = clipLine(line, columns);
        assert.ok(visible(clipped).length <= columns);
        assert.ok(!visible(clipped).includes("\u001b"));
        const last = clipped.match(/\u001b\[\d*m/g)?.at(-1);
        assert.ok(last === undefined || last === "\u001b[0m");
      }),
    );
  });
});
