import type { Row, Table } from "./benchmark.ts";

function cell(value: string | number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  if (typeof value === "string") return value;
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function widths(table: Table): number[] {
  return table.columns.map((column) => Math.max(column.length, ...table.rows.map((row) => cell(row[column]).length)));
}

function line(table: Table, cells: (column: string) => string, width: readonly number[], numeric: (column: string) => boolean): string {
  return table.columns
    .map((column, index) => (numeric(column) ? cells(column).padStart(width[index] ?? 0) : cells(column).padEnd(width[index] ?? 0)))
    .join("  ")
    .trimEnd();
}

/** A table as text; numbers to the right. */
export function printed(table: Table): string {
  const width = widths(table);
  const numeric = (column: string) => table.rows.some((row: Row) => typeof row[column] === "number");
  const rows = table.rows.map((row) => line(table, (column) => cell(row[column]), width, numeric));
  const head = line(table, (column) => column, width, numeric);
  return [table.title, head, head.replace(/./g, "-"), ...rows, ...(table.notes ?? []).map((note) => `  ${note}`), ""].join("\n");
}
