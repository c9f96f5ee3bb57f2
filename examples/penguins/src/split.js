import { input, output, parseCsv, printCsv } from "./task.js";

const MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"];
const folds = Number(input("folds"));
let state = Number(input("seed"));

/** A small repeatable generator: the same seed gives the same folds on every machine. */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
}

const rows = parseCsv(input("dataset")).filter((row) => MEASURES.every((measure) => row[measure] !== "NA"));
for (let last = rows.length - 1; last > 0; last--) {
  const other = Math.floor(random() * (last + 1));
  [rows[last], rows[other]] = [rows[other], rows[last]];
}

for (let fold = 0; fold < folds; fold++) {
  const part = rows.map((row, index) => ({ set: index % folds === fold ? "test" : "train", ...row }));
  output(`parts/${fold}`, printCsv(part));
}
console.log(`${rows.length} penguins with all measurements, ${folds} folds`);
