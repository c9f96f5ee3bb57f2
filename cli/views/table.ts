import { printable } from "./paint.ts";

const cellText = (text: string): string => printable(text).replace(/[\t\n]+/g, " ");

/** Columns padded with spaces to the widest cell, three spaces apart, no trailing blanks; as kubectl prints. Control sequences in cells are made harmless. */
export function table(header: readonly string[], untrusted: readonly (readonly string[])[]): string {
  const rows = untrusted.map((cells) => cells.map(cellText));
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd();
  return [header, ...rows].map((cells) => `${line(cells)}\n`).join("");
}
