/** Nodes in an order in which each comes after what it needs, or one cycle. Ties keep the given order. Linear. */
export function ordered(needs: ReadonlyMap<string, readonly string[]>): { readonly order: readonly string[] } | { readonly cycle: readonly string[] } {
  const dependents = new Map<string, string[]>();
  const missing = new Map<string, number>();
  for (const [name, all] of needs) {
    missing.set(name, all.length);
    for (const need of all) {
      const known = dependents.get(need);
      if (known) known.push(name);
      else dependents.set(need, [name]);
    }
  }
  const order = [...needs.keys()].filter((name) => missing.get(name) === 0);
  for (let at = 0; at < order.length; at++) {
    for (const dependent of dependents.get(order[at]!) ?? []) {
      const left = missing.get(dependent)! - 1;
      missing.set(dependent, left);
      if (left === 0) order.push(dependent);
    }
  }
  if (order.length === needs.size) return { order };
  return { cycle: cycleAmong(needs, new Set([...needs.keys()].filter((name) => missing.get(name)! > 0))) };
}

/** Follows needs inside the set until a node comes again: `[a, b, a]`, each needing the next. */
function cycleAmong(needs: ReadonlyMap<string, readonly string[]>, stuck: ReadonlySet<string>): readonly string[] {
  const seen = new Map<string, number>();
  const path: string[] = [];
  let current = [...stuck][0]!;
  while (!seen.has(current)) {
    seen.set(current, path.length);
    path.push(current);
    current = needs.get(current)!.find((need) => stuck.has(need))!;
  }
  return [...path.slice(seen.get(current)), current];
}
