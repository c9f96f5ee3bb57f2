import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "../../base/index.ts";
import type { Output } from "./container-runtime.ts";
import { LaunchFailed } from "./runtime-errors.ts";
import { killTree, type ProcessReaper, readOrNothing, sendSignal } from "./process-reaper.ts";
import type { Launch } from "./sandbox.ts";

export interface ProcessExit {
  /** As a shell counts: 128 + signal for a process ended by a signal. */
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
}

export interface RunningProcess {
  /** The first process of the container, as the host counts. */
  readonly pid: number;
  /** The process we started: the launcher where there is one, else the same. */
  readonly leader: number;
  readonly exited: Promise<ProcessExit>;
  /** To the first process only, as Kubernetes does. */
  signal(name: NodeJS.Signals): void;
  /** SIGKILL to everything of the container. */
  kill(): void;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

/** What stays open after the process itself has gone belongs to a daemon of its own; its output is not waited for longer than this. */
const DRAIN_MS = 100;
const DRAIN_ROUNDS = 20;

/** A program this young may still be about to install its handler: a signal without one is held back that long. */
const YOUTH_MS = 2_000;
const YOUTH_POLL_MS = 20;

export interface SpawnDeps {
  readonly reaper: ProcessReaper;
  readonly clock: Clock;
}

/** Starts a process in its own session and process group. Resolves once the user's program is about to run; rejects with LaunchFailed. */
export async function spawnProcess(launch: Launch, env: Readonly<Record<string, string>>, output: Output, deps: SpawnDeps): Promise<RunningProcess> {
  const child = spawn(launch.command, launch.args, {
    cwd: launch.cwd,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", ...(launch.reports ? (["pipe"] as const) : [])],
  });
  const { pid } = child;
  if (pid === undefined) return failedSpawn(child);
  deps.reaper.track(pid);
  child.stdout?.on("data", (chunk: Buffer) => output.stdout(chunk));
  const errors = (launch.reports ? child.stdio[3] : child.stderr) as Readable;
  errors.on("data", (chunk: Buffer) => output.stderr(chunk));
  const launcher = launch.reports && child.stderr ? launcherReport(child.stderr) : undefined;
  const exited = exitOf(child, pid, deps).then((exit) => (exit.exitCode === 1 && launcher?.lostChild() ? signalExit("SIGKILL") : exit));
  const report = (await launcher?.started) ?? { pid, problem: undefined };
  if (report.problem !== undefined) {
    killTree(pid, "SIGKILL");
    await exited;
    throw new LaunchFailed(report.problem);
  }
  let stoodInFor: NodeJS.Signals | undefined;
  let gone = false;
  void exited.then(() => (gone = true));
  const startedAt = deps.clock.now();
  const signal = (name: NodeJS.Signals): void => {
    if (gone) return;
    if (!hasDefaultEffect(report.pid, name)) return void sendSignal(report.pid, name);
    if (deps.clock.now() - startedAt < YOUTH_MS) return void deps.clock.after(YOUTH_POLL_MS, () => signal(name));
    if (report.pid === pid) return void sendSignal(pid, name);
    stoodInFor = name;
    sendSignal(report.pid, "SIGKILL");
  };
  return {
    pid: report.pid,
    leader: pid,
    exited: exited.then((exit) => (stoodInFor && exit.signal === "SIGKILL" ? signalExit(stoodInFor) : exit)),
    signal,
    kill: () => killTree(pid, "SIGKILL"),
  };
}

function failedSpawn(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => child.on("error", (cause) => reject(new LaunchFailed(cause.message, { cause }))));
}

function exitOf(child: ChildProcess, pid: number, { reaper, clock }: SpawnDeps): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      sendSignal(-pid, "SIGKILL"); // what the program left behind in its process group ends with it
      reaper.untrack(pid);
      whenDrained(child, clock, () => resolve(signal ? signalExit(signal) : { exitCode: code ?? 0 }));
    });
  });
}

/** Calls `done` when every pipe is closed, or when one that a daemon keeps open has been silent for a whole round. */
function whenDrained(child: ChildProcess, clock: Clock, done: () => void): void {
  let heard = true; // the first round may have passed while this program was busy: only a second one says anything
  for (const stream of child.stdio) stream?.on("data", () => (heard = true));
  const round = (left: number) => clock.after(DRAIN_MS, () => (heard && left > 0 ? again(left) : finish()));
  const again = (left: number) => {
    heard = false;
    cancel = round(left - 1);
  };
  const finish = () => {
    cancel();
    child.off("close", finish);
    for (const stream of child.stdio) stream?.destroy();
    done();
  };
  child.on("close", finish);
  let cancel = round(DRAIN_ROUNDS);
}

interface LauncherReport {
  readonly started: Promise<{ pid: number; problem: string | undefined }>;
  /** unshare of util-linux 2.38 answers a SIGKILL of its child with exit code 1 and a complaint of its own. */
  lostChild(): boolean;
}

/** `pid N`, then `ready`; anything else before that is what went wrong. */
function launcherReport(pipe: Readable): LauncherReport {
  const decoder = new StringDecoder();
  let text = "";
  const started = new Promise<{ pid: number; problem: string | undefined }>((resolve) => {
    const settle = () => {
      const ready = /^ready$/m.test(text);
      const rest = text.replace(/^(pid \d+|ready)$/gm, "").trim();
      const problem = ready ? undefined : rest || "the container's file system could not be set up";
      resolve({ pid: Number(/^pid (\d+)$/m.exec(text)?.[1] ?? 0), problem });
    };
    pipe.on("data", (chunk: Buffer) => {
      text += decoder.write(chunk);
      if (/^ready$/m.test(text)) settle();
    });
    pipe.on("close", settle);
    pipe.on("error", settle);
  });
  return { started, lostChild: () => /^unshare: /m.test(text) };
}

const signalExit = (signal: NodeJS.Signals): ProcessExit => ({ exitCode: 128 + (SIGNAL_NUMBERS[signal] ?? 0), signal });

/**
 * Whether a process has neither a handler for the signal nor ignores it. The first process of a pid namespace is not ended
 * by such a signal; programs expect the ordinary effect (as under an init process, or in a pod with a shared process
 * namespace), so the caller stands in for the kernel. Unknown (no /proc) counts as no.
 */
function hasDefaultEffect(pid: number, signal: NodeJS.Signals): boolean {
  const status = readOrNothing(`/proc/${pid}/status`);
  if (status === undefined) return false;
  const bit = 1n << BigInt((SIGNAL_NUMBERS[signal] ?? 1) - 1);
  const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, "m").exec(status)?.[1] ?? "0"}`);
  return (mask("SigCgt") & bit) === 0n && (mask("SigIgn") & bit) === 0n;
}
