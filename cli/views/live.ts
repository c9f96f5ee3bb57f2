import type { Terminal } from "../context.ts";
import { clipLine } from "./clip-line.ts";

/** Redraws a block of lines in place on a terminal; elsewhere prints each line that is new, once. */
export interface LiveBlock {
  show(lines: readonly string[]): void;
  /** Prints a line that stays, above the block. */
  say(line: string): void;
  /** Leaves the last state standing and forgets it. */
  done(): void;
}

/** Only what is on the screen can be redrawn: of a block that is too high, the end is shown. */
function fitting(lines: readonly string[], rows: number): readonly string[] {
  const room = rows - 2;
  if (rows <= 0 || lines.length <= room) return lines;
  return [`… ${lines.length - room + 1} more lines`, ...lines.slice(lines.length - Math.max(room - 1, 1))];
}

function redrawing(terminal: Terminal): LiveBlock {
  let drawn = 0;
  const clear = () => terminal.write(drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "");
  let last: readonly string[] = [];
  const draw = () => {
    const shown = fitting(last, terminal.rows);
    terminal.write(shown.map((line) => `${clipLine(line, terminal.columns)}\n`).join(""));
    drawn = shown.length;
  };
  return {
    show(lines) {
      if (lines.length === last.length && lines.every((line, at) => line === last[at])) return;
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
