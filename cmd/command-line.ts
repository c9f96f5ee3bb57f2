import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands, runCli } from "../cli/index.ts";
import { registerApi } from "./register-api.ts";
import { registerInstallation } from "./register-installation.ts";
import { registerController } from "./register-controller.ts";
import { registerUp } from "./register-up.ts";
import { systemClock, systemRandom, terminalOf } from "./system.ts";

/** The nearest package.json above this file is ours, bundled or not. */
export function ownVersion(): string {
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

/** Aborts at the first SIGINT or SIGTERM; somebody who presses a third time means it. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  let signals = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      signals += 1;
      if (signals > 2) process.exit(130);
      interrupted.abort(name);
    });
  }
  return interrupted.signal;
}

/** Runs one command line; resolves with its exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  // A reader that went away (`flyteops logs … | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  return runCli(
    argv,
    {
      clock: systemClock,
      random: systemRandom,
      out: terminalOf(process.stdout),
      err: terminalOf(process.stderr),
      env: process.env,
      cwd: process.cwd(),
      signal: interruption(),
      version: ownVersion(),
      installationNeeds: async () => (await import("./installation-needs.ts")).installationNeeds,
    },
    [...commands, registerInstallation, registerController, registerApi, registerUp],
  );
}
