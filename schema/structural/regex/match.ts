import { isWord } from "./character-class.ts";
import type { Program } from "./program.ts";
import type { Assertion } from "./syntax.ts";

/** What stood before a position: nothing, a line end, a word character, or another one. */
type Before = "start" | "newline" | "word" | "other";

/** One state of the machine made deterministic on demand: where the program may stand, and after what. */
interface State {
  readonly positions: readonly number[];
  readonly before: Before;
  readonly ascii: (State | typeof MATCHED | undefined)[];
  readonly rest: Map<number, State | typeof MATCHED>;
  atEnd: boolean | undefined;
}

const MATCHED = Symbol("matched");
const END = -1;
/** States are kept while there are few; a pattern that makes more is walked with what is needed at the moment. */
const MAX_STATES = 4_000;

function holds(what: Assertion, before: Before, next: number): boolean {
  const boundary = (before === "word") !== (next !== END && isWord(next));
  switch (what) {
    case "textStart":
      return before === "start";
    case "textEnd":
      return next === END;
    case "lineStart":
      return before === "start" || before === "newline";
    case "lineEnd":
      return next === END || next === 10;
    case "wordBoundary":
      return boundary;
    case "notWordBoundary":
      return !boundary;
  }
}

/** Everything reachable without reading; undefined when the match is among it. */
function closure(program: Program, state: State, next: number): number[] | undefined {
  const seen = new Set<number>();
  const pending = [...state.positions, program.start];
  const characters: number[] = [];
  for (let position = pending.pop(); position !== undefined; position = pending.pop()) {
    if (seen.has(position)) continue;
    seen.add(position);
    const instruction = program.instructions[position];
    if (!instruction || instruction.op === "match") return undefined;
    if (instruction.op === "split") pending.push(...instruction.targets);
    else if (instruction.op === "character") characters.push(position);
    else if (holds(instruction.what, state.before, next)) pending.push(instruction.next);
  }
  return characters;
}

function beforeOf(codePoint: number): Before {
  if (codePoint === 10) return "newline";
  return isWord(codePoint) ? "word" : "other";
}

/** Finds a match anywhere. The states it discovers are kept for the next text. */
export function matcher(program: Program): (text: string) => boolean {
  const states = new Map<string, State>();
  const stateOf = (positions: readonly number[], before: Before): State => {
    const key = `${before}:${positions.join(",")}`;
    const known = states.get(key);
    if (known) return known;
    if (states.size >= MAX_STATES) states.clear();
    const state: State = { positions, before, ascii: [], rest: new Map(), atEnd: undefined };
    states.set(key, state);
    return state;
  };
  const step = (state: State, codePoint: number): State | typeof MATCHED => {
    const characters = closure(program, state, codePoint);
    if (!characters) return MATCHED;
    const next = new Set<number>();
    for (const position of characters) {
      const instruction = program.instructions[position];
      if (instruction?.op === "character" && instruction.matches(codePoint)) next.add(instruction.next);
    }
    return stateOf(
      [...next].sort((left, right) => left - right),
      beforeOf(codePoint),
    );
  };
  const advance = (state: State, codePoint: number): State | typeof MATCHED => {
    const known = codePoint < 128 ? state.ascii[codePoint] : state.rest.get(codePoint);
    if (known !== undefined) return known;
    const next = step(state, codePoint);
    if (codePoint < 128) state.ascii[codePoint] = next;
    else if (state.rest.size < 256) state.rest.set(codePoint, next);
    return next;
  };
  const start = stateOf([], "start");
  return (text) => {
    let state = start;
    for (let at = 0; at < text.length; at++) {
      const codePoint = text.codePointAt(at) ?? 0;
      if (codePoint > 0xffff) at++;
      const next = advance(state, codePoint);
      if (next === MATCHED) return true;
      state = next;
    }
    state.atEnd ??= closure(program, state, END) === undefined;
    return state.atEnd;
  };
}
