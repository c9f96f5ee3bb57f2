/** The names of siblings in what one node declares: `nodes.train.outputs.x`, `nodes["pick-best"]` in CEL, `after`. */
function needsOf(node: unknown, siblings: ReadonlySet<string>): Set<string> {
  const { after, ...rest } = (node ?? {}) as { readonly after?: readonly string[] };
  const named = [...JSON.stringify(rest).matchAll(/\bnodes(?:\.|\[\\?["'])([\w-]+)/g)].map(([, name = ""]) => name);
  // In CEL a hyphen after a name is a minus.
  const found = named.map((name) => (siblings.has(name) ? name : (name.split("-")[0] ?? "")));
  return new Set([...found, ...(after ?? [])].filter((name) => siblings.has(name)));
}

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
