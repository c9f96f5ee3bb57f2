/**
 * Replaces `$(NAME)` as Kubernetes does: `$$` is one `$`, a name that `lookup` does not know stays as written, and what a
 * variable holds is not looked at again.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let out = "";
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0 || dollar + 1 === text.length) return out + text.slice(at);
    out += text.slice(at, dollar);
    const [piece, length] = reference(text, dollar, lookup);
    out += piece;
    at = dollar + length;
  }
  return out;
}

/** What stands for the `$…` at this place, and how many characters of the text it replaces. */
function reference(text: string, dollar: number, lookup: (name: string) => string | undefined): [string, number] {
  const next = text[dollar + 1];
  if (next === "$") return ["$", 2];
  if (next !== "(") return [`$${next}`, 2];
  const end = text.indexOf(")", dollar + 2);
  if (end < 0) return ["$(", 2];
  const name = text.slice(dollar + 2, end);
  return [lookup(name) ?? `$(${name})`, end + 1 - dollar];
}
