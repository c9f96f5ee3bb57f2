import type { Literal, Primitive } from "../proto/index.ts";
import { parseJson, stringifyJson } from "../base/index.ts";
import { formatDatetime, parseDatetime } from "./datetime.ts";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";
import { literalOfStruct } from "./struct.ts";
import {
  binaryLiteral,
  booleanLiteral,
  datetimeLiteral,
  durationLiteral,
  errorLiteral,
  floatLiteral,
  integerLiteral,
  scalarOf,
  stringLiteral,
} from "./literal.ts";
import { formatFloat, parseFloatText, parseInteger, quoted, type Read } from "./numbers.ts";
import { isProblems, problem, type ValueProblem } from "./problem.ts";
import { printType, type Type } from "./type.ts";
import { decodeUtf8 } from "./unicode.ts";
import { onlyMember } from "./union.ts";

/** The text of a primitive, as it stands on disk and in a command line. */
export function primitiveText(primitive: Primitive): string {
  const { value } = primitive;
  switch (value.case) {
    case "integer":
    case "boolean":
      return String(value.value);
    case "floatValue":
      return formatFloat(value.value);
    case "stringValue":
      return value.value;
    case "datetime":
      return formatDatetime(value.value);
    case "duration":
      return formatGoDuration(value.value);
    default:
      return "";
  }
}

/** What the file of a scalar holds, through union wrappers. Undefined for none, lists, maps, blobs and offloaded literals: they are no single text. */
export function literalText(literal: Literal): string | Uint8Array | undefined {
  const scalar = scalarOf(literal);
  switch (scalar?.case) {
    case "primitive":
      return primitiveText(scalar.value);
    case "generic":
      return stringifyJson(scalar.value);
    case "binary":
      return scalar.value.value;
    case "error":
      return scalar.value.message;
    default:
      return undefined;
  }
}

/**
 * Reads the on-disk form of a scalar. A string is taken byte for byte; white space around anything else is ignored. In a union
 * exactly one member must parse. Lists, maps and stored bytes have no text: that is a TypeMismatch.
 */
export function parseText(type: Type, data: string | Uint8Array): Literal | ValueProblem[] {
  if (type.kind === "binary") return binaryLiteral(typeof data === "string" ? new TextEncoder().encode(data) : data);
  const text = typeof data === "string" ? data : decodeUtf8(data);
  return text === undefined ? problem("InvalidValue", "the text is not UTF-8") : textLiteral(type, text);
}

function textLiteral(type: Type, text: string): Literal | ValueProblem[] {
  switch (type.kind) {
    case "string":
      return stringLiteral(text);
    case "error":
      return errorLiteral(text);
    case "union":
      return unionText(type.members, text);
    case "struct":
      return structText(text);
    case "enum":
      return enumText(type.values, text.trim());
    default:
      return trimmedText(type, text.trim());
  }
}

function trimmedText(type: Type, text: string): Literal | ValueProblem[] {
  switch (type.kind) {
    case "integer":
      return built(parseInteger(text), integerLiteral);
    case "float":
      return built(parseFloatText(text), floatLiteral);
    case "boolean":
      if (text === "true" || text === "false") return booleanLiteral(text === "true");
      return problem("TypeMismatch", `${quoted(text)} is not a boolean: write true or false`);
    case "datetime": {
      const timestamp = parseDatetime(text);
      return isProblems(timestamp) ? [...timestamp] : datetimeLiteral(timestamp);
    }
    case "duration": {
      const duration = parseGoDuration(text);
      return isProblems(duration) ? [...duration] : durationLiteral(duration);
    }
    default:
      return problem("TypeMismatch", `a value of type ${printType(type)} cannot be given as text`);
  }
}

function built<T>(read: Read<T>, build: (value: T) => Literal): Literal | ValueProblem[] {
  return Array.isArray(read) ? read : build(read.value);
}

function enumText(values: readonly string[], text: string): Literal | ValueProblem[] {
  if (values.includes(text)) return stringLiteral(text);
  return problem("TypeMismatch", `${quoted(text)} is none of ${values.join(", ")}`);
}

function structText(text: string): Literal | ValueProblem[] {
  try {
    return literalOfStruct(parseJson(text));
  } catch {
    return problem("InvalidValue", "a struct is a JSON object; this is not JSON");
  }
}

function unionText(members: readonly Type[], text: string): Literal | ValueProblem[] {
  return onlyMember(members, (member) => textLiteral(member, text));
}
