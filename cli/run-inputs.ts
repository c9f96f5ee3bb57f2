import { isFields, type Json, type JsonObject, parseJson } from "../base/index.ts";
import {
  isParameterProblems,
  isProblems,
  literalToJson,
  type Parameter,
  parseParameters,
  parseText,
  printType,
  remoteReference,
  type Type,
} from "../values/index.ts";
import { EXIT, UserError } from "./context.ts";

/** One `-i` of the command line. */
export type GivenInput =
  | { readonly name: string; readonly kind: "text"; readonly text: string }
  | { readonly name: string; readonly kind: "path"; readonly path: string }
  | { readonly name: string; readonly kind: "json"; readonly value: Json };

/** Reads `name=text`, `name=@path` and `name:=json`. UserError otherwise. */
export function parseGiven(argument: string): GivenInput {
  const matched = /^([a-zA-Z][a-zA-Z0-9_]*)(:?=)([\s\S]*)$/.exec(argument);
  if (!matched) {
    throw new UserError(`-i ${argument}: write name=value, name=@file or name:='json'`, { exitCode: EXIT.usage });
  }
  const [, name = "", sign, rest = ""] = matched;
  if (sign === ":=") {
    try {
      return { name, kind: "json", value: parseJson(rest) };
    } catch {
      throw new UserError(`-i ${name}:=…: ${rest} is not JSON`, { exitCode: EXIT.usage, hint: `text is written without the colon: -i ${name}='${rest}'` });
    }
  }
  return rest.startsWith("@") ? { name, kind: "path", path: rest.slice(1) } : { name, kind: "text", text: rest };
}

/** The inputs a definition declares. UserError when the definition is broken. */
export function declaredInputs(of: string, inputs: JsonObject | undefined): readonly Parameter[] {
  const parameters = parseParameters(inputs);
  if (isParameterProblems(parameters)) throw new UserError(`${of} is not valid: ${parameters.map((problem) => problem.message).join("; ")}`);
  return parameters as readonly Parameter[];
}

function withoutNone(type: Type): Type {
  if (type.kind !== "union") return type;
  const members = type.members.filter((member) => member.kind !== "none");
  return members.length === 1 && members[0] ? members[0] : type;
}

const STORED = new Set(["file", "directory", "dataset"]);

/** Puts a local file or directory into the object store and answers with the input that names it. */
export type Upload = (path: string, kind: "file" | "directory") => Promise<JsonObject>;

/** Data that stays where it is. Whether the Project allows it is for the Run to find out. */
function remoteInput({ name, text }: Extract<GivenInput, { kind: "text" }>, { type }: Parameter): JsonObject {
  const reference = remoteReference(type, text);
  if (isProblems(reference)) throw new UserError(`-i ${name}: ${reference.map((problem) => problem.message).join("; ")}`, { exitCode: EXIT.usage });
  return { uri: reference.uri };
}

async function valueOf(given: GivenInput, parameter: Parameter, upload: Upload): Promise<Json> {
  const type = withoutNone(parameter.type);
  const shown = printType(parameter.type);
  if (given.kind === "json")
    return typeof given.value === "object" && given.value !== null && !Array.isArray(given.value) ? { value: given.value } : given.value;
  if (given.kind === "path") {
    if (!STORED.has(type.kind))
      throw new UserError(`-i ${given.name}=@…: ${given.name} is ${shown}, not a file`, {
        exitCode: EXIT.usage,
        hint: `-i ${given.name}="$(cat ${given.path})"`,
      });
    return upload(given.path, type.kind === "file" ? "file" : "directory");
  }
  if (STORED.has(type.kind) && /^[a-z][a-z0-9+.-]*:\/\//.test(given.text)) return remoteInput(given, parameter);
  if (STORED.has(type.kind))
    throw new UserError(`-i ${given.name}=${given.text}: ${given.name} is ${shown}`, {
      exitCode: EXIT.usage,
      hint: `name the file with @: -i ${given.name}=@${given.text}; data that lies elsewhere by its URI, file:///…`,
    });
  const literal = parseText(parameter.type, given.text);
  if (isProblems(literal)) throw new UserError(`-i ${given.name}: ${literal.map((problem) => problem.message).join("; ")}`, { exitCode: EXIT.usage });
  const value = literalToJson(parameter.type, literal);
  return isFields(value) ? { value } : value;
}

/** `spec.inputs` of a Run from the command line: every name must be declared, every required input given. */
export async function runInputs(of: string, declared: readonly Parameter[], arguments_: readonly string[], upload: Upload): Promise<JsonObject> {
  const inputs: Record<string, Json> = {};
  for (const given of arguments_.map(parseGiven)) {
    const parameter = declared.find((candidate) => candidate.name === given.name);
    if (!parameter) {
      const names = declared.map((candidate) => `${candidate.name} (${printType(candidate.type)})`).join(", ");
      throw new UserError(`${of} has no input ${given.name}`, { exitCode: EXIT.usage, hint: names ? `it takes ${names}` : "it takes none" });
    }
    inputs[given.name] = await valueOf(given, parameter, upload);
  }
  const absent = declared.filter(
    (parameter) => parameter.default === undefined && !(parameter.name in inputs) && withoutNone(parameter.type) === parameter.type,
  );
  if (absent.length > 0) {
    const flags = absent.map((parameter) => `-i ${parameter.name}=${STORED.has(parameter.type.kind) ? "@file" : `<${printType(parameter.type)}>`}`).join(" ");
    throw new UserError(`${of} needs ${absent.map((parameter) => parameter.name).join(", ")}`, { exitCode: EXIT.usage, hint: flags });
  }
  return inputs;
}
