import type { ASTNode } from "@marcbachmann/cel-js";
import { celTypeName } from "./cel-type.ts";
import type { CelProblem } from "./problem.ts";
import type { CelReference, CelScope } from "./scope.ts";

interface Chain {
  readonly root: ASTNode;
  readonly path: readonly string[];
  /** The node that ends each segment, the root's first. */
  readonly nodes: readonly ASTNode[];
  /** Whether a `.?` stands before the segment. */
  readonly optional: readonly boolean[];
}

function segmentOf(node: ASTNode): string | undefined {
  if (node.op === "." || node.op === ".?") return node.args[1];
  if (node.op !== "[]" && node.op !== "[?]") return undefined;
  const index = node.args[1];
  return index.op === "value" && typeof index.args === "string" ? index.args : undefined;
}

/** `nodes["a-b"].outputs.x` as a path, when every step of it is a constant name. */
function chainOf(node: ASTNode): Chain | undefined {
  if (node.op === "id") return { root: node, path: [node.args], nodes: [node], optional: [false] };
  const segment = segmentOf(node);
  if (segment === undefined) return undefined;
  const below = chainOf((node.args as [ASTNode])[0]);
  if (!below) return undefined;
  const optional = node.op === ".?" || node.op === "[?]";
  return { root: below.root, path: [...below.path, segment], nodes: [...below.nodes, node], optional: [...below.optional, optional] };
}

function* childrenOf(value: unknown): Iterable<ASTNode> {
  if (Array.isArray(value)) for (const item of value) yield* childrenOf(item);
  else if (typeof value === "object" && value !== null && "op" in value) yield value as ASTNode;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Renamed {
  readonly text: string;
  readonly references: readonly CelReference[];
  readonly problems: readonly CelProblem[];
}

/** Replaces every name of the scope by a variable of the same width, so that later positions stay right. */
export function renameReferences(text: string, ast: ASTNode, scope: CelScope): Renamed {
  const references = new Map<string, CelReference>();
  const problems: CelProblem[] = [];
  const edits: Edit[] = [];

  function refuse(start: number, end: number, message: string): void {
    problems.push({ code: "UnknownName", message, start, end });
  }

  function variableFor(chain: Chain, length: number, type: CelReference["type"], width: number): string {
    const path = chain.path.slice(0, length);
    const key = JSON.stringify([path, celTypeName(type)]);
    const known = references.get(key);
    const variable = known?.variable ?? `__${references.size}`.padEnd(width, "_");
    if (!known) references.set(key, { variable, path, type });
    return variable;
  }

  /** Where a repeated name is written narrower than the first time, text after it moves; the offsets of messages then are approximate. */
  function replace(chain: Chain, end: ASTNode): void {
    const { start } = chain.root.range;
    const name = scope.resolve(chain.path);
    if ("problem" in name) return refuse(start, end.range.end, name.problem);
    const last = chain.nodes[name.length - 1]!;
    const written = text.slice(start, last.range.end);
    if (written.includes(")")) return refuse(start, last.range.end, `write ${chain.path.slice(0, name.length).join(".")} without parentheses inside it`);
    const optional = chain.optional.slice(0, name.length).some(Boolean);
    const type = optional ? ({ kind: "optional", of: name.present ?? name.type } as const) : name.type;
    edits.push({ start, end: last.range.end, text: variableFor(chain, name.length, type, written.length) });
  }

  /** `has(inputs.x)` asks about the name itself: the library's macro wants a field. */
  function replaceHas(node: ASTNode, chain: Chain): void {
    const name = scope.resolve(chain.path);
    if ("problem" in name) return refuse(node.range.start, node.range.end, name.problem);
    if (name.length < chain.path.length) return replace(chain, node);
    const present = { kind: "optional", of: name.present ?? name.type } as const;
    const variable = variableFor(chain, name.length, present, chain.path.join(".").length);
    edits.push({ start: node.range.start, end: node.range.end, text: `${variable}.hasValue()` });
  }

  function visit(node: ASTNode): void {
    if (node.op === "id" && node.args.startsWith("__")) return refuse(node.range.start, node.range.end, `names that begin with __ are reserved: ${node.args}`);
    const chain = chainOf(node);
    if (chain && scope.roots.includes(chain.path[0]!)) return replace(chain, node);
    if (node.op === "call" && node.args[0] === "has") {
      const argument = node.args[1][0];
      const inner = argument && chainOf(argument);
      if (inner && scope.roots.includes(inner.path[0]!)) return replaceHas(node, inner);
    }
    for (const child of childrenOf(node.args)) visit(child);
  }

  visit(ast);
  return { text: applyEdits(text, edits), references: [...references.values()], problems };
}

/** Edits must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return [...edits].sort((left, right) => right.start - left.start).reduce((done, edit) => done.slice(0, edit.start) + edit.text + done.slice(edit.end), text);
}
