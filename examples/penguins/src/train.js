import { parseArgs } from "node:util";
import { input, output, parseCsv, printCsv, progress } from "./task.js";

const { values } = parseArgs({ options: { rate: { type: "string" }, epochs: { type: "string" } } });
const rate = Number(values.rate);
const epochs = Number(values.epochs);

const MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"];
const rows = parseCsv(input("fold"));
const train = rows.filter((row) => row.set === "train");
const test = rows.filter((row) => row.set === "test");
const species = [...new Set(rows.map((row) => row.species))].sort();

// Measurements are in millimetres and grams: bring each to mean 0 and deviation 1 as the training rows have it.
const scale = MEASURES.map((measure) => {
  const column = train.map((row) => Number(row[measure]));
  const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
  const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length);
  return { mean, deviation };
});
const features = (row) => [1, ...MEASURES.map((measure, i) => (Number(row[measure]) - scale[i].mean) / scale[i].deviation)];

function softmax(scores) {
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
const weights = species.map(() => new Array(MEASURES.length + 1).fill(0));
const chances = (x) => softmax(weights.map((row) => row.reduce((sum, weight, i) => sum + weight * x[i], 0)));

const samples = train.map((row) => ({ x: features(row), target: species.indexOf(row.species) }));
for (let epoch = 1; epoch <= epochs; epoch++) {
  const gradient = weights.map((row) => row.map(() => 0));
  for (const { x, target } of samples) {
    chances(x).forEach((chance, k) => x.forEach((value, i) => (gradient[k][i] += (chance - (k === target ? 1 : 0)) * value)));
  }
  weights.forEach((row, k) => row.forEach((_, i) => (row[i] -= (rate * gradient[k][i]) / samples.length)));
  if (epoch % 50 === 0) progress(`${epoch}/${epochs} epochs`);
}

const predictions = test.map((row) => {
  const chance = chances(features(row));
  const best = chance.indexOf(Math.max(...chance));
  return { ...row, predicted: species[best], confidence: chance[best].toFixed(4) };
});
const right = predictions.filter((row) => row.predicted === row.species).length;
const accuracy = right / test.length;

output("model", JSON.stringify({ species, measures: MEASURES, scale, weights, accuracy }, null, 2) + "\n");
output("accuracy", String(accuracy));
output("predictions", printCsv(predictions));
console.log(`trained on ${train.length}, right on ${right} of ${test.length} held out (${(accuracy * 100).toFixed(1)}%)`);
