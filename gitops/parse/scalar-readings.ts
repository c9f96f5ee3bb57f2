/** What a plain (unquoted) scalar means to a reader: a JSON value, or a number that JSON cannot say. */
export type Reading =
  | { readonly kind: "string" }
  | { readonly kind: "notJson" }
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number };

const STRING: Reading = { kind: "string" };
const NULL: Reading = { kind: "null" };
const NOT_JSON: Reading = { kind: "notJson" };
const TRUE: Reading = { kind: "boolean", value: true };
const FALSE: Reading = { kind: "boolean", value: false };

/** YAML 1.2, core schema: what this product and today's editors read. */
export function readYaml12(text: string): Reading {
  if (/^(~|null|Null|NULL|)$/.test(text)) return NULL;
  if (/^(true|True|TRUE)$/.test(text)) return TRUE;
  if (/^(false|False|FALSE)$/.test(text)) return FALSE;
  if (/^[-+]?[0-9]+$/.test(text)) return { kind: "integer", value: BigInt(text.replace(/^\+/, "")) };
  if (/^0o[0-7]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) return { kind: "integer", value: BigInt(text) };
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(text)) return { kind: "float", value: Number(text) };
  if (/^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/.test(text)) return NOT_JSON;
  return STRING;
}

const WORDS_11: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, NULL] as const),
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, TRUE] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, FALSE] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, NOT_JSON] as const),
  ...["", "+", "-"].flatMap((sign) => [".inf", ".Inf", ".INF"].map((word) => [sign + word, NOT_JSON] as const)),
]);

/** kubectl, Argo CD and Flux: YAML 1.1 as their parser has it (sexagesimal numbers excepted, which it does not read). */
export function readKubectl(text: string): Reading {
  const word = WORDS_11.get(text);
  if (word) return word;
  // Behind a leading point Go reads its own literals, where single underscores may stand between digits.
  if (/^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/.test(text)) return finite(Number(text.replaceAll("_", "")));
  if (!/^[-+0-9]/.test(text)) return STRING;
  const plain = text.replaceAll("_", "");
  const integer = prefixedInteger(plain);
  if (integer !== undefined) return fitsUint64(integer) ? { kind: "integer", value: integer } : integerTooLarge(plain);
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(plain)) return finite(Number(plain));
  return STRING;
}

function fitsUint64(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 64n;
}

/** Decimal digits beyond 64 bits become a float there; a prefixed number beyond 64 bits stays text. */
function integerTooLarge(plain: string): Reading {
  return /^[-+]?[0-9]+$/.test(plain) ? finite(Number(plain)) : STRING;
}

function finite(value: number): Reading {
  return Number.isFinite(value) ? { kind: "float", value } : STRING;
}

/** Go's strconv.ParseInt with base 0: 0x, 0o, 0b and a bare leading zero, in either case, with a sign. */
function prefixedInteger(plain: string): bigint | undefined {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(plain) ?? [];
  const magnitude = unsignedInteger(digits);
  if (magnitude === undefined) return undefined;
  return sign === "-" ? -magnitude : magnitude;
}

function unsignedInteger(digits: string): bigint | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(digits) || /^0[oO][0-7]+$/.test(digits) || /^0[bB][01]+$/.test(digits)) return BigInt(digits);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return /^(0|[1-9][0-9]*)$/.test(digits) ? BigInt(digits) : undefined;
}

function sameReading(left: Reading, right: Reading): boolean {
  if (left.kind === "string" || left.kind === "null") return left.kind === right.kind;
  if (left.kind === "notJson" || right.kind === "notJson") return false;
  if (left.kind === "boolean") return right.kind === "boolean" && left.value === right.value;
  if (right.kind !== "integer" && right.kind !== "float") return false;
  return left.kind === right.kind ? left.value === right.value : Number(left.value) === Number(right.value);
}

function spoken(reading: Reading): string {
  switch (reading.kind) {
    case "string":
      return "text";
    case "null":
      return "null";
    case "notJson":
      return "a number that JSON does not have";
    case "boolean":
    case "integer":
    case "float":
      return String(reading.value);
  }
}

/** Why a plain scalar must be quoted as a value, or undefined when everybody reads it alike. */
export function ambiguousValue(text: string): string | undefined {
  const [kubectl, yaml12] = [readKubectl(text), readYaml12(text)];
  if (sameReading(kubectl, yaml12)) return undefined;
  if (kubectl.kind === "notJson" && yaml12.kind === "notJson")
    return `${text} cannot be stored as a number: write ${JSON.stringify(spokenInfinity(text))} in quotes`;
  return `${text} is ${spoken(kubectl)} to kubectl (YAML 1.1) and ${spoken(yaml12)} in YAML 1.2: ${advice(text, kubectl)}`;
}

function spokenInfinity(text: string): string {
  if (/nan/i.test(text)) return "NaN";
  return text.startsWith("-") ? "-Infinity" : "Infinity";
}

function advice(text: string, kubectl: Reading): string {
  const quoted = `write "${text}" in quotes`;
  return kubectl.kind === "boolean" || kubectl.kind === "integer" ? `${quoted}, or ${spoken(kubectl)}` : quoted;
}

/** Why a plain scalar must be quoted as a key, or undefined. Keys are text for us; kubectl reads them as values first and prints those. */
export function ambiguousKey(text: string): string | undefined {
  if (text === "<<") return `<< merges maps for kubectl (YAML 1.1) and is an ordinary key in YAML 1.2: write the fields out, or "<<" in quotes`;
  const reading = readKubectl(text);
  // A key beyond int64 is refused there.
  const printed = reading.kind === "boolean" || (reading.kind === "integer" && reading.value < 2n ** 63n) ? String(reading.value) : undefined;
  if (reading.kind === "string" || printed === text || /^(-?\.inf|\.nan)$/.test(text)) return undefined;
  return `the key ${text === "" ? "(nothing)" : text} is ${spoken(reading)} to kubectl (YAML 1.1): write "${text}" in quotes`;
}

/** The JSON value that both readers agree on. Integers that a double cannot hold are bigint. Call it only for unambiguous text. */
export function plainValue(text: string): null | boolean | number | bigint | string {
  const reading = readYaml12(text);
  if (reading.kind === "string" || reading.kind === "notJson") return text;
  if (reading.kind === "null") return null;
  if (reading.kind !== "integer") return reading.value;
  const number = Number(reading.value);
  return Number.isSafeInteger(number) ? number : reading.value;
}
