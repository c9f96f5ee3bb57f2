import { spawn } from "node:child_process";
import type { ContainerEngine } from "./container-engine.ts";

/** Waits until this program is gone and then removes the containers it leaves; `done` on its input lets them be. */
const WATCHDOG = `while read -r word; do [ "$word" != done ] || exit 0; done
ids=$("$0" ps --all --quiet --filter "label=$1")
[ -z "$ids" ] || "$0" rm --force --volumes $ids`;

export interface EngineWatchdog {
  close(): void;
}

/** Sees to it that no container with the label outlives this program, however it ends. */
export function engineWatchdog({ program, environment }: ContainerEngine, label: string): EngineWatchdog {
  const watchdog = spawn("/bin/sh", ["-c", WATCHDOG, program, label], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: { ...environment },
  });
  // One that is lost is made up for by the next start, which removes leftovers.
  watchdog.on("error", () => undefined);
  watchdog.stdin.on("error", () => undefined);
  watchdog.unref();
  (watchdog.stdin as unknown as { unref?: () => void }).unref?.();
  return { close: () => void watchdog.stdin.end("done\n") };
}
