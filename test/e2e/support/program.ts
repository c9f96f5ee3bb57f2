import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function packageRoot(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory))
    if (existsSync(join(directory, "package.json"))) return directory;
}

export const root = packageRoot();
const PROGRAM = join(root, "dist/bin/flyteops.js");
/** An error is better than a suite that hangs; nothing here takes nearly as long. */
const PATIENCE_MS = 40_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export interface Program {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Everything written so far, both streams as they came. */
  text(): string;
  /** Resolves with the match once what was written from `since` (a length of `text()`) on matches; rejects when the program ends first. */
  says(pattern: RegExp, since?: number): Promise<RegExpExecArray>;
  /** Signals the program and waits for its end. */
  stop(signal?: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<Ended>;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What a test's programs see of the developer's own settings: PATH and the language, no cluster, no home, no git identity. */
export function environment(home: string, more: Readonly<Record<string, string | undefined>> = {}): Record<string, string | undefined> {
  const { PATH, LANG, TMPDIR } = process.env;
  return { PATH, LANG, TMPDIR, HOME: home, NO_COLOR: "1", GIT_CONFIG_NOSYSTEM: "1", ...more };
}

function watched(child: ChildProcess, title: string): Program {
  const texts = { out: "", err: "", all: "" };
  const listeners = new Set<() => void>();
  const hear = (stream: "out" | "err") => (chunk: string) => {
    texts[stream] += chunk;
    texts.all += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout?.setEncoding("utf8").on("data", hear("out"));
  child.stderr?.setEncoding("utf8").on("data", hear("err"));
  let over = false;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      over = true;
      for (const listener of listeners) listener();
      resolve({ code, signal, out: texts.out, err: texts.err });
    });
  });
  const says = (pattern: RegExp, since = 0) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const end = (finish: () => void) => {
        listeners.delete(look);
        clearTimeout(timer);
        finish();
      };
      const fail = (why: string) => end(() => reject(new Error(`${title} ${why} ${String(pattern)}; it said:\n${texts.all.slice(since).slice(-4_000)}`)));
      const look = () => {
        const match = pattern.exec(texts.all.slice(since));
        if (match) end(() => resolve(match));
        else if (over) fail("ended without saying");
      };
      const timer = setTimeout(() => fail("did not say"), PATIENCE_MS);
      listeners.add(look);
      look();
    });
  return {
    pid: child.pid ?? 0,
    ended,
    text: () => texts.all,
    says,
    async stop(signal = "SIGINT") {
      if (!over) child.kill(signal);
      return ended;
    },
  };
}

/** Starts a program of the machine. */
export function start(program: string, args: readonly string[], options: ProgramOptions = {}): Program {
  const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
  return watched(child, `${program} ${args.slice(0, 3).join(" ")}`);
}

/** Starts `flyteops …` as a user does: the built program in a process of its own. */
export function startFlyteops(args: readonly string[], options: ProgramOptions = {}): Program {
  return start(process.execPath, [PROGRAM, ...args], options);
}

/** Runs `flyteops …` to its end; one that does not end is killed, which its exit code tells. */
export async function flyteops(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const program = startFlyteops(args, options);
  const impatience = setTimeout(() => void program.stop("SIGKILL"), PATIENCE_MS);
  return program.ended.finally(() => clearTimeout(impatience));
}

/** The end of a program whose exit code is the one expected; otherwise an error that shows what it said. */
export async function expectExit(code: number, running: Promise<Ended>): Promise<Ended> {
  const ended = await running;
  assert.equal(
    ended.code,
    code,
    `exit code ${ended.code} ${ended.signal ?? ""} instead of ${code}\n--- stdout\n${ended.out.slice(-2_000)}\n--- stderr\n${ended.err.slice(-2_000)}`,
  );
  return ended;
}
