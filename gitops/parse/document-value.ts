import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import type { Json } from "../../base/index.ts";
import { LIMITS } from "./limits.ts";
import { ambiguousKey, ambiguousValue, plainValue } from "./scalar-readings.ts";

/** Something wrong at an offset of the text. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
}

/** The document is too much for us; its conversion ends here. */
class LimitReached extends Error {
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(finding.message);
    this.finding = finding;
  }
}

interface Conversion {
  readonly text: string;
  readonly findings: Finding[];
  readonly anchors: Map<string, Node>;
  /** Anchored nodes being converted: an alias to one of them would never end. */
  readonly open: Set<Node>;
  values: number;
  aliases: number;
}

const offsetOf = (node: unknown): number => (node as Node | null | undefined)?.range?.[0] ?? 0;

/** The JSON value of a parsed document, by our own reading of plain scalars, and what is wrong with it. No value when a limit was reached. */
export function documentValue(document: Document.Parsed, text: string): { value: Json | undefined; findings: readonly Finding[] } {
  const conversion: Conversion = { text, findings: [], anchors: new Map(), open: new Set(), values: 0, aliases: 0 };
  try {
    return { value: valueOf(conversion, document.contents, 0, false), findings: conversion.findings };
  } catch (thrown) {
    if (!(thrown instanceof LimitReached)) throw thrown;
    return { value: undefined, findings: [...conversion.findings, thrown.finding] };
  }
}

function report(conversion: Conversion, code: string, node: unknown, message: string): void {
  if (conversion.findings.length < LIMITS.problemsPerFile) conversion.findings.push({ code, message, offset: offsetOf(node) });
}

function valueOf(conversion: Conversion, node: unknown, depth: number, inFlow: boolean): Json {
  conversion.values += 1;
  if (conversion.values > LIMITS.valuesPerDocument) {
    throw new LimitReached({
      code: "DocumentTooLarge",
      message: `the document has more than ${LIMITS.valuesPerDocument} values, aliases counted as what they stand for`,
      offset: offsetOf(node),
    });
  }
  if (depth > LIMITS.depth)
    throw new LimitReached({ code: "DocumentTooDeep", message: `the document is nested deeper than ${LIMITS.depth} levels`, offset: offsetOf(node) });
  if (isAlias(node)) return aliasValue(conversion, node.source, node, depth);
  const anchor = (node as { anchor?: string } | null)?.anchor;
  if (anchor !== undefined) conversion.anchors.set(anchor, node as Node);
  if (isScalar(node)) return scalarValue(conversion, node, inFlow);
  if (isMap(node)) return guarded(conversion, node, () => mapValue(conversion, node, depth, inFlow));
  if (isSeq(node)) return guarded(conversion, node, () => listValue(conversion, node, depth, inFlow));
  return null;
}

function guarded(conversion: Conversion, node: Node, convert: () => Json): Json {
  conversion.open.add(node);
  const value = convert();
  conversion.open.delete(node);
  return value;
}

function aliasValue(conversion: Conversion, name: string, node: Node, depth: number): Json {
  conversion.aliases += 1;
  if (conversion.aliases > LIMITS.aliasesPerDocument) {
    throw new LimitReached({ code: "TooManyAliases", message: `the document uses more than ${LIMITS.aliasesPerDocument} aliases`, offset: offsetOf(node) });
  }
  const target = conversion.anchors.get(name);
  if (!target || conversion.open.has(target)) {
    report(conversion, "AliasInvalid", node, target ? `*${name} stands inside what it stands for` : `there is no anchor &${name} before this alias`);
    return null;
  }
  return valueOf(conversion, target, depth + 1, false);
}

