import { spawn } from "node:child_process";
import { simpleGit } from "simple-git";
import type { Clock } from "../../base/index.ts";
import { RetryableFailure } from "../../base/index.ts";

export interface CommandLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Added to the environment of the process, for this call only. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export interface CommandDeps {
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** Runs `work` with a signal that aborts on the caller's signal or after the time limit; a time limit that passed becomes GitTimeout. */
async function limited<T>(deps: CommandDeps, limits: CommandLimits, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timedOut = false;
  const cancel = deps.clock.after(limits.timeoutMs, () => {
    timedOut = true;
    controller.abort();
  });
  const stop = () => controller.abort();
  if (limits.signal?.aborted) stop();
  limits.signal?.addEventListener("abort", stop, { once: true });
  try {
    return await work(controller.signal);
  } catch (thrown) {
    if (timedOut) throw new RetryableFailure("GitTimeout", `git ${what} took longer than ${limits.timeoutMs / 1000} s and was stopped`, { cause: thrown });
    if (limits.signal?.aborted) throw new RetryableFailure("Stopped", `git ${what} was stopped`, { cause: thrown });
    throw thrown;
  } finally {
    cancel();
    limits.signal?.removeEventListener("abort", stop);
  }
}

/** Runs git in `cwd` and answers its standard output. Rejects with git's own words when it exits with another code than 0. */
export function gitText(deps: CommandDeps, cwd: string, args: readonly string[], limits: CommandLimits): Promise<string> {
  const env = { ...deps.env, ...limits.environment };
  return limited(deps, limits, args[0] ?? "", (signal) =>
    simpleGit({
      baseDir: cwd,
      abort: signal,
      allowEnvironment: Object.keys(env),
      // The environment is ours alone: nothing in it comes from a repository or from the machine's user.
      unsafe: { allowUnsafeConfigPaths: true, allowUnsafeConfigEnvCount: true, allowUnsafeSshCommand: true },
      errors: (error, result) => (result.exitCode === 0 ? undefined : (error ?? Buffer.from(`git exited with ${result.exitCode}`))),
    })
      .env(env)
      .raw([...args]),
  );
}

/** Like `gitText` for output that is not text (file names are bytes), with a limit on its size. */
export function gitBytes(deps: CommandDeps, cwd: string, args: readonly string[], maxBytes: number, limits: CommandLimits): Promise<Buffer> {
  return limited(deps, limits, args[0] ?? "", async (signal) => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of gitStream(deps, cwd, args, signal)) {
      size += chunk.length;
      if (size > maxBytes) throw new RetryableFailure("RepositoryTooLarge", `git ${args[0]} printed more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  });
}

/** Standard output of git in pieces; throws git's words at the end when it failed. Leaving the loop early ends the process. */
export async function* gitStream(deps: CommandDeps, cwd: string, args: readonly string[], signal?: AbortSignal): AsyncGenerator<Buffer> {
  const child = spawn("git", [...args], { cwd, env: { ...deps.env }, stdio: ["ignore", "pipe", "pipe"], ...(signal ? { signal } : {}) });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-8192);
  });
  const closed = new Promise<number | Error>((resolve) => {
    child.once("error", (error) => resolve(error));
    child.once("close", (code) => resolve(code ?? -1));
  });
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const code = await closed;
    if (code instanceof Error) throw code;
    if (code !== 0) throw new Error(words || `git exited with ${code}`);
  } finally {
    child.kill("SIGKILL");
  }
}
