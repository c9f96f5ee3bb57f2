import { type Fields, isFields } from "../base/index.ts";
import type { Node } from "./node.ts";

/** A value with the fields of a map; everything else is left to validation. */
function define(target: Fields, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}

function fillFields(fields: Readonly<Record<string, Node>>, value: Fields): Fields {
  const filled: Fields = {};
  for (const [name, node] of Object.entries(fields)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given !== undefined && (given !== null || node.kind === "any")) define(filled, name, fillDefaults(node, given));
    else if (node.default !== undefined) define(filled, name, fillDefaults(node, node.default));
  }
  return filled;
}

/**
 * The value as the API server would store it: unknown fields dropped, null fields dropped (but not where any value may stand), absent ones with a default filled.
 * What has the wrong type is left as it is. The given value is not changed.
 */
export function fillDefaults(node: Node, value: unknown): unknown {
  switch (node.kind) {
    case "object":
      return isFields(value) ? fillFields(node.fields, value) : value;
    case "list":
      return Array.isArray(value) ? value.map((item) => fillDefaults(node.items, item)) : value;
    case "map": {
      if (!isFields(value)) return value;
      const filled: Fields = {};
      for (const [key, item] of Object.entries(value)) define(filled, key, fillDefaults(node.values, item));
      return filled;
    }
    default:
      return value;
  }
}
