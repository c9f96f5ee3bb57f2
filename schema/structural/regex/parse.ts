import { type CharacterTest, either, except, perlClass, posixClass, rangeClass, unicodeClass } from "./character-class.ts";
import { MAX_REPEAT, type Regex, RegexProblem } from "./syntax.ts";

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

/** A cursor over the code points of a pattern. */
interface Reader {
  readonly source: string;
  readonly characters: readonly string[];
  at: number;
  depth: number;
  flags: Flags;
}

const MAX_DEPTH = 500;
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const ANY: CharacterTest = () => true;
const NOT_NEWLINE: CharacterTest = (codePoint) => codePoint !== 10;

const peek = (reader: Reader, ahead = 0): string => reader.characters[reader.at + ahead] ?? "";
const more = (reader: Reader): boolean => reader.at < reader.characters.length;
const startsWith = (reader: Reader, text: string): boolean => [...text].every((character, index) => peek(reader, index) === character);

function take(reader: Reader): string {
  return reader.characters[reader.at++] ?? "";
}

function takeIf(reader: Reader, text: string): boolean {
  if (!startsWith(reader, text)) return false;
  reader.at += [...text].length;
  return true;
}

function takeUntil(reader: Reader, end: string): string | undefined {
  const from = reader.at;
  while (more(reader) && !startsWith(reader, end)) reader.at++;
  const text = reader.characters.slice(from, reader.at).join("");
  return takeIf(reader, end) ? text : undefined;
}

function parseAlternation(reader: Reader): Regex {
  if (++reader.depth > MAX_DEPTH) throw new RegexProblem("expression nests too deeply");
  const parts = [parseConcat(reader)];
  while (takeIf(reader, "|")) parts.push(parseConcat(reader));
  reader.depth--;
  return parts.length === 1 ? (parts[0] as Regex) : { kind: "alternate", parts };
}

function parseConcat(reader: Reader): Regex {
  const parts: Regex[] = [];
  while (more(reader) && peek(reader) !== "|" && peek(reader) !== ")") parts.push(parseRepeat(reader));
  return parts.length === 1 ? (parts[0] as Regex) : { kind: "concat", parts };
}

/** Bounds of a repetition at the cursor, or undefined (a `{` that counts nothing is a plain character). */
function parseCount(reader: Reader): readonly [number, number] | undefined {
  if (takeIf(reader, "*")) return [0, Infinity];
  if (takeIf(reader, "+")) return [1, Infinity];
  if (takeIf(reader, "?")) return [0, 1];
  const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(reader.characters.slice(reader.at, reader.at + 16).join(""));
  if (!counted) return undefined;
  const min = Number(counted[1]);
  const max = counted[2] === undefined ? min : counted[3] === "" ? Infinity : Number(counted[3]);
  if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) throw new RegexProblem(`invalid repeat count: \`${counted[0]}\``);
  reader.at += counted[0].length;
  return [min, max];
}

function parseRepeat(reader: Reader): Regex {
  const from = reader.at;
  if (/^[*+?]$/.test(peek(reader))) throw new RegexProblem(`missing argument to repetition operator: \`${peek(reader)}\``);
  const of = parseAtom(reader);
  const count = parseCount(reader);
  if (!count) return of;
  takeIf(reader, "?");
  const again = parseCount(reader);
  if (again) throw new RegexProblem(`invalid nested repetition operator: \`${reader.characters.slice(from + 1, reader.at).join("")}\``);
  return { kind: "repeat", of, min: count[0], max: count[1] };
}

function parseAtom(reader: Reader): Regex {
  const character = take(reader);
  const { m, s, i } = reader.flags;
  if (character === "(") return parseGroup(reader);
  if (character === "[") return { kind: "class", matches: parseClass(reader) };
  if (character === ".") return { kind: "class", matches: s ? ANY : NOT_NEWLINE };
  if (character === "^") return { kind: "assert", what: m ? "lineStart" : "textStart" };
  if (character === "$") return { kind: "assert", what: m ? "lineEnd" : "textEnd" };
  if (character === "\\") return parseEscape(reader);
  const codePoint = character.codePointAt(0) ?? 0;
  return { kind: "class", matches: rangeClass(codePoint, codePoint, i) };
}

function closeGroup(reader: Reader): Regex {
  const outer = reader.flags;
  const inner = parseAlternation(reader);
  reader.flags = outer;
  if (!takeIf(reader, ")")) throw new RegexProblem(`missing closing ): \`${reader.source}\``);
  return inner;
}

function parseGroup(reader: Reader): Regex {
  if (!startsWith(reader, "?")) return closeGroup(reader);
  if (takeIf(reader, "?P<") || (startsWith(reader, "?<") && !startsWith(reader, "?<=") && !startsWith(reader, "?<!") && takeIf(reader, "?<"))) {
    const name = takeUntil(reader, ">");
    if (!name || !/^\w+$/.test(name)) throw new RegexProblem(`invalid named capture: \`(?P<${name ?? ""}>\``);
    return closeGroup(reader);
  }
  return parseFlags(reader);
}

