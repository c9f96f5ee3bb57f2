/** Texts of a node that may speak of its siblings. */
function* expressionsIn(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  const { from, expr } = value as { readonly from?: unknown; readonly expr?: unknown };
  for (const text of [from, expr]) if (typeof text === "string") yield text;
  for (const each of Object.values(value)) yield* expressionsIn(each);
}

function afterIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { after } = value as { readonly after?: unknown };
  return [...(Array.isArray(after) ? after.map(String) : []), ...Object.values(value).flatMap(afterIn)];
}

/**
 * The siblings that a node waits for, in what it declares: `from: nodes.train.outputs.x`, `nodes["pick-best"]` in CEL, `after`; those
 * of its branches and inner nodes included.
 */
export function needsOf(node: unknown, siblings: ReadonlySet<string>): Set<string> {
  const named = [...expressionsIn(node)].flatMap((text) => [...text.matchAll(/\bnodes(?:\.|\[["'])([\w-]+)/g)].map(([, name = ""]) => name));
  // In CEL a hyphen after a name is a minus.
  const found = named.map((name) => (siblings.has(name) ? name : (name.split("-")[0] ?? "")));
  return new Set([...found, ...afterIn(node)].filter((name) => siblings.has(name)));
}
