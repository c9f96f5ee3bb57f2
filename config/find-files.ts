import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const isPattern = (segment: string): boolean => /[*?[]/.test(segment);

/** `*`, `?` and `[…]` of one path segment, as shells and Go's filepath.Glob read them. */
function matcher(segment: string): RegExp {
  const source = segment.replace(/\[!|[.*+?^${}()|\\]/g, (found) => (found === "*" ? "[^/]*" : found === "?" ? "[^/]" : found === "[!" ? "[^" : `\\${found}`));
  return new RegExp(`^${source}$`);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return []; // not there, or not a directory: nothing matches
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

function below(directory: string, segments: readonly string[]): string[] {
  const [first, ...rest] = segments;
  if (first === undefined) return [directory];
  if (!isPattern(first)) {
    const path = join(directory, first);
    return exists(path) ? below(path, rest) : [];
  }
  const matches = matcher(first);
  // Kubernetes keeps what a ConfigMap holds in directories that begin with two dots, beside the links that lead there.
  const names = namesIn(directory).filter((name) => matches.test(name) && (!name.startsWith(".") || first.startsWith(".")));
  return names.flatMap((name) => below(join(directory, name), rest));
}

/** Files that a path or a glob names, sorted; of a plain path the path itself, whether it exists or not. */
export function findFiles(pattern: string): readonly string[] {
  const segments = pattern.split("/").filter((segment) => segment !== "");
  if (!segments.some(isPattern)) return [pattern];
  return below(pattern.startsWith("/") ? "/" : ".", segments);
}

/** The directory to watch for changes of what a path or glob names: everything before the first segment with a wildcard. */
export function watchedDirectory(pattern: string): string {
  const segments = pattern.split("/");
  const end = segments.findIndex(isPattern);
  return segments.slice(0, end < 0 ? -1 : end).join("/") || (pattern.startsWith("/") ? "/" : ".");
}
