import { input, output } from "./task.js";

const note = `node ${input("node")} failed: ${input("message").split("\n")[0]}`;
output("note", note);
console.log(note);
