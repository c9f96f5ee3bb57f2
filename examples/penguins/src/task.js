// The whole of what a task needs to know: inputs are files in one directory, outputs are files in another.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const inputs = process.env.FLYTEOPS_INPUTS;
const outputs = process.env.FLYTEOPS_OUTPUTS;

export const input = (name) => readFileSync(join(inputs, name), "utf8");

/** The elements of a list input, in order: the entries of its directory are named 0, 1, 2, … */
export function inputList(name) {
  const directory = join(inputs, name);
  return readdirSync(directory)
    .sort((a, b) => Number(a) - Number(b))
    .map((entry) => readFileSync(join(directory, entry), "utf8"));
}

export function output(name, text) {
  const path = join(outputs, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

/** Shown as progress by `flyteops tree`. */
export function progress(text) {
  if (process.env.FLYTEOPS_PROGRESS) writeFileSync(process.env.FLYTEOPS_PROGRESS, text);
}

export function parseCsv(text) {
  const [header, ...lines] = text.trim().split(/\r?\n/);
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((field, index) => [names[index], field])));
}

export function printCsv(rows) {
  const names = Object.keys(rows[0]);
  return [names.join(","), ...rows.map((row) => names.map((name) => row[name]).join(","))].join("\n") + "\n";
}
