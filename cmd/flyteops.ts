#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands, runCli } from "../cli/index.ts";
import { registerUp } from "./register-up.ts";
import { systemClock, systemRandom, terminalOf } from "./system.ts";

/** The nearest package.json above this file is ours, bundled or not. */
function ownVersion(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { name?: string; version?: string };
      if (name === "flyteops" && version) return version;
    } catch {
      // Not here: look one directory further up.
    }
    if (dirname(directory) === directory) return "unknown";
  }
}

const interrupted = new AbortController();
let signals = 0;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    signals += 1;
    // The first asks for a clean stop; somebody who presses again means it.
    if (signals > 2) process.exit(130);
    interrupted.abort(name);
  });
}
// A reader that went away (`flyteops logs … | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await runCli(
  process.argv.slice(2),
  {
    clock: systemClock,
    random: systemRandom,
    out: terminalOf(process.stdout),
    err: terminalOf(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    signal: interrupted.signal,
    version: ownVersion(),
  },
  [...commands, registerUp],
);
