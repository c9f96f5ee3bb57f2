import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import type { ExecRequest } from "./container-runtime.ts";
import { LaunchFailed } from "./runtime-errors.ts";
import { sendSignal } from "./process-reaper.ts";
import { inTerminal } from "./pseudo-terminal.ts";

/** A program of this machine that does the work of an exec. */
export interface Command {
  /** A program that runs all of it, and makes no difference to its streams: the terminal is made within. */
  readonly outside?: readonly string[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Runs a command of this machine with its streams attached. Resolves with its exit code, 128 + signal as a shell counts. Rejects with LaunchFailed. */
export async function runAttached(command: Command, request: Omit<ExecRequest, "command">): Promise<number> {
  if (!request.terminal) return await attached(command, request);
  const terminal = inTerminal(command.argv, request.terminal);
  try {
    return await attached({ ...command, argv: terminal.argv, env: { TERM: "xterm", ...command.env, SHELL: "/bin/sh" } }, request);
  } finally {
    terminal.close();
  }
}

function attached({ outside = [], argv, env, cwd }: Command, { stdin, output, signal }: Omit<ExecRequest, "command">): Promise<number> {
  const [file = "", ...args] = [...outside, ...argv];
  const child = spawn(file, args, { env, cwd, detached: true, stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"] });
  // The whole group: the program that enters a container waits for a child in it.
  const end = () => void (child.pid !== undefined && sendSignal(-child.pid, "SIGKILL"));
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  hand(child.stdout, output.stdout);
  hand(child.stderr, output.stderr);
  if (stdin) void feed(child, stdin);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      signal.removeEventListener("abort", end);
      act();
    };
    child.on("error", (cause) => settle(() => reject(new LaunchFailed(cause.message, { cause }))));
    child.on("close", (code, name) => settle(() => resolve(name === null ? (code ?? 0) : 128 + constants.signals[name])));
  });
}

function hand(from: Readable | null, to: (chunk: Uint8Array) => void | Promise<void>): void {
  from?.on("data", (chunk: Buffer) => {
    const wait = to(chunk);
    if (!wait) return;
    from.pause();
    void wait.finally(() => from.resume());
  });
}

/** A command that no longer reads is no error of ours. */
async function feed(child: ChildProcess, source: AsyncIterable<Uint8Array>): Promise<void> {
  const { stdin } = child;
  if (!stdin) return;
  stdin.on("error", () => undefined);
  try {
    for await (const chunk of source) {
      if (stdin.destroyed) return;
      if (!stdin.write(chunk)) await drainedOrGone(stdin);
    }
  } finally {
    stdin.end();
  }
}

function drainedOrGone(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      stdin.off("drain", settle).off("close", settle);
      resolve();
    };
    stdin.on("drain", settle).on("close", settle);
  });
}
