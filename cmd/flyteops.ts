#!/usr/bin/env node
// One program, roles by its first argument. Each role is loaded only when asked for: a copilot starts twice per pod.
const [role, ...rest] = process.argv.slice(2);
if (role === "copilot") {
  const { runCopilot } = await import("./copilot.ts");
  process.exitCode = await runCopilot(rest);
} else {
  const { runCommandLine } = await import("./command-line.ts");
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
