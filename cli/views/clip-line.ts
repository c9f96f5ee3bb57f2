const COLOUR = /\u001b\[\d*m/y;
const RESET = "\u001b[0m";

/** Cuts a line to so many columns, one per character; colours take none and end where the line is cut. 0 columns: as it is. */
export function clipLine(line: string, columns: number): string {
  if (columns <= 0) return line;
  let kept = "";
  let used = 0;
  let coloured = false;
  for (let at = 0; at < line.length;) {
    COLOUR.lastIndex = at;
    const colour = COLOUR.exec(line)?.[0];
    const piece = colour ?? String.fromCodePoint(line.codePointAt(at) ?? 0);
    if (colour === undefined && ++used === columns && hasMore(line, at + piece.length)) return `${kept}…${coloured ? RESET : ""}`;
    if (colour !== undefined) coloured = colour !== RESET;
    kept += piece;
    at += piece.length;
  }
  return kept;
}

const hasMore = (line: string, at: number): boolean => line.slice(at).replace(/\u001b\[\d*m/g, "") !== "";
