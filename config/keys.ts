import { didYouMean } from "../base/index.ts";
import { configSchema } from "./schema.ts";

export type Node = typeof configSchema.node;

/** One value that somebody wrote, with the place where: `config.yaml:3`, an environment variable, a flag. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly source: string;
}

/** Keys are compared without case, `-` and `_`: Flyte's keys are case-insensitive, and an environment variable can hold no `-`. */
const plain = (key: string): string => key.toLowerCase().replace(/[-_]/g, "");

/** The key as the schema spells it, or as it was written when the schema has none like it. */
function spelled(fields: Readonly<Record<string, Node>>, written: string): string {
  return Object.keys(fields).find((name) => plain(name) === plain(written)) ?? written;
}

/** A path in the schema's spelling, and its node; the node is undefined below an unknown key. Below a map every key is as written. */
export function locate(written: readonly string[]): { readonly path: readonly string[]; readonly node: Node | undefined } {
  const path: string[] = [];
  let node: Node | undefined = configSchema.node;
  for (const step of written) {
    const name: string = node?.kind === "object" ? spelled(node.fields, step) : step;
    node = node?.kind === "object" ? node.fields[name] : node?.kind === "map" ? node.values : undefined;
    path.push(name);
  }
  return { path, node };
}

/** Paths of all keys that hold a value, in the order of the schema. */
export function leafPaths(node: Node = configSchema.node, path: readonly string[] = []): (readonly string[])[] {
  if (node.kind !== "object") return [path];
  return Object.entries(node.fields).flatMap(([name, field]) => leafPaths(field, [...path, name]));
}

/** `; did you mean logger.level?` for a dotted key that does not exist. */
export function meantKey(written: readonly string[]): string {
  return didYouMean(
    written.join("."),
    leafPaths().map((path) => path.join(".")),
  );
}
