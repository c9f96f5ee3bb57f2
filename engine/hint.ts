import { didYouMean } from "../base/index.ts";

const SHOWN = 8;

/** `; did you mean split?`, or what there is, or nothing when there is nothing. */
export function hint(word: string, known: readonly string[]): string {
  const meant = didYouMean(word, known);
  if (meant !== "" || known.length === 0) return meant;
  return `; there is ${known.slice(0, SHOWN).join(", ")}${known.length > SHOWN ? `, … (${known.length})` : ""}`;
}
