import type { ASTNode } from "@marcbachmann/cel-js";

/** The checker's own note on a node, undefined before it has been there. */
const checkedTypeOf = (node: ASTNode): string | undefined => (node as { checkedType?: { name: string } }).checkedType?.name;

function integerLiterals(node: ASTNode): ASTNode[] {
  if (node.op === "value") return typeof node.args === "bigint" ? [node] : [];
  if (node.op === "-_") return integerLiterals(node.args);
  if (node.op === "list") return node.args.every((item) => integerLiterals(item).length > 0 || isFloat(item)) ? node.args.flatMap(integerLiterals) : [];
  return [];
}

function isFloat(node: ASTNode): boolean {
  if (checkedTypeOf(node) === "double") return true;
  return node.op === "value" ? typeof node.args === "number" : node.op === "-_" && isFloat(node.args);
}

function operandsOf(node: ASTNode): readonly ASTNode[] {
  if (node.op === "call") return node.args[1];
  if (node.op === "rcall") return [node.args[1], ...node.args[2]];
  if (node.op === "?:") return node.args.slice(1);
  return Array.isArray(node.args) ? (node.args as unknown[]).filter((arg): arg is ASTNode => typeof arg === "object" && arg !== null && "op" in arg) : [];
}

/** Integer literals that stand beside a float in the node the checker stumbled over: reading them as floats may heal it. */
export function literalsBesideFloats(node: ASTNode): readonly ASTNode[] {
  const operands = operandsOf(node);
  return operands.some(isFloat) ? operands.flatMap(integerLiterals) : [];
}

/** Integer literals in lists that hold a float literal too: `[1, 2.5]` is a list of floats. */
export function literalsInFloatLists(node: ASTNode): ASTNode[] {
  const own = node.op === "list" && node.args.some(isFloat) ? node.args.flatMap(integerLiterals) : [];
  return [...own, ...operandsDeep(node).flatMap(literalsInFloatLists)];
}

function operandsDeep(node: ASTNode): readonly ASTNode[] {
  if (node.op === "map") return node.args.flat();
  if (node.op === "list") return node.args;
  return node.op === "-_" || node.op === "!_" ? [node.args] : node.op === "?:" ? node.args : operandsOf(node);
}
