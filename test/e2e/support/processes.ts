import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Whether this machine tells about its processes in files. */
export const processesAreVisible = existsSync("/proc/self/cmdline");

export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** Living processes whose command line holds the text. The tests' programs have their bench's mark in theirs. */
export function processesWith(text: string): Process[] {
  const found: Process[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      if (command.includes(text) && Number(entry) !== process.pid) found.push({ pid: Number(entry), command });
    } catch {
      // Ended between the listing and the look.
    }
  }
  return found;
}
