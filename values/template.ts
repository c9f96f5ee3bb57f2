import type { Literal } from "../proto/index.ts";
import { type FileLayout, filePlace } from "./layout.ts";
import { blobOf, isNone, unwrap } from "./literal.ts";
import type { Parameter } from "./parameter.ts";
import { isProblems, problem, under, type ValueProblem } from "./problem.ts";
import { literalText } from "./text.ts";
import { isBlobType, optionalOf, printType, type Type } from "./type.ts";

/** Flyte's template variables besides the inputs. */
export const FLYTE_VARIABLES = [
  "input",
  "inputPrefix",
  "outputPrefix",
  "rawOutputDataPrefix",
  "perRetryUniqueKey",
  "checkpointOutputPrefix",
  "prevCheckpointPrefix",
  "namespace",
  "runStartTime",
] as const;
export type FlyteVariable = (typeof FLYTE_VARIABLES)[number];

export interface EnvVariable {
  readonly name: string;
  readonly value?: string;
}

/** The parts of a container that may hold templates. Any further field of an env entry (valueFrom) is kept. */
export interface Templated<E extends EnvVariable = EnvVariable> {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly E[];
}

export interface TemplateContext {
  readonly inputs: readonly Parameter[];
  /** Values by name, loaded: an offloaded literal cannot be rendered. */
  readonly literals: { readonly [name: string]: Literal };
  /** Written before local paths as it is, without escaping, so that it may be `$(FLYTEOPS_INPUTS)`. */
  readonly inputPath: string;
  readonly layout: FileLayout;
  readonly flyte: Readonly<Partial<Record<FlyteVariable, string>>>;
}

/** The longest argument Linux takes, in bytes (128 KiB with the NUL). */
const MAX_ARGUMENT_BYTES = 131_071;

type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "input"; readonly name: string; readonly uri: boolean; readonly source: string }
  | { readonly kind: "flyte"; readonly variable: FlyteVariable; readonly source: string };

/** No brace within: else every `{{` of a text made of them would read on to its end. */
const TEMPLATE = /\{\{\s*[.$]\s*([a-z]+)((?:\.[^{}\s]*)?)\s*\}\}/gi;
const FLYTE_BY_WORD = new Map(FLYTE_VARIABLES.map((variable) => [variable.toLowerCase(), variable]));

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const match of text.matchAll(TEMPLATE)) {
    const token = tokenOf(match[0], match[1]?.toLowerCase() ?? "", match[2] ?? "");
    if (token === undefined) continue;
    if (match.index > at) tokens.push({ kind: "text", text: text.slice(at, match.index) });
    tokens.push(token);
    at = match.index + match[0].length;
  }
  if (at < text.length || tokens.length === 0) tokens.push({ kind: "text", text: text.slice(at) });
  return tokens;
}

function tokenOf(source: string, word: string, rest: string): Token | undefined {
  if (word === "inputs" && rest.length > 1) {
    const uri = /^\.[^.]+\.uri$/.test(rest);
    return { kind: "input", name: uri ? rest.slice(1, -4) : rest.slice(1), uri, source };
  }
  const variable = rest === "" ? FLYTE_BY_WORD.get(word) : undefined;
  return variable === undefined ? undefined : { kind: "flyte", variable, source };
}

/** The places of a container that may hold templates, each with its path. */
function places(container: Templated): { path: (string | number)[]; text: string; single: boolean }[] {
  const lines = (field: "command" | "args") => (container[field] ?? []).map((text, index) => ({ path: [field, index], text, single: false }));
  const env = (container.env ?? []).flatMap((one, index) =>
    one.value === undefined ? [] : [{ path: ["env", index, "value"], text: one.value, single: true }],
  );
  return [...lines("command"), ...lines("args"), ...env];
}

/** The inputs that rendering will read: only these need to be loaded. */
export function templatedInputs(container: Templated): string[] {
  const names = places(container).flatMap(({ text }) => tokensOf(text).flatMap((token) => (token.kind === "input" ? [token.name] : [])));
  return [...new Set(names)];
}

/** Every template that cannot work with these inputs. Paths lead into the container. */
export function checkTemplates(container: Templated, inputs: readonly Parameter[]): ValueProblem[] {
  return places(container).flatMap(({ path, text, single }) => {
    const tokens = tokensOf(text);
    const alone = tokens.length === 1 && !single;
    return tokens.flatMap((token) => (token.kind === "input" ? tokenProblems(token, inputs, alone).map((one) => ({ ...one, path })) : []));
  });
}

function tokenProblems(token: Extract<Token, { kind: "input" }>, inputs: readonly Parameter[], alone: boolean): ValueProblem[] {
  const parameter = inputs.find((one) => one.name === token.name);
  if (parameter === undefined) return problem("UnknownInput", `${token.source}: there is no input ${token.name}`);
  if (parameter.sensitive) return problem("TemplateSensitive", `${token.source}: a sensitive input is never a template; read its file`);
  const type = optionalOf(parameter.type) ?? parameter.type;
  const element = type.kind === "list" && alone ? (optionalOf(type.of) ?? type.of) : type;
  if (token.uri && !isBlobType(element)) return problem("TemplateNotText", `${token.source}: only a file, directory or dataset has a uri`);
  if (parameter.download === "None" && !token.uri) {
    return problem("TemplateNotText", `${token.source}: ${token.name} is not downloaded (download: None); write {{.inputs.${token.name}.uri}}`);
  }
  if (isText(element)) return [];
  const hint = type.kind === "list" && isText(type.of) ? "; a list must be the whole argument" : "; read its file";
  return problem("TemplateNotText", `${token.source}: a value of type ${printType(parameter.type)} has no place in a command line${hint}`);
}

