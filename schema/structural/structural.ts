import { celName } from "./cel-name.ts";
import type { JsonRule, JsonSchema } from "./json-schema.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { type CompiledExpression, compileWithCel, type ExpressionCompiler } from "./rule-expression.ts";

export type JsonType = "object" | "array" | "string" | "integer" | "number" | "boolean";

/** A rule of `x-kubernetes-validations` ready to run, or the reason why it cannot. */
export interface CompiledRule {
  readonly source: JsonRule;
  readonly usesOldSelf: boolean;
  readonly expression: CompiledExpression;
  readonly message: CompiledExpression | undefined;
}

/**
 * One node of a structural schema, prepared once so that walking an object is cheap. Nodes may form cycles (built-in
 * kinds refer to themselves). Readonly for everyone but the compiler.
 */
export interface Structural {
  readonly source: JsonSchema;
  /** Name of the definition this node refers to; undefined for what is said in place. */
  readonly name: string | undefined;
  /** Empty: any type. Two entries: integer or string. */
  readonly types: readonly JsonType[];
  readonly nullable: boolean;
  readonly properties: ReadonlyMap<string, Structural>;
  /** "any" for `additionalProperties: true`. */
  readonly additional: Structural | "any" | undefined;
  readonly items: Structural | undefined;
  readonly preserveUnknown: boolean;
  readonly embedded: boolean;
  readonly intOrString: boolean;
  readonly listType: "atomic" | "set" | "map" | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: "atomic" | "granular" | undefined;
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey: string | undefined;
  readonly allOf: readonly Structural[];
  readonly anyOf: readonly Structural[];
  readonly oneOf: readonly Structural[];
  readonly not: Structural | undefined;
  readonly pattern: Pattern | undefined;
  readonly rules: readonly CompiledRule[];
  /** Properties that expressions can name: the property, its name there, its schema. */
  readonly celFields: readonly (readonly [string, string, Structural])[];
  /** Properties that have a default of their own. */
  readonly defaulted: readonly (readonly [string, Structural])[];
  /** In this node or below. */
  readonly hasDefaults: boolean;
  readonly hasRules: boolean;
  readonly hasKeyedLists: boolean;
  readonly hasEmbedded: boolean;
}

type Draft = { -readonly [K in keyof Structural]: Structural[K] };

export interface CompileOptions {
  /** What `$ref: "#/…/<name>"` means; only schemas of built-in kinds use references. */
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  /** Compiles the CEL of rules; default: the one of `cel/`. */
  readonly compileExpression?: ExpressionCompiler;
}

interface Compiler {
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  readonly compileExpression: ExpressionCompiler;
  readonly named: Map<string, Draft>;
}

type MaybeRef = JsonSchema & { readonly $ref?: string };

function refName(schema: MaybeRef): string | undefined {
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? (schema.allOf[0] as MaybeRef).$ref : undefined);
  return ref?.slice(ref.lastIndexOf("/") + 1);
}

function emptyDraft(source: JsonSchema, name: string | undefined): Draft {
  const intOrString = source["x-kubernetes-int-or-string"] === true;
  return {
    source,
    name,
    types: intOrString ? ["integer", "string"] : source.type ? [source.type as JsonType] : [],
    nullable: source.nullable === true,
    properties: new Map(),
    additional: undefined,
    items: undefined,
    preserveUnknown: source["x-kubernetes-preserve-unknown-fields"] === true,
    embedded: source["x-kubernetes-embedded-resource"] === true,
    intOrString,
    listType: source["x-kubernetes-list-type"],
    listMapKeys: source["x-kubernetes-list-map-keys"] ?? [],
    mapType: source["x-kubernetes-map-type"],
    patchStrategies: source["x-kubernetes-patch-strategy"]?.split(",") ?? [],
    patchMergeKey: source["x-kubernetes-patch-merge-key"],
    allOf: [],
    anyOf: [],
    oneOf: [],
    not: undefined,
    pattern: undefined,
    rules: [],
    celFields: [],
    defaulted: [],
    hasDefaults: false,
    hasRules: false,
    hasKeyedLists: false,
    hasEmbedded: false,
  };
}

/** What an optional holds is of any type: without saying so the library would look for one that it is. */
const openedOptional = ({ rule, optionalOldSelf }: JsonRule): string =>
  optionalOldSelf ? rule.replace(/(?<![\w.])oldSelf\.value\(\)/g, "dyn(oldSelf.value())") : rule;

