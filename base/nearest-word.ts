/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function distance(left: string, right: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const current = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      let best = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}

const plain = (word: string) => word.toLowerCase().replace(/[-_]/g, "");

/** Longer words are not compared: the work grows with the product of the lengths. */
const MAX_LENGTH = 256;
const MAX_EDITS = 3;

/** The known word that a misspelled one probably means, if any is near: a third of its letters may be wrong, three at most. The first wins a tie. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const meant = plain(word);
  let nearest: string | undefined;
  let limit = Math.min(MAX_EDITS, Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const candidate of known) {
    const other = plain(candidate);
    if (Math.abs(other.length - meant.length) >= limit) continue;
    const edits = distance(meant, other);
    if (edits < limit) [nearest, limit] = [candidate, edits];
  }
  return nearest;
}

/** `; did you mean x?` for the end of a sentence, or nothing when no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearestWord(word, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}
