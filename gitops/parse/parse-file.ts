import { type Document, LineCounter, parseAllDocuments } from "yaml";
import type { Json, JsonObject } from "../../base/index.ts";
import type { Position } from "../problem.ts";
import { documentValue, type Finding } from "./document-value.ts";
import { LIMITS } from "./limits.ts";

export interface Located {
  readonly code: string;
  readonly message: string;
  readonly position: Position;
}

export interface ParsedDocument {
  /** Which document of the file, from 0. */
  readonly index: number;
  readonly position: Position;
  readonly value: JsonObject;
}

/** One YAML file, read. It depends on the bytes alone, so it may be kept by the id of the blob. */
export interface ParsedFile {
  /** Documents with apiVersion and kind. One with problems is not among them. */
  readonly documents: readonly ParsedDocument[];
  readonly problems: readonly Located[];
  /** Documents that are none of ours. */
  readonly ignored: number;
  /** Not every document could be read: what stood in the file is not known. */
  readonly broken: boolean;
}

const OURS = "flyte.org/";
const OPTIONS = { version: "1.2", schema: "core", intAsBigInt: true, merge: false, uniqueKeys: false, prettyErrors: false, logLevel: "silent" } as const;

export function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** Documents of a text; a nesting that exhausts the stack is answered with undefined. */
export function yamlDocuments(text: string, lines: LineCounter): Document.Parsed[] | undefined {
  try {
    const documents = parseAllDocuments(text, { ...OPTIONS, lineCounter: lines });
    return Array.isArray(documents) ? documents : [];
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

const ignoredFile: ParsedFile = { documents: [], problems: [], ignored: 1, broken: false };

function brokenFile(text: string, code: string, message: string, position: Position = { line: 1, column: 1 }): ParsedFile {
  if (!text.includes(OURS)) return ignoredFile;
  return { documents: [], problems: [{ code, message, position }], ignored: 0, broken: true };
}

function hasMoreLines(text: string, limit: number): boolean {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && count <= limit; at = text.indexOf("\n", at + 1)) count += 1;
  return count > limit;
}

/** Reads a YAML file of at most `LIMITS.fileBytes`. Never throws: everything wrong is in `problems`. */
export function parseFile(bytes: Uint8Array): ParsedFile {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return brokenFile(Buffer.from(bytes).toString("latin1"), "NotUtf8", "the file is not UTF-8 text");
  }
  if ((text.match(/^---/gm)?.length ?? 0) > LIMITS.documentsPerFile) {
    return brokenFile(text, "TooManyDocuments", `the file has more than ${LIMITS.documentsPerFile} documents: split it`);
  }
  if (hasMoreLines(text, LIMITS.linesPerFile)) return brokenFile(text, "TooManyLines", `the file has more than ${LIMITS.linesPerFile} lines: split it`);
  const lines = new LineCounter();
  const documents = yamlDocuments(text, lines);
  if (documents === undefined) return brokenFile(text, "DocumentTooDeep", `the document is nested deeper than ${LIMITS.depth} levels`);
  return collect(text, documents, lines);
}

function collect(text: string, documents: readonly Document.Parsed[], lines: LineCounter): ParsedFile {
  const found = { documents: [] as ParsedDocument[], problems: [] as Located[], ignored: 0, broken: false };
  documents.forEach((document, index) => {
    const [start, , end] = document.range;
    const source = text.slice(start, end);
    const { value, findings } = readDocument(document, text);
    if (value === null && findings.length === 0) return;
    if (findings.length > 0 && source.includes(OURS)) {
      found.broken = true;
      for (const { code, message, offset } of findings) found.problems.push({ code, message, position: positionAt(lines, offset) });
    } else if (isManifest(value)) {
      found.documents.push({ index, position: startOf(document, lines), value });
    } else {
      found.ignored += 1;
    }
  });
  return found;
}

function startOf(document: Document.Parsed, lines: LineCounter): Position {
  return positionAt(lines, document.contents?.range?.[0] ?? document.range[0]);
}

function isManifest(value: Json | undefined): value is JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { apiVersion, kind } = value as JsonObject;
  return typeof apiVersion === "string" && typeof kind === "string";
}

function readDocument(document: Document.Parsed, text: string): { value: Json | undefined; findings: readonly Finding[] } {
  if (document.errors.length > 0) return { value: undefined, findings: document.errors.slice(0, 5).map((error) => syntaxFinding(error, text)) };
  const read = documentValue(document, text);
  const directive = read.value === null ? undefined : directiveFinding(document, text);
  return directive ? { value: undefined, findings: [directive] } : read;
}

/** `%YAML 1.1` would change how everything below is read, and kubectl drops what stands on the line of `---`. */
function directiveFinding(document: Document.Parsed, text: string): Finding | undefined {
  const start = document.contents?.range?.[0] ?? 0;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  if (text.startsWith("---", lineStart) && lineStart !== start) {
    return { code: "DocumentOnMarkerLine", message: "kubectl ignores what stands on the line of ---: begin the document on the next line", offset: start };
  }
  const directive = document.directives.yaml.explicit === true;
  return directive ? { code: "DirectiveNotSupported", message: "%YAML is not supported: remove the line, this is YAML 1.2", offset: start } : undefined;
}

function syntaxFinding(error: { code: string; message: string; pos: [number, number] }, text: string): Finding {
  const offset = error.pos[0];
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, (text.indexOf("\n", offset) + 1 || text.length + 1) - 1);
  if (/(^|[^"'])\{\{/.test(line) && !/["'][^"']*\{\{/.test(line)) {
    return { code: "TemplateNotQuoted", message: '{{ }} without quotes is a YAML map: write the whole value in quotes, "{{.inputs.x}}"', offset };
  }
  if (error.code === "TAB_AS_INDENT" || line.startsWith("\t")) return { code: "InvalidYaml", message: "a tab cannot indent YAML: use spaces", offset };
  return { code: "InvalidYaml", message: `not valid YAML: ${error.message.split("\n", 1)[0]?.replace(/ at line \d+, column \d+:?$/, "")}`, offset };
}
