/** Every object in what a node declares, itself first. */
function* objectsIn(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof value !== "object" || value === null) return;
  yield value as Readonly<Record<string, unknown>>;
  for (const each of Object.values(value)) yield* objectsIn(each);
}

/**
 * The siblings that a node waits for, in what it declares: `from: nodes.train.outputs.x`, `nodes["pick-best"]` in CEL, `after`; those
 * of its branches and inner nodes included.
 */
export function needsOf(node: unknown, siblings: ReadonlySet<string>): Set<string> {
  const namesIn = (text: unknown) => (typeof text === "string" ? [...text.matchAll(/\bnodes(?:\.|\[["'])([\w-]+)/g)].map(([, name = ""]) => name) : []);
  // In CEL a hyphen after a name is a minus.
  const nameOf = (name: string) => (siblings.has(name) ? name : (name.split("-")[0] ?? ""));
  const found = [...objectsIn(node)].flatMap(({ from, expr, after }) => [
    ...[from, expr].flatMap(namesIn).map(nameOf),
    ...(Array.isArray(after) ? after.map(String) : []),
  ]);
  return new Set(found.filter((name) => siblings.has(name)));
}
