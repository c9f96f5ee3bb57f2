/** `*` and `?` within one name, in linear time. */
function matchesName(pattern: string, name: string): boolean {
  let [at, from, star, mark] = [0, 0, -1, 0];
  while (at < name.length) {
    if (from < pattern.length && (pattern[from] === "?" || pattern[from] === name[at])) [at, from] = [at + 1, from + 1];
    else if (pattern[from] === "*") [star, mark, from] = [from, at, from + 1];
    else if (star >= 0) [from, mark, at] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[from] === "*") from += 1;
  return from === pattern.length;
}

function matchesSteps(patterns: readonly string[], names: readonly string[]): boolean {
  // reachable[i]: the patterns read so far can end before name i.
  let reachable = new Set([0]);
  for (const pattern of patterns) {
    const next = new Set<number>();
    for (const position of reachable) {
      if (pattern === "**") for (let end = position; end <= names.length; end += 1) next.add(end);
      else if (position < names.length && matchesName(pattern, names[position] ?? "")) next.add(position + 1);
    }
    reachable = next;
  }
  return reachable.has(names.length);
}

const MAX_ALTERNATIVES = 256;

/** One pair of braces after the other, never more than `MAX_ALTERNATIVES` at once: `{a,b}{a,b}…` would double with every pair. */
function expandBraces(pattern: string): string[] {
  let open = [pattern];
  for (;;) {
    const next = open.flatMap((each) => {
      const match = /\{([^{}]*)\}/.exec(each);
      if (!match) return [each];
      const [before, after] = [each.slice(0, match.index), each.slice(match.index + match[0].length)];
      return (match[1] ?? "").split(",").map((choice) => before + choice + after);
    });
    if (next.length === open.length && next.every((each, index) => each === open[index])) return open;
    open = next.slice(0, MAX_ALTERNATIVES);
  }
}

/** Whether a path matches one of the globs: `*` and `?` within a name, `**` over names, `{a,b}`. Never slow, whatever the pattern. */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.flatMap(expandBraces).map((glob) => glob.split("/").filter((step) => step !== "" && step !== "."));
  return (path) => {
    const names = path.split("/");
    return patterns.some((steps) => matchesSteps(steps, names));
  };
}