/** `(?i)` for the rest of the group, or `(?i:…)` for its own. */
function parseFlags(reader: Reader): Regex {
  const written = /^\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(reader.characters.slice(reader.at, reader.at + 16).join(""));
  if (!written) throw new RegexProblem(`invalid or unsupported Perl syntax: \`(${reader.characters.slice(reader.at, reader.at + 2).join("")}\``);
  reader.at += written[0].length;
  const outer = reader.flags;
  const flags: Record<string, boolean> = { ...outer };
  for (const flag of written[1] ?? "") flags[flag] = true;
  for (const flag of written[2] ?? "") flags[flag] = false;
  reader.flags = flags as unknown as Flags;
  if (written[3] === ")") return { kind: "empty" };
  const inner = closeGroup(reader);
  reader.flags = outer;
  return inner;
}

function hexEscape(reader: Reader): number {
  const braced = takeIf(reader, "{");
  const digits = braced ? takeUntil(reader, "}") : take(reader) + take(reader);
  const codePoint = digits !== undefined && /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : NaN;
  if (!(codePoint <= 0x10ffff)) throw new RegexProblem(`invalid escape sequence: \`\\x${digits ?? ""}\``);
  return codePoint;
}

/** A character written as an escape, the backslash being read already. */
function escapedCharacter(reader: Reader): number {
  const letter = take(reader);
  if (letter === "x") return hexEscape(reader);
  if (letter === "0" || (/[1-7]/.test(letter) && /[0-7]/.test(peek(reader)))) {
    let digits = letter;
    while (digits.length < 3 && /[0-7]/.test(peek(reader))) digits += take(reader);
    return Number.parseInt(digits, 8);
  }
  const control = CONTROL[letter];
  if (control !== undefined) return control;
  const codePoint = letter.codePointAt(0);
  if (codePoint === undefined) throw new RegexProblem("trailing backslash at end of expression: ``");
  if (codePoint >= 0x80 || /[A-Za-z0-9]/.test(letter)) throw new RegexProblem(`invalid escape sequence: \`\\${letter}\``);
  return codePoint;
}

function unicodeEscape(reader: Reader): CharacterTest {
  const negated = take(reader) === "P";
  const name = takeIf(reader, "{") ? takeUntil(reader, "}") : take(reader);
  if (!name) throw new RegexProblem(`invalid character class range: \`\\p\``);
  return unicodeClass(name, negated);
}

function escapedClass(reader: Reader): CharacterTest | undefined {
  if (/^[pP]$/.test(peek(reader))) return unicodeEscape(reader);
  const perl = perlClass(peek(reader));
  if (perl && /^[dDwWsS]$/.test(peek(reader))) {
    reader.at++;
    return perl;
  }
  return undefined;
}

const ASSERTIONS = { A: "textStart", z: "textEnd", b: "wordBoundary", B: "notWordBoundary" } as const;

function literal(text: string, ignoreCase: boolean): Regex {
  const parts = [...text].map((character): Regex => {
    const codePoint = character.codePointAt(0) ?? 0;
    return { kind: "class", matches: rangeClass(codePoint, codePoint, ignoreCase) };
  });
  return { kind: "concat", parts };
}

function parseEscape(reader: Reader): Regex {
  const assertion = ASSERTIONS[peek(reader) as keyof typeof ASSERTIONS];
  if (assertion) {
    reader.at++;
    return { kind: "assert", what: assertion };
  }
  if (takeIf(reader, "Q")) {
    const from = reader.at;
    return literal(takeUntil(reader, "\\E") ?? reader.characters.slice(from).join(""), reader.flags.i);
  }
  const matches = escapedClass(reader);
  if (matches) return { kind: "class", matches };
  const codePoint = escapedCharacter(reader);
  return { kind: "class", matches: rangeClass(codePoint, codePoint, reader.flags.i) };
}

function classCharacter(reader: Reader): number {
  const character = take(reader);
  return character === "\\" ? escapedCharacter(reader) : (character.codePointAt(0) ?? 0);
}

function classItem(reader: Reader): CharacterTest {
  if (startsWith(reader, "[:")) {
    const name = takeUntil(reader, ":]");
    if (name !== undefined) return posixClass(name.slice(2));
  }
  if (peek(reader) === "\\") {
    reader.at++;
    const escaped = escapedClass(reader);
    if (escaped) return escaped;
    reader.at--;
  }
  const low = classCharacter(reader);
  if (peek(reader) !== "-" || peek(reader, 1) === "]" || peek(reader, 1) === "") return rangeClass(low, low, reader.flags.i);
  reader.at++;
  const high = classCharacter(reader);
  if (high < low) throw new RegexProblem(`invalid character class range: \`${String.fromCodePoint(low)}-${String.fromCodePoint(high)}\``);
  return rangeClass(low, high, reader.flags.i);
}

function parseClass(reader: Reader): CharacterTest {
  const negated = takeIf(reader, "^");
  const tests: CharacterTest[] = [];
  while (tests.length === 0 || peek(reader) !== "]") {
    if (!more(reader)) throw new RegexProblem(`missing closing ]: \`${reader.source.slice(reader.source.indexOf("["))}\``);
    tests.push(classItem(reader));
  }
  reader.at++;
  const inside = tests.length === 1 ? (tests[0] as CharacterTest) : either(tests);
  return negated ? except(inside) : inside;
}

/** Reads RE2 syntax. Throws RegexProblem with RE2's words. */
export function parseRegex(source: string): Regex {
  const reader: Reader = { source, characters: [...source], at: 0, depth: 0, flags: { i: false, m: false, s: false, U: false } };
  const regex = parseAlternation(reader);
  if (more(reader)) throw new RegexProblem(`unexpected ): \`${source}\``);
  return regex;
}
