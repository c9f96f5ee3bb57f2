import type { Document, LineCounter, Pair, Scalar, visit, YAMLMap } from "yaml";
import { duplicateFields } from "./duplicate-fields.ts";

/** What strict validation says of keys that a body names twice. */
export interface Duplicates {
  /** One for each key. */
  readonly warnings: readonly string[];
  /** The same as a refusal puts it. */
  readonly refusals: readonly string[];
}

export const NO_DUPLICATES: Duplicates = { warnings: [], refusals: [] };

/** JSON tells a duplicate by its path. */
export function duplicatesInJson(source: string): Duplicates {
  const texts = duplicateFields(source).map((path) => `duplicate field "${path}"`);
  return { warnings: texts, refusals: texts };
}

/** YAML tells a duplicate by its line. */
export function duplicatesInYaml(document: Document, lines: LineCounter, walk: typeof visit): Duplicates {
  const found: { readonly line: number; readonly text: string }[] = [];
  walk(document, {
    Map(_key, map: YAMLMap) {
      const seen = new Set<string>();
      for (const { key } of map.items as Pair<Scalar>[]) {
        const { line } = lines.linePos(key.range?.[0] ?? 0);
        const name = String(key.value);
        if (seen.has(name)) found.push({ line, text: `line ${line}: key ${JSON.stringify(name)} already set in map` });
        seen.add(name);
      }
    },
  });
  if (found.length === 0) return NO_DUPLICATES;
  const warnings = found.sort((left, right) => left.line - right.line).map(({ text }) => text);
  return { warnings, refusals: [`yaml: unmarshal errors:${warnings.map((text) => `\n  ${text}`).join("")}`] };
}
