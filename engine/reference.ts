import { parsePath } from "../values/index.ts";

/** `nodes.split.outputs.parts[0]` as its segments. */
export type Reference = readonly (string | number)[];

/** Reads the text of a `from:`. */
export function parseReference(text: string): Reference | { readonly problem: string } {
  const segments = parsePath(text);
  return "kind" in segments ? { problem: `${segments.message} (at character ${segments.position + 1} of ${text})` } : segments;
}

/** A reference, or the beginning of one, as people write it. */
export function printReference(segments: Reference): string {
  return segments
    .map((segment, at) => {
      if (typeof segment === "number") return `[${segment}]`;
      if (at === 0) return segment;
      return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
    })
    .join("");
}
