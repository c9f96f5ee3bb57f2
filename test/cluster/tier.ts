import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemons, daemons } from "./machine/processes.ts";

export type TierName = "api" | "node";

/** A cluster that runs, and what its suites are told of it. */
export interface Tier {
  readonly name: TierName;
  readonly kubeconfig: string;
  /** Variables of the suites beside KUBECONFIG. */
  readonly environment: Readonly<Record<string, string>>;
  /** Directories whose programs the suites find first, e.g. the cluster's own kubectl. */
  readonly path: readonly string[];
  stop(): Promise<void>;
}

/** A place for everything that one cluster writes, and its programs. */
export interface Ground {
  readonly directory: string;
  readonly logs: string;
  readonly daemons: Daemons;
  /** Called when the cluster stops, the last one first, after all programs have ended. */
  defer(end: () => Promise<void> | void): void;
  /** Ends everything and deletes the directory, or keeps it for whoever wants to read the logs. */
  clear(keep: boolean): Promise<void>;
}

export function newGround(name: TierName): Ground {
  const directory = mkdtempSync(join(tmpdir(), `flyteops-${name}-`));
  const logs = join(directory, "logs");
  mkdirSync(logs);
  const programs = daemons(logs);
  const ends: (() => Promise<void> | void)[] = [];
  return {
    directory,
    logs,
    daemons: programs,
    defer: (end) => void ends.push(end),
    async clear(keep) {
      await programs.stop();
      for (const end of ends.splice(0).reverse()) await end();
      if (!keep) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
