type Step = { readonly kind: "field"; readonly name: string } | { readonly kind: "index"; readonly index: number } | { readonly kind: "all" } | Filter;

interface Filter {
  readonly kind: "filter";
  readonly path: readonly Step[];
  readonly operator: string;
  readonly literal: string | number | boolean;
}

/** A compiled path: everything it finds in a value, in order. */
export type JsonPath = (value: unknown) => unknown[];

const NAME = /\.?([A-Za-z0-9_$-](?:[^.[\]\\]|\\.)*)/y;
const BRACKET = /\[(?:'([^']*)'|"([^"]*)"|(-?[0-9]+)|(\*)|\?\((.+?)\))\]/y;
const FILTER = /^@([^=!<>\s]*)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(true|false)|(-?[0-9.]+))$/;

function filterStep(text: string): Filter {
  const parts = FILTER.exec(text.trim());
  if (!parts) throw new SyntaxError(`unsupported filter ${text}`);
  const [, path = "", operator = "==", double, single, truth, number] = parts;
  const literal = double ?? single ?? (truth === undefined ? Number(number) : truth === "true");
  return { kind: "filter", path: steps(path), operator, literal };
}

function bracketStep(match: RegExpExecArray): Step {
  const [, single, double, index, all, filter] = match;
  if (filter !== undefined) return filterStep(filter);
  if (index !== undefined) return { kind: "index", index: Number(index) };
  return all === undefined ? { kind: "field", name: single ?? double ?? "" } : { kind: "all" };
}

function steps(path: string): Step[] {
  const found: Step[] = [];
  for (let at = path.startsWith("$") ? 1 : 0; at < path.length;) {
    const pattern = path[at] === "[" ? BRACKET : NAME;
    pattern.lastIndex = at;
    const match = path.startsWith(".*", at) ? undefined : pattern.exec(path);
    if (match === null) throw new SyntaxError(`cannot read JSONPath ${path} from character ${at + 1}`);
    if (match === undefined) found.push({ kind: "all" });
    else found.push(pattern === BRACKET ? bracketStep(match) : { kind: "field", name: (match[1] ?? "").replaceAll("\\.", ".") });
    at = match === undefined ? at + 2 : pattern.lastIndex;
  }
  return found;
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function passes(filter: Filter, item: unknown): boolean {
  const [found] = walk(filter.path, [item]);
  return (found === filter.literal) === (filter.operator === "==");
}

function step(one: Step, value: unknown): unknown[] {
  switch (one.kind) {
    case "field":
      return typeof value === "object" && value !== null && Object.hasOwn(value, one.name) ? [(value as Record<string, unknown>)[one.name]] : [];
    case "index": {
      const item = Array.isArray(value) ? value.at(one.index) : undefined;
      return item === undefined ? [] : [item as unknown];
    }
    case "all":
      return children(value);
    case "filter":
      return Array.isArray(value) ? value.filter((item) => passes(one, item)) : [];
  }
}

function walk(path: readonly Step[], values: unknown[]): unknown[] {
  return path.reduce<unknown[]>((found, one) => found.flatMap((value) => step(one, value)), values);
}

/** Compiles the JSONPath of a printer column or a selectable field (`.spec.x`, `.a['b/c'][0]`, `.conditions[?(@.type=="Ready")].status`). Throws SyntaxError. */
export function jsonPath(text: string): JsonPath {
  const path = steps(text.trim());
  return (value) => walk(path, [value]);
}
