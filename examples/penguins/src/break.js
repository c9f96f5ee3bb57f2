import { inputList } from "./task.js";

const code = Number(process.argv[2]);
console.log(`got ${inputList("parts").length} parts`);
console.error(`breaking on purpose with exit code ${code}`);
process.exit(code);