function scalarValue(conversion: Conversion, node: Scalar, inFlow: boolean): Json {
  if (node.tag !== undefined && node.tag !== "tag:yaml.org,2002:str") {
    report(conversion, "TagNotSupported", node, `the tag ${node.tag.replace("tag:yaml.org,2002:", "!!")} is not supported: write the value without it`);
    return null;
  }
  const text = node.source ?? "";
  if (node.type !== "PLAIN" || node.tag !== undefined) return typeof node.value === "string" ? node.value : text;
  const wrong = questionMark(text, inFlow) ?? ambiguousValue(text);
  if (wrong !== undefined) report(conversion, "AmbiguousScalar", node, wrong);
  return plainValue(text);
}

/** kubectl's parser ends a plain scalar at a question mark inside [] and {}. */
function questionMark(text: string, inFlow: boolean): string | undefined {
  return inFlow && text.includes("?") ? `kubectl cannot read the unquoted ${text} inside [ ] or { }: write "${text}" in quotes` : undefined;
}

function listValue(conversion: Conversion, node: YAMLSeq, depth: number, inFlow: boolean): Json {
  refuseTag(conversion, node);
  const flow = inFlow || node.flow === true;
  // A pair among the items of a list is the short form of a map with one key: [a: 1].
  return node.items.map((item) => (isPair(item) ? pairMap(conversion, node, item, depth + 1) : valueOf(conversion, item, depth + 1, flow)));
}

function pairMap(conversion: Conversion, list: YAMLSeq, pair: Pair, depth: number): Json {
  const fields: Record<string, Json> = {};
  addPair(conversion, list, pair, fields, depth, true);
  return fields;
}

function refuseTag(conversion: Conversion, node: Node & { tag?: string }): void {
  if (node.tag !== undefined && !/^tag:yaml\.org,2002:(map|seq)$/.test(node.tag)) {
    report(conversion, "TagNotSupported", node, `the tag ${node.tag.replace("tag:yaml.org,2002:", "!!")} is not supported: write the value without it`);
  }
}

function mapValue(conversion: Conversion, node: YAMLMap, depth: number, inFlow: boolean): Json {
  refuseTag(conversion, node);
  const flow = inFlow || node.flow === true;
  if (isTemplate(conversion, node)) {
    report(conversion, "TemplateNotQuoted", node, `{{ }} without quotes is a YAML map: write ${JSON.stringify(templateText(conversion, node))}`);
    return null;
  }
  const fields: Record<string, Json> = {};
  for (const pair of node.items) addPair(conversion, node, pair, fields, depth, flow);
  return fields;
}

/** `{{.inputs.x}}` is a flow map whose only key is a flow map. */
function isTemplate(conversion: Conversion, node: YAMLMap): boolean {
  return node.flow === true && isMap(node.items[0]?.key) && conversion.text.startsWith("{{", offsetOf(node));
}

function templateText(conversion: Conversion, node: YAMLMap): string {
  return conversion.text.slice(offsetOf(node), node.range?.[1] ?? offsetOf(node)).slice(0, 100);
}

function addPair(conversion: Conversion, parent: Node, pair: Pair, fields: Record<string, Json>, depth: number, inFlow: boolean): void {
  const key = isAlias(pair.key) ? conversion.anchors.get(pair.key.source) : pair.key;
  if (key !== null && !isScalar(key)) {
    report(conversion, "KeyInvalid", pair.key ?? parent, "a key must be text");
    return;
  }
  const name = key === null ? "" : keyText(conversion, key);
  if (Object.hasOwn(fields, name)) report(conversion, "DuplicateKey", key ?? parent, `the key ${name} is here twice`);
  Object.defineProperty(fields, name, { value: valueOf(conversion, pair.value, depth + 1, inFlow), enumerable: true, writable: true, configurable: true });
}

function keyText(conversion: Conversion, key: Scalar): string {
  const text = key.source ?? "";
  if (key.type !== "PLAIN" && key.type !== undefined) return typeof key.value === "string" ? key.value : text;
  const wrong = key.tag === undefined ? ambiguousKey(text) : `the tag of the key ${text} is not supported: write the key without it`;
  if (wrong !== undefined) report(conversion, key.tag === undefined ? "AmbiguousScalar" : "TagNotSupported", key, wrong);
  return text;
}
