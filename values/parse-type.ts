import { printType, sameType, SIMPLE_TYPES, type SimpleKind, type Type } from "./type.ts";

/** What is wrong with a type string, and where in it (0-based, in UTF-16 units). */
export interface TypeProblem {
  readonly kind: "problem";
  readonly message: string;
  readonly position: number;
}

export function isTypeProblem(result: { readonly kind: string }): result is TypeProblem {
  return result.kind === "problem";
}

const MAX_LENGTH = 4096;
const MAX_DEPTH = 32;
const WORDS = [...SIMPLE_TYPES, "file", "directory", "dataset", "list", "map", "enum"];
const FORMAT = /^[A-Za-z0-9][A-Za-z0-9.+_/-]*$/;
const ENUM_VALUE = /^[^|<>,\s][^|<>]*$/;
/** What people who come from other systems write first. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  int: "integer",
  int64: "integer",
  long: "integer",
  number: "float",
  double: "float",
  str: "string",
  bool: "boolean",
  timestamp: "datetime",
  date: "datetime",
  dict: "map<T> or struct",
  object: "struct",
  json: "struct",
  array: "list<T>",
  folder: "directory",
  dir: "directory",
  dataframe: "dataset",
  null: "none",
  bytes: "binary",
};

class Refusal extends Error {
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

function skipSpace(cursor: Cursor): void {
  while (/\s/.test(cursor.text[cursor.at] ?? "")) cursor.at++;
}

function accept(cursor: Cursor, character: string): boolean {
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at++;
  return true;
}

function expectClose(cursor: Cursor, openedAt: number): void {
  if (accept(cursor, ">")) return;
  const found = cursor.text[cursor.at];
  if (found === undefined) throw new Refusal("this '<' is never closed", openedAt);
  throw new Refusal(`expected '|' or '>', found '${found}'`, cursor.at);
}

function unionAt(cursor: Cursor, depth: number): Type {
  if (depth > MAX_DEPTH) throw new Refusal(`types may be nested at most ${MAX_DEPTH} deep`, cursor.at);
  const members: Type[] = [];
  do {
    skipSpace(cursor);
    const start = cursor.at;
    const member = memberAt(cursor, depth);
    if (members.some((other) => sameType(other, member))) throw new Refusal(`a union holds each type once; ${printType(member)} is there already`, start);
    members.push(member);
  } while (accept(cursor, "|"));
  return members.length === 1 ? (members[0] as Type) : { kind: "union", members };
}

function wordAt(cursor: Cursor): string {
  skipSpace(cursor);
  const start = cursor.at;
  while (/[A-Za-z0-9_]/.test(cursor.text[cursor.at] ?? "")) cursor.at++;
  const word = cursor.text.slice(start, cursor.at);
  if (WORDS.includes(word)) return word;
  const found = cursor.text[start];
  if (found === undefined) throw new Refusal("expected a type here", start);
  if (word === "") throw new Refusal(`expected a type, found '${found}'`, start);
  const meant = OTHER_WORDS[word.toLowerCase()] ?? WORDS.find((known) => known === word.toLowerCase());
  throw new Refusal(`'${word}' is not a type; ${meant === undefined ? `the types are ${WORDS.join(", ")}` : `did you mean ${meant}?`}`, start);
}

function memberAt(cursor: Cursor, depth: number): Type {
  const start = cursor.at;
  const word = wordAt(cursor);
  const openedAt = (skipSpace(cursor), cursor.at);
  const open = accept(cursor, "<");
  switch (word) {
    case "list":
    case "map": {
      if (!open) throw new Refusal(`${word} needs the type of its elements: ${word}<string>`, start);
      const of = unionAt(cursor, depth + 1);
      expectClose(cursor, openedAt);
      return { kind: word, of };
    }
    case "enum":
      if (!open) throw new Refusal("enum needs its values: enum<a|b>", start);
      return { kind: "enum", values: enumValues(cursor, openedAt) };
    case "file":
    case "dataset":
      return open ? { kind: word, format: formatAt(cursor, openedAt) } : { kind: word };
    default:
      if (open) throw new Refusal(`${word} takes nothing between '<' and '>'`, openedAt);
      return { kind: word as SimpleKind | "directory" };
  }
}

/** The text up to the closing bracket, which is consumed. */
function bracketText(cursor: Cursor, openedAt: number): { text: string; start: number } {
  const start = cursor.at;
  const end = cursor.text.indexOf(">", start);
  if (end < 0) throw new Refusal("this '<' is never closed", openedAt);
  cursor.at = end + 1;
  return { text: cursor.text.slice(start, end), start };
}

function formatAt(cursor: Cursor, openedAt: number): string {
  const { text, start } = bracketText(cursor, openedAt);
  const format = text.trim();
  if (!FORMAT.test(format))
    throw new Refusal(format === "" ? "expected a format such as csv here" : `'${format}' is not a format: letters, digits and . + _ / -`, start);
  return format;
}

function enumValues(cursor: Cursor, openedAt: number): string[] {
  const { text, start } = bracketText(cursor, openedAt);
  const values: string[] = [];
  let at = start;
  for (const piece of text.split("|")) {
    const value = piece.trim();
    if (!ENUM_VALUE.test(value)) throw new Refusal(value === "" ? "an enum value is empty" : `'${value}' cannot be an enum value`, at);
    if (values.includes(value)) throw new Refusal(`the enum value '${value}' is there twice`, at);
    values.push(value);
    at += piece.length + 1;
  }
  return values;
}

/** Reads a type string. Never throws; a problem carries its position inside the string. */
export function parseType(text: string): Type | TypeProblem {
  if (text.length > MAX_LENGTH) return { kind: "problem", message: `a type is at most ${MAX_LENGTH} characters long`, position: MAX_LENGTH };
  const cursor: Cursor = { text, at: 0 };
  try {
    const type = unionAt(cursor, 0);
    skipSpace(cursor);
    const rest = text[cursor.at];
    if (rest === undefined) return type;
    throw new Refusal(rest === "?" ? "write an optional type as 'T | none'" : `unexpected '${rest}'`, cursor.at);
  } catch (thrown) {
    if (thrown instanceof Refusal) return { kind: "problem", message: thrown.message, position: thrown.position };
    throw thrown;
  }
}
