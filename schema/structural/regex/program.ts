import type { CharacterTest } from "./character-class.ts";
import { type Assertion, type Regex, RegexProblem } from "./syntax.ts";

/** One step of the nondeterministic machine; targets are positions in the program. */
export type Instruction =
  | { readonly op: "character"; readonly matches: CharacterTest; readonly next: number }
  | { readonly op: "assert"; readonly what: Assertion; readonly next: number }
  | { readonly op: "split"; readonly targets: readonly number[] }
  | { readonly op: "match" };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

/** As RE2: what would need more than this many steps is refused. */
const MAX_INSTRUCTIONS = 100_000;

/** Appends the machine of `regex` that continues at `next`; returns where it begins. Built back to front, so that targets are known. */
function emit(regex: Regex, next: number, out: Instruction[]): number {
  if (out.length > MAX_INSTRUCTIONS) throw new RegexProblem("expression too large");
  switch (regex.kind) {
    case "empty":
      return next;
    case "class":
      return out.push({ op: "character", matches: regex.matches, next }) - 1;
    case "assert":
      return out.push({ op: "assert", what: regex.what, next }) - 1;
    case "concat":
      return regex.parts.reduceRight((after, part) => emit(part, after, out), next);
    case "alternate": {
      const targets = regex.parts.map((part) => emit(part, next, out));
      return out.push({ op: "split", targets }) - 1;
    }
    case "repeat":
      return emitRepeat(regex, next, out);
  }
}

function emitRepeat(regex: Extract<Regex, { kind: "repeat" }>, next: number, out: Instruction[]): number {
  let after = next;
  if (regex.max === Infinity) {
    const loop = out.push({ op: "split", targets: [] }) - 1;
    out[loop] = { op: "split", targets: [emit(regex.of, loop, out), next] };
    after = loop;
  } else {
    for (let count = regex.min; count < regex.max; count++) after = out.push({ op: "split", targets: [emit(regex.of, after, out), next] }) - 1;
  }
  for (let count = 0; count < regex.min; count++) after = emit(regex.of, after, out);
  return after;
}

export function buildProgram(regex: Regex): Program {
  const instructions: Instruction[] = [{ op: "match" }];
  const start = emit(regex, 0, instructions);
  return { instructions, start };
}
