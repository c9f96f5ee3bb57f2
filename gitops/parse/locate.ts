import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node } from "yaml";
import type { Position } from "../problem.ts";
import { positionAt, yamlDocuments } from "./parse-file.ts";

/** Finds lines and columns in one YAML text. The text is parsed when the first position is asked for. */
export interface Locator {
  /** Position of the value at `path` of a document; `of: "key"` asks for the key. A path that is not there answers for the deepest part that is. */
  locate(documentIndex: number, path: readonly (string | number)[], of?: "key" | "value"): Position;
}

export function locator(bytes: Uint8Array): Locator {
  const lines = new LineCounter();
  let documents: ReturnType<typeof yamlDocuments>;
  return {
    locate(documentIndex, path, of = "value") {
      documents ??= yamlDocuments(
        Buffer.from(bytes)
          .toString("utf8")
          .replace(/^\ufeff/, ""),
        lines,
      );
      const document = documents?.[documentIndex];
      if (!document) return { line: 1, column: 1 };
      const anchored = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
      return positionAt(lines, descend(document.contents, path, of, anchored) ?? 0);
    },
  };
}

function descend(root: unknown, path: readonly (string | number)[], of: "key" | "value", resolve: (node: unknown) => unknown): number | undefined {
  let node = resolve(root);
  let offset = (node as Node | null)?.range?.[0];
  for (const [depth, step] of path.entries()) {
    const found = child(node, step);
    if (!found) return offset;
    const last = depth === path.length - 1;
    offset = last && of === "key" ? found.key : (found.value?.range?.[0] ?? found.key);
    node = resolve(found.value);
  }
  return offset;
}

function child(node: unknown, step: string | number): { key: number; value: Node | null } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.source ?? key.value) === String(step));
    return pair && isScalar(pair.key) ? { key: pair.key.range?.[0] ?? 0, value: pair.value as Node | null } : undefined;
  }
  const item = isSeq(node) && typeof step === "number" ? (node.items[step] as Node | undefined) : undefined;
  return item ? { key: item.range?.[0] ?? 0, value: item } : undefined;
}
