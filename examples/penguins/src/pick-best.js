import { inputList, output } from "./task.js";

const models = inputList("models");
const accuracies = inputList("accuracies").map(Number);
const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
const best = accuracies.indexOf(Math.max(...accuracies));

output("model", models[best]);
output("accuracy", String(mean));
console.log(`fold ${best} is best with ${(accuracies[best] * 100).toFixed(1)}%; mean ${(mean * 100).toFixed(1)}%`);
