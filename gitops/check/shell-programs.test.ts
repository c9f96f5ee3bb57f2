import assert from "node:assert/strict";
import { shellProgramWarnings } from "./shell-programs.ts";

const task = (command: string[], args: string[] = []) => ({
  apiVersion: "flyte.org/v1",
  kind: "Task",
  metadata: { name: "t" },
  spec: { inputs: { name: "string", more: { type: "string", default: "x" }, rate: "float", data: "file<csv>" }, container: { command, args } },
});
const found = (command: string[], args?: string[]) =>
  shellProgramWarnings(task(command, args)).map(({ path, message }) => `${path.slice(2).join(".")} ${message.split(" ")[3]}`);

describe("an input inside a program", () => {
  const cases: Readonly<Record<string, readonly [command: string[], args: string[] | undefined, wanted: string[]]>> = {
    "is named, wherever the program stands": [["sh", "-c"], ["echo {{.inputs.name}} {{ .inputs.more }}"], ["args.0 name", "args.0 more"]],
    "is found behind several options and a path": [["/bin/bash", "-e", "-xc", "echo {{.inputs.name}}"], undefined, ["command.3 name"]],
    "is found in other interpreters": [["python3", "-c", "print('{{.inputs.name}}')"], undefined, ["command.2 name"]],
    "is left alone as an argument of its own": [["sh", "-c", 'echo "$1"', "--", "{{.inputs.name}}"], undefined, []],
    "is left alone when it is a number or a path": [["sh", "-c", "head -n {{.inputs.rate}} {{.inputs.data}}"], undefined, []],
    "is left alone where nothing interprets": [["echo", "-c", "{{.inputs.name}}"], undefined, []],
  };
  for (const [what, [command, args, wanted]] of Object.entries(cases)) it(what, () => assert.deepEqual(found(command, args), wanted));
});
