/** Names that are no identifiers in CEL; a property of that name is written `__name__`. */
const RESERVED: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(" "),
);

/** How a property is named in an expression; undefined when it cannot be named at all. */
export function celName(property: string): string | undefined {
  if (RESERVED.has(property)) return `__${property}__`;
  const escaped = property.replace(/__|[./-]/g, (part) => ({ __: "__underscores__", ".": "__dot__", "/": "__slash__", "-": "__dash__" })[part] ?? part);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}
