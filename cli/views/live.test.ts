import assert from "node:assert/strict";
import { liveBlock } from "./live.ts";

function screen(isTty: boolean, columns = 20, rows = 6) {
  let written = "";
  const terminal = { write: (text: string) => void (written += text), isTty, columns, rows };
  return { block: liveBlock(terminal), taken: () => [written, (written = "")][0] };
}

describe("a live block", () => {
  it("is redrawn in place, with lines that fit", () => {
    const { block, taken } = screen(true);
    block.show(["train  Running", "report  Waiting for the end of train"]);
    assert.equal(taken(), "train  Running\nreport  Waiting for…\n");
    block.say("synced");
    assert.equal(taken(), "\u001b[2A\u001b[0Jsynced\ntrain  Running\nreport  Waiting for…\n");
    block.show([]);
    assert.equal(taken(), "\u001b[2A\u001b[0J");
  });

  it("writes nothing when nothing changed", () => {
    const { block, taken } = screen(true);
    block.show(["a"]);
    taken();
    block.show(["a"]);
    assert.equal(taken(), "");
  });

  it("never draws more lines than it could take back", () => {
    const { block, taken } = screen(true);
    block.show(["1", "2", "3", "4", "5", "6"]);
    assert.equal(taken(), "… 3 more lines\n4\n5\n6\n");
    block.show([]);
    assert.equal(taken(), "\u001b[4A\u001b[0J");
  });

  it("is told line by line, each once, where there is no terminal", () => {
    const { block, taken } = screen(false);
    block.show(["a", "b"]);
    block.show(["a", "c"]);
    assert.equal(taken(), "a\nb\nc\n");
  });
});
