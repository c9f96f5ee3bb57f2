import { needsOf } from "./needs.ts";

/**
 * Nodes as a person reads them: as declared, but each after what it needs. An API server that keeps maps sorted by name has lost the
 * order in which they were written.
 */
export function readingOrder(nodes: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(nodes);
  const siblings = new Set(names);
  const order = new Set<string>();
  const entered = new Set<string>();
  const stack = names.toReversed();
  while (stack.length > 0) {
    const name = stack.at(-1)!;
    const missing = entered.has(name) ? [] : [...needsOf(nodes[name], siblings)].filter((need) => !order.has(need) && !entered.has(need));
    entered.add(name);
    if (missing.length > 0) stack.push(...missing.toReversed());
    else order.add(stack.pop()!);
  }
  return [...order];
}
