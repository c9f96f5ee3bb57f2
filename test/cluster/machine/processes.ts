import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onPath } from "../programs/build.ts";

/** A program that runs until it is stopped, with its output in a file. */
export interface Daemon {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Undefined while it runs. */
  ended(): string | undefined;
  stop(): Promise<void>;
}

/** How a program is started: as it is, or in namespaces. Answers command and arguments. */
export type Wrap = (program: string, args: readonly string[]) => readonly [string, readonly string[]];

export interface Daemons {
  /** Starts a program under a name that is also the one of its log. */
  start(name: string, program: string, args: readonly string[], options?: StartOptions): Daemon;
  /** Waits until `ready`; rejects with the end of the log when a program of ours ends before, or when it takes too long. */
  wait(what: string, ready: () => Promise<boolean> | boolean, withinMs?: number): Promise<void>;
  /** Stops everything, the last one first. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly wrap?: Wrap;
}

const LOOK_MS = 100;
const PATIENCE_MS = 90_000;
const LOG_END = 3_000;

export const directly: Wrap = (program, args) => [program, args];

/** Nothing that was started may outlive the one that started it, not even when that is killed. */
function mortal(command: string, args: readonly string[]): readonly [string, readonly string[]] {
  const setpriv = process.platform === "linux" ? onPath("setpriv") : undefined;
  return setpriv ? [setpriv, ["--pdeathsig", "KILL", "--", command, ...args]] : [command, args];
}

function daemonOf(name: string, child: ChildProcess, log: string): Daemon {
  let end: string | undefined;
  const over = new Promise<void>((resolve) => {
    child.on("error", (cause) => {
      end = cause.message;
      resolve();
    });
    child.on("exit", (code, signal) => {
      end = `exit code ${code ?? signal}`;
      resolve();
    });
  });
  return {
    name,
    pid: child.pid ?? 0,
    log,
    ended: () => end,
    async stop() {
      if (end !== undefined) return;
      // Nothing that a cluster of tests holds is worth saving, and some of its programs take their time to end.
      child.kill("SIGKILL");
      await over;
    },
  };
}

export const logEnd = (log: string): string => (existsSync(log) ? readFileSync(log, "utf8").slice(-LOG_END) : "");

/** The programs of one cluster. Their logs go to `logs`, one file each. */
export function daemons(logs: string): Daemons {
  const running: Daemon[] = [];
  const fallen = () => running.find((daemon) => daemon.ended() !== undefined);
  return {
    start(name, program, args, { env, cwd, wrap = directly } = {}) {
      const log = join(logs, `${name}.log`);
      const output = openSync(log, "a");
      const child = spawn(...mutable(mortal(...wrap(program, args))), { cwd, env: { ...process.env, ...env }, stdio: ["ignore", output, output] });
      closeSync(output);
      const daemon = daemonOf(name, child, log);
      running.push(daemon);
      return daemon;
    },
    async wait(what, ready, withinMs = PATIENCE_MS) {
      const until = performance.now() + withinMs;
      for (;;) {
        if (await Promise.resolve(ready()).catch(() => false)) return;
        const dead = fallen();
        if (dead) throw new Error(`${what}: ${dead.name} has ended (${dead.ended()}):\n${logEnd(dead.log)}`);
        if (performance.now() > until) throw new Error(`${what}: not within ${withinMs / 1_000} s; logs are in ${logs}`);
        await pause(LOOK_MS);
      }
    },
    async stop() {
      for (const daemon of running.splice(0).reverse()) await daemon.stop();
    },
  };
}

const mutable = ([command, args]: readonly [string, readonly string[]]): [string, string[]] => [command, [...args]];