function compileRule(source: JsonRule, compiler: Compiler): CompiledRule {
  return {
    source,
    usesOldSelf: /(?<![\w.])oldSelf\b/.test(source.rule),
    expression: compiler.compileExpression(openedOptional(source)),
    message: source.messageExpression === undefined ? undefined : compiler.compileExpression(source.messageExpression),
  };
}

function celFieldsOf(properties: ReadonlyMap<string, Structural>): Structural["celFields"] {
  return [...properties].flatMap(([property, schema]) => {
    const name = celName(property);
    return name === undefined ? [] : [[property, name, schema] as const];
  });
}

function fill(draft: Draft, source: JsonSchema, compiler: Compiler): void {
  const child = (schema: JsonSchema) => compileNode(schema, compiler);
  draft.properties = new Map(Object.entries(source.properties ?? {}).map(([name, schema]) => [name, child(schema)]));
  if (source.additionalProperties === true) draft.additional = "any";
  else if (typeof source.additionalProperties === "object") draft.additional = child(source.additionalProperties);
  if (source.items) draft.items = child(source.items);
  draft.allOf = (source.allOf ?? []).map(child);
  draft.anyOf = (source.anyOf ?? []).map(child);
  draft.oneOf = (source.oneOf ?? []).map(child);
  if (source.not) draft.not = child(source.not);
  if (source.pattern) draft.pattern = compilePattern(source.pattern);
  draft.rules = (source["x-kubernetes-validations"] ?? []).map((rule) => compileRule(rule, compiler));
  draft.celFields = celFieldsOf(draft.properties);
  draft.defaulted = [...draft.properties].filter(([, schema]) => schema.source.default !== undefined && schema.source.default !== null);
}

function compileNode(schema: JsonSchema, compiler: Compiler): Draft {
  const name = refName(schema);
  if (name !== undefined) {
    const known = compiler.named.get(name);
    if (known) return known;
    const definition = compiler.definitions[name];
    if (!definition) throw new Error(`schema refers to an unknown definition ${name}`);
    const draft = emptyDraft(definition, name);
    compiler.named.set(name, draft);
    fill(draft, definition, compiler);
    return draft;
  }
  const draft = emptyDraft(schema, undefined);
  fill(draft, schema, compiler);
  return draft;
}

function childrenOf(node: Structural): Structural[] {
  const children = [...node.properties.values()];
  if (node.additional !== undefined && node.additional !== "any") children.push(node.additional);
  if (node.items) children.push(node.items);
  return children;
}

type Flag = "hasDefaults" | "hasRules" | "hasKeyedLists" | "hasEmbedded";

function holds(node: Structural, flag: Flag): boolean {
  if (flag === "hasDefaults") return node.defaulted.length > 0;
  if (flag === "hasRules") return node.rules.length > 0 || node.allOf.some((nested) => nested.rules.length > 0);
  if (flag === "hasEmbedded") return node.embedded;
  return node.listType === "set" || node.listType === "map";
}

/** Marks every node from which a node with the property can be reached; repeats until nothing changes because schemas may be cyclic. */
function markReachable(nodes: readonly Draft[], flag: Flag): void {
  for (const node of nodes) node[flag] = holds(node, flag);
  for (let changed = true; changed;) {
    changed = false;
    for (const node of nodes) {
      if (node[flag] || !childrenOf(node).some((child) => child[flag])) continue;
      node[flag] = true;
      changed = true;
    }
  }
}

/** Every node below and including the root, deepest first. */
function allNodes(root: Draft): Draft[] {
  const seen = new Set<Draft>();
  const ordered: Draft[] = [];
  const visit = (node: Draft): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const child of childrenOf(node)) visit(child as Draft);
    ordered.push(node);
  };
  visit(root);
  return ordered;
}

/**
 * Prepares a schema for walking. The schema must be acceptable (`checkStructuralSchema` reports nothing) or be one of a
 * built-in kind; throws when a reference leads nowhere. A rule or pattern that cannot be compiled is kept as such and
 * reported by whoever runs it.
 */
export function compileStructural(schema: JsonSchema, options: CompileOptions = {}): Structural {
  const compiler: Compiler = { definitions: options.definitions ?? {}, compileExpression: options.compileExpression ?? compileWithCel, named: new Map() };
  const root = compileNode(schema, compiler);
  const nodes = allNodes(root);
  for (const flag of ["hasDefaults", "hasRules", "hasKeyedLists", "hasEmbedded"] as const) markReachable(nodes, flag);
  return root;
}
