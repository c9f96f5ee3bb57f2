import type { Terminal } from "../context.ts";

/** Redraws a block of lines in place on a terminal; elsewhere prints each line that is new, once. */
export interface LiveBlock {
  show(lines: readonly string[]): void;
  /** Prints a line that stays, above the block. */
  say(line: string): void;
  /** Leaves the last state standing and forgets it. */
  done(): void;
}

const clip = (line: string, columns: number) =>
  columns > 0 && visible(line) > columns ? line.slice(0, line.length - (visible(line) - columns) - 1) + "…" : line;

const visible = (line: string) => line.replace(/\u001b\[\d+m/g, "").length;

function redrawing(terminal: Terminal): LiveBlock {
  let drawn = 0;
  const clear = () => terminal.write(drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "");
  let last: readonly string[] = [];
  const draw = () => {
    for (const line of last) terminal.write(`${clip(line, terminal.columns)}\n`);
    drawn = last.length;
  };
  return {
    show(lines) {
      clear();
      last = lines;
      draw();
    },
    say(line) {
      clear();
      terminal.write(`${line}\n`);
      draw();
    },
    done() {
      drawn = 0;
      last = [];
    },
  };
}

function appending(terminal: Terminal): LiveBlock {
  let seen = new Set<string>();
  return {
    show(lines) {
      for (const line of lines) if (!seen.has(line)) terminal.write(`${line}\n`);
      seen = new Set(lines);
    },
    say: (line) => terminal.write(`${line}\n`),
    done() {
      seen = new Set();
    },
  };
}

export function liveBlock(terminal: Terminal): LiveBlock {
  return terminal.isTty ? redrawing(terminal) : appending(terminal);
}
