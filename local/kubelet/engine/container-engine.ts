import { execFile } from "node:child_process";
import { messageOf } from "../../../base/index.ts";

/** A container engine of this machine that answers: docker or podman, whose command lines are alike. */
export interface ContainerEngine {
  /** Whose command line it is. A `docker` that is really podman says podman here. */
  readonly name: "docker" | "podman";
  /** What to start. */
  readonly program: string;
  readonly version: string;
  /** Runs without root: ids of containers are other ids of this machine. */
  readonly rootless: boolean;
  /** Which limits its kernel lets it set. */
  readonly limits: { readonly memory: boolean; readonly cpu: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface EngineAnswer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ASK_MS = 15_000;
const ANSWER_MAX = 16 * 2 ** 20;

/** Runs the engine's program to its end. Rejects when the program is not there. `timeoutMs` 0: as long as it takes. */
export function askEngine(
  { program, environment }: Pick<ContainerEngine, "program" | "environment">,
  args: readonly string[],
  { timeoutMs = 60_000, more = {} }: { readonly timeoutMs?: number; readonly more?: Readonly<Record<string, string>> } = {},
): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...environment, ...more }, timeout: timeoutMs, killSignal: "SIGKILL" as const, maxBuffer: ANSWER_MAX };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error && error.code === "ENOENT") return reject(new Error(`${program} is not on PATH`, { cause: error }));
      const late = error?.killed === true ? `${program} ${args[0] ?? ""} did not answer within ${timeoutMs / 1000} s` : "";
      resolve({ exitCode: error ? (typeof error.code === "number" ? error.code : 1) : 0, stdout, stderr: [late, stderr].filter(Boolean).join("\n") });
    });
  });
}

/** What went wrong, without what the program says around it. */
export function complaint({ stderr, stdout }: EngineAnswer): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !/^(time="|Trying to pull|WARN)/.test(line) && !/^See '.* --help'/.test(line));
  return (lines.at(-1) ?? (stderr.trim() || stdout.trim()))
    .replace(/^(Error( response from daemon)?|docker): ?/i, "")
    .replace(/^Error response from daemon: /, "")
    .replace(/^unable to start container "?[0-9a-f]{12,}"?: /, "");
}

export type EngineFound = { readonly engine: ContainerEngine } | { readonly problem: string };

/** Looks whether an engine is installed and answers. Never rejects; the problem is a sentence. */
export async function findContainerEngine(name: "docker" | "podman", environment: Readonly<Record<string, string | undefined>>): Promise<EngineFound> {
  try {
    const answer = await askEngine({ program: name, environment }, ["info", "--format", "{{json .}}"], { timeoutMs: ASK_MS });
    const facts = parsed(answer.stdout);
    if (!facts || answer.exitCode !== 0) return { problem: problemOf(name, answer, facts) };
    const engine = facts.host ? podman(name, environment, facts.host, facts.version) : docker(name, environment, facts);
    return engine.version === "" ? { problem: problemOf(name, answer, facts) } : { engine };
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}

/** As far as it is looked at. Docker writes capitals, podman does not. */
interface Info {
  readonly host?: { readonly cgroupControllers?: readonly string[] | null; readonly security?: { readonly rootless?: boolean } };
  readonly version?: { readonly Version?: string };
  readonly ServerVersion?: string;
  readonly ServerErrors?: readonly string[];
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly SecurityOptions?: readonly string[] | null;
}

function parsed(text: string): Info | undefined {
  try {
    return JSON.parse(text) as Info;
  } catch {
    return undefined;
  }
}

function podman(program: string, environment: ContainerEngine["environment"], host: NonNullable<Info["host"]>, version: Info["version"]): ContainerEngine {
  const controllers = host.cgroupControllers ?? [];
  return {
    name: "podman",
    program,
    version: version?.Version ?? "",
    rootless: host.security?.rootless === true,
    limits: { memory: controllers.includes("memory"), cpu: controllers.includes("cpu") },
    environment,
  };
}

function docker(program: string, environment: ContainerEngine["environment"], info: Info): ContainerEngine {
  return {
    name: "docker",
    program,
    version: info.ServerVersion ?? "",
    rootless: (info.SecurityOptions ?? []).some((option) => option.includes("rootless")),
    limits: { memory: info.MemoryLimit === true, cpu: info.CpuCfsQuota === true },
    environment,
  };
}

function problemOf(name: string, answer: EngineAnswer, facts: Info | undefined): string {
  return `${name} is installed and its engine does not answer: ${facts?.ServerErrors?.[0] ?? complaint(answer)}`;
}
