import { RegexProblem } from "./syntax.ts";

export type CharacterTest = (codePoint: number) => boolean;

const between =
  (low: number, high: number): CharacterTest =>
  (codePoint) =>
    codePoint >= low && codePoint <= high;
export const either =
  (tests: readonly CharacterTest[]): CharacterTest =>
  (codePoint) =>
    tests.some((test) => test(codePoint));
export const except =
  (test: CharacterTest): CharacterTest =>
  (codePoint) =>
    !test(codePoint);

const among = (characters: string): CharacterTest => {
  const codePoints = new Set([...characters].map((character) => character.codePointAt(0) ?? 0));
  return (codePoint) => codePoints.has(codePoint);
};

const digit = between(48, 57);
const lower = between(97, 122);
const upper = between(65, 90);
const alpha = either([lower, upper]);
const graph = between(33, 126);
export const isWord = either([alpha, digit, among("_")]);

const PERL: Readonly<Record<string, CharacterTest>> = { d: digit, w: isWord, s: among("\t\n\f\r ") };
const POSIX: Readonly<Record<string, CharacterTest>> = {
  alnum: either([alpha, digit]),
  alpha,
  ascii: between(0, 127),
  blank: among("\t "),
  cntrl: either([between(0, 31), between(127, 127)]),
  digit,
  graph,
  lower,
  print: between(32, 126),
  punct: (codePoint) => graph(codePoint) && !alpha(codePoint) && !digit(codePoint),
  space: among("\t\n\v\f\r "),
  upper,
  word: isWord,
  xdigit: either([digit, between(97, 102), between(65, 70)]),
};

/** `\d`, `\W`, … */
export function perlClass(letter: string): CharacterTest | undefined {
  const test = PERL[letter.toLowerCase()];
  return test && (letter === letter.toLowerCase() ? test : except(test));
}

/** The inside of `[:alpha:]` or `[:^alpha:]`. */
export function posixClass(name: string): CharacterTest {
  const negated = name.startsWith("^");
  const test = POSIX[negated ? name.slice(1) : name];
  if (!test) throw new RegexProblem(`invalid character class range: \`[:${name}:]\``);
  return negated ? except(test) : test;
}

/** `\p{Greek}`, `\PN`. */
export function unicodeClass(name: string, negated: boolean): CharacterTest {
  const bare = name.startsWith("^") ? name.slice(1) : name;
  const flip = negated !== name.startsWith("^");
  const property = unicodeProperty(bare);
  const test: CharacterTest = (codePoint) => property.test(String.fromCodePoint(codePoint));
  return flip ? except(test) : test;
}

function unicodeProperty(name: string): RegExp {
  for (const spelling of [`\\p{${name}}`, `\\p{Script=${name}}`]) {
    try {
      return new RegExp(`^${spelling}$`, "u");
    } catch {
      // Not this spelling: a general category and a script share one syntax in RE2.
    }
  }
  throw new RegexProblem(`invalid character class range: \`\\p{${name}}\``);
}

/** One character or a range, in either case when `ignoreCase`. */
export function rangeClass(low: number, high: number, ignoreCase: boolean): CharacterTest {
  const exact = between(low, high);
  if (!ignoreCase) return exact;
  const other = (codePoint: number, change: (text: string) => string) => change(String.fromCodePoint(codePoint)).codePointAt(0) ?? codePoint;
  return (codePoint) => exact(codePoint) || exact(other(codePoint, (text) => text.toLowerCase())) || exact(other(codePoint, (text) => text.toUpperCase()));
}
