import { badRequest } from "../status.ts";

type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels) => boolean;

type Token = { readonly text: string; readonly symbol: boolean };

const TOKEN = /\s*(==|!=|[=!,()<>]|[^\s=!,()<>]+)/y;
const NAME = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) found.push({ text: match[1] ?? "", symbol: /^[=!,()<>]/.test(match[1] ?? "") });
  return found;
}

/** A reader over tokens; `expected` words a complaint as the real parser does. */
class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;
  constructor(text: string) {
    this.#tokens = tokens(text);
  }
  get next(): Token | undefined {
    return this.#tokens[this.#at];
  }
  take(): Token | undefined {
    return this.#tokens[this.#at++];
  }
  takeSymbol(text: string): boolean {
    if (!this.next?.symbol || this.next.text !== text) return false;
    this.#at += 1;
    return true;
  }
  found(what: string, comma = ","): string {
    return `found '${this.next?.text ?? ""}'${comma} expected: ${what}`;
  }
  expected(what: string): never {
    throw badRequest(`unable to parse requirement: ${this.found(what)}`);
  }
}

function checkedKey(key: string): string {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const valid = parts.length <= 2 && name.length <= 63 && NAME.test(name) && (parts.length === 1 || PREFIX.test(parts[0] ?? ""));
  if (valid) return key;
  throw badRequest(
    `unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
  );
}

function checkedValue(key: string, value: string): string {
  if (value === "" || (value.length <= 63 && NAME.test(value))) return value;
  throw badRequest(
    `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  );
}

function valueSet(cursor: Cursor, key: string): ReadonlySet<string> {
  if (!cursor.takeSymbol("(")) throw badRequest(`unable to parse requirement: ${cursor.found("'('", "")}`);
  const values = new Set<string>();
  for (;;) {
    const value = cursor.next && !cursor.next.symbol ? (cursor.take()?.text ?? "") : "";
    values.add(checkedValue(key, value));
    if (cursor.takeSymbol(")")) return values;
    if (!cursor.takeSymbol(",")) cursor.expected("',' or ')'");
  }
}

function single(cursor: Cursor, key: string): string {
  return cursor.next && !cursor.next.symbol ? checkedValue(key, cursor.take()?.text ?? "") : "";
}

function comparison(cursor: Cursor, key: string, operator: string): LabelTest {
  const text = single(cursor, key);
  if (!/^-?[0-9]+$/.test(text))
    throw badRequest(`unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(text)}: for 'Gt', 'Lt' operators, the value must be an integer`);
  const bound = BigInt(text);
  const holds = operator === ">" ? (value: bigint) => value > bound : (value: bigint) => value < bound;
  return (labels) => /^-?[0-9]+$/.test(labels[key] ?? "") && holds(BigInt(labels[key] ?? "0"));
}

function requirement(cursor: Cursor): LabelTest {
  const absent = cursor.takeSymbol("!");
  if (!cursor.next || cursor.next.symbol) cursor.expected(absent ? "identifier" : "!, identifier, or ','");
  const key = checkedKey(cursor.take()?.text ?? "");
  if (absent) return (labels) => !Object.hasOwn(labels, key);
  const operator = cursor.next;
  if (!operator || operator.text === ",") return (labels) => Object.hasOwn(labels, key);
  cursor.take();
  switch (operator.text) {
    case "=":
    case "==": {
      const value = single(cursor, key);
      return (labels) => Object.hasOwn(labels, key) && labels[key] === value;
    }
    case "!=": {
      const value = single(cursor, key);
      return (labels) => labels[key] !== value;
    }
    case "in":
    case "notin": {
      const values = valueSet(cursor, key);
      if (operator.text === "in") return (labels) => Object.hasOwn(labels, key) && values.has(labels[key] ?? "");
      return (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] ?? "");
    }
    case ">":
    case "<":
      return comparison(cursor, key, operator.text);
    default:
      throw badRequest(`unable to parse requirement: found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

/** The test that a label selector stands for (`a=b,c!=d,e,!f,g in (x,y),h notin (z),n>3`). Throws 400. */
export function parseLabelSelector(text: string): LabelTest {
  const cursor = new Cursor(text);
  const requirements: LabelTest[] = [];
  while (cursor.next) {
    requirements.push(requirement(cursor));
    if (!cursor.next) break;
    if (!cursor.takeSymbol(",")) throw badRequest(cursor.found("',' or 'end of string'"));
    if (!cursor.next || cursor.next.text === ",") throw badRequest(`found '${cursor.next?.text ?? ""}', expected: identifier after ','`);
  }
  return (labels) => requirements.every((holds) => holds(labels));
}
