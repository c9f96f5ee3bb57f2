import { input, inputList, output, parseCsv } from "./task.js";
import { drawPlot } from "./plot.js";

const accuracies = inputList("accuracies").map(Number);
const predictions = inputList("predictions").flatMap(parseCsv);
const measured = parseCsv(input("dataset"));
const species = [...new Set(measured.map((row) => row.species))].sort();
const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;

const confusion = Object.fromEntries(species.map((actual) => [actual, Object.fromEntries(species.map((told) => [told, 0]))]));
for (const row of predictions) confusion[row.species][row.predicted] += 1;
const mistakes = predictions.filter((row) => row.species !== row.predicted);

const plot = drawPlot({ predictions, species, accuracies, mean });
output("summary", JSON.stringify({ penguins: measured.length, used: predictions.length, accuracy: mean, accuracies, confusion }, null, 2) + "\n");
output("plot", plot);

const cell = (value) => `<td>${value}</td>`;
const table = [
  `<tr><th>is \\ told</th>${species.map((told) => `<th>${told}</th>`).join("")}</tr>`,
  ...species.map((actual) => `<tr><th>${actual}</th>${species.map((told) => cell(confusion[actual][told])).join("")}</tr>`),
].join("\n");
output(
  "page",
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Penguins</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
  table { border-collapse: collapse; } th, td { padding: .3rem .8rem; border-bottom: 1px solid #ddd; text-align: right; }
  svg { max-width: 100%; height: auto; }
</style>
<h1>Telling penguins apart</h1>
<p>${predictions.length} of ${measured.length} penguins have all four measurements. Each was told by a model that had not seen it:
${predictions.length - mistakes.length} right, ${mistakes.length} wrong, mean accuracy ${(mean * 100).toFixed(1)}% over ${accuracies.length} folds.</p>
${plot}
<h2>Which was taken for which</h2>
<table>${table}</table>
</html>
`,
);
console.log(`${mistakes.length} mistakes among ${predictions.length}; mean accuracy ${(mean * 100).toFixed(1)}%`);
