#!/usr/bin/env node
// One program, roles by its first argument. Each role is loaded only when asked for: a copilot starts twice per pod.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

async function main(argv: readonly string[]): Promise<number> {
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`flyteops needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath})\n`);
    return 1;
  }
  if (argv[0] === "copilot") return (await import("./copilot.ts")).runCopilot(argv.slice(1));
  return (await import("./command-line.ts")).runCommandLine(argv);
}

// No await at the top level: modules that a role loads later may share a bundle with this one, and would wait for it for ever.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