function isText(type: Type): boolean {
  return isBlobType(type) || ["integer", "float", "string", "boolean", "datetime", "duration", "enum"].includes(type.kind);
}

/**
 * Fills in every template, once: a value is never scanned again, and its `$` becomes `$$`, because the kubelet expands `$(NAME)`. An
 * argument that is exactly one list becomes one argument per element; one whose template is none is left out, as is such an env
 * variable. ArgumentTooLong for an argument over 128 KiB - 1. The container must have passed `checkTemplates`.
 */
export function renderTemplates<E extends EnvVariable>(
  container: Templated<E>,
  context: TemplateContext,
): { command: string[]; args: string[]; env: E[] } | ValueProblem[] {
  const command = renderLines("command", container.command ?? [], context);
  const args = renderLines("args", container.args ?? [], context);
  const env = renderEnv(container.env ?? [], context);
  const problems = [command, args, env].flatMap((part) => part.problems);
  return problems.length > 0 ? problems : { command: command.values, args: args.values, env: env.values };
}

function renderLines(field: string, lines: readonly string[], context: TemplateContext): { values: string[]; problems: ValueProblem[] } {
  const values: string[] = [];
  const problems: ValueProblem[] = [];
  for (const [index, line] of lines.entries()) {
    const rendered = renderText(line, context, true);
    if (isProblems(rendered)) problems.push(...under(field, under(index, rendered)));
    else values.push(...rendered);
  }
  return { values, problems };
}

function renderEnv<E extends EnvVariable>(env: readonly E[], context: TemplateContext): { values: E[]; problems: ValueProblem[] } {
  const values: E[] = [];
  const problems: ValueProblem[] = [];
  for (const [index, one] of env.entries()) {
    const rendered = one.value === undefined ? undefined : renderText(one.value, context, false, one.name.length + 1);
    if (rendered === undefined) values.push(one);
    else if (isProblems(rendered)) problems.push(...under("env", under(index, under("value", rendered))));
    else if (rendered[0] !== undefined) values.push({ ...one, value: rendered[0] });
  }
  return { values, problems };
}

/** A piece of text: as written into the container, and its size once the kubelet has expanded it. */
interface Piece {
  readonly text: string;
  readonly bytes: number;
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;
const written = (text: string): Piece => ({ text, bytes: bytesOf(text) });
const inserted = (value: string): Piece => ({ text: value.replaceAll("$", "$$$$"), bytes: bytesOf(value) });

function renderText(text: string, context: TemplateContext, spread: boolean, overhead = 0): string[] | ValueProblem[] {
  const tokens = tokensOf(text);
  const [only] = tokens;
  const pieces = tokens.length === 1 && only !== undefined && spread ? spreadToken(only, context) : joinTokens(tokens, context);
  if (isProblems(pieces)) return [...pieces];
  const long = pieces.find((piece) => piece.bytes + overhead > MAX_ARGUMENT_BYTES);
  if (long !== undefined)
    return problem(
      "ArgumentTooLong",
      `this argument is ${long.bytes + overhead} bytes long; at most ${MAX_ARGUMENT_BYTES} are possible: read the file instead`,
    );
  return pieces.some((piece) => piece.text.includes("\0"))
    ? problem("InvalidValue", "an argument cannot hold a NUL byte: read the file instead")
    : pieces.map((piece) => piece.text);
}

function spreadToken(token: Token, context: TemplateContext): Piece[] | ValueProblem[] {
  const literal = token.kind === "input" && Object.hasOwn(context.literals, token.name) ? context.literals[token.name] : undefined;
  const value = literal === undefined ? undefined : unwrap(literal).value;
  if (token.kind !== "input" || value?.case !== "collection") return joinTokens([token], context);
  const pieces: Piece[] = [];
  for (const [index, element] of value.value.literals.entries()) {
    const piece = inputPiece(token, element, [token.name, String(index)], context);
    if (isProblems(piece)) return [...piece];
    if (piece !== undefined) pieces.push(piece);
  }
  return pieces;
}

function joinTokens(tokens: readonly Token[], context: TemplateContext): Piece[] | ValueProblem[] {
  const pieces: Piece[] = [];
  for (const token of tokens) {
    const piece = tokenPiece(token, context);
    if (piece === undefined) return [];
    if (isProblems(piece)) return [...piece];
    pieces.push(piece);
  }
  return [{ text: pieces.map((piece) => piece.text).join(""), bytes: pieces.reduce((sum, piece) => sum + piece.bytes, 0) }];
}

/** Undefined when the value is none. */
function tokenPiece(token: Token, context: TemplateContext): Piece | undefined | ValueProblem[] {
  if (token.kind === "text") return written(token.text);
  if (token.kind === "flyte") {
    const value = context.flyte[token.variable];
    return value === undefined ? written(token.source) : inserted(value);
  }
  const literal = Object.hasOwn(context.literals, token.name) ? context.literals[token.name] : undefined;
  return literal === undefined ? undefined : inputPiece(token, literal, [token.name], context);
}

function inputPiece(
  token: Extract<Token, { kind: "input" }>,
  literal: Literal,
  at: readonly string[],
  context: TemplateContext,
): Piece | undefined | ValueProblem[] {
  if (isNone(literal)) return undefined;
  const blob = blobOf(literal);
  if (blob !== undefined) {
    if (token.uri) return inserted(blob.uri);
    const below = inserted(`/${(blob.multipart ? at : filePlace(at, blob.uri, context.layout)).join("/")}`);
    return { text: context.inputPath + below.text, bytes: bytesOf(context.inputPath) + below.bytes };
  }
  const text = literalText(literal);
  return typeof text === "string" ? inserted(text) : problem("TemplateNotText", `${token.source}: this value is no text`);
}
