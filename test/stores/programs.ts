import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const BUILD_MS = 15 * 60_000;

/** The servers, by version. They are no dependency of the product and never in its install. */
const GO_PROGRAMS = {
  versitygw: "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
  "fake-gcs-server": "github.com/fsouza/fake-gcs-server@v1.56.1",
} as const;
const NPM_PACKAGES = { azurite: "3.35.0" } as const;

/** Why a server cannot run on this machine, in one sentence. */
export class CannotRun extends Error {}

/** Where servers are kept between runs. */
export function cacheDirectory(): string {
  const directory = process.env["FLYTEOPS_STORES_CACHE"] ?? join(homedir(), ".cache", "flyteops", "stores");
  mkdirSync(directory, { recursive: true });
  return directory;
}

function build(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }): void {
  const { status, stderr, error } = spawnSync(command, args, { ...options, timeout: BUILD_MS, encoding: "utf8" });
  if (status === 0) return;
  const last = (error?.message ?? stderr).trim().split("\n").at(-1) ?? "";
  throw new CannotRun(`${command} ${args.join(" ")} failed: ${last}`);
}

/** Go, also where it was unpacked and nobody put it on PATH. */
function goCommand(): string {
  const usual = "/usr/local/go/bin/go";
  const onPath = (process.env["PATH"] ?? "").split(delimiter).some((directory) => existsSync(join(directory, "go")));
  return !onPath && existsSync(usual) ? usual : "go";
}

/** The path of a Go program, built on first use. CannotRun where there is no Go or no way to its modules. */
export function goProgram(name: keyof typeof GO_PROGRAMS): string {
  const module = GO_PROGRAMS[name];
  const bin = join(cacheDirectory(), module.replace(/[^a-zA-Z0-9.]+/g, "-"));
  const program = join(bin, name);
  if (existsSync(program)) return program;
  build(goCommand(), ["install", module], { env: { ...process.env, GOBIN: bin } });
  return program;
}

/** The script of a program from npm, installed on first use. */
export function npmProgram(packageName: keyof typeof NPM_PACKAGES, script: string): string {
  const version = NPM_PACKAGES[packageName];
  const folder = join(cacheDirectory(), `${packageName}-${version}`);
  const program = join(folder, "node_modules", packageName, script);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: { [packageName]: version } }));
  build("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  return program;
}

/** A TCP port that was free a moment ago. */
export async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export interface Running {
  readonly pid: number;
  close(): Promise<void>;
}

const START_MS = 30_000;
const LOOK_MS = 50;

/** Starts a server and waits until `url` answers anything. CannotRun with its last words when it ends before. */
export async function startServer(command: string, args: readonly string[], env: Readonly<Record<string, string>>, url: string): Promise<Running> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const listen = (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000));
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", (error) => (listen(Buffer.from(error.message)), resolve())));
  const close = async () => {
    child.kill("SIGTERM");
    const slow = setTimeout(() => child.kill("SIGKILL"), 3_000);
    await ended;
    clearTimeout(slow);
  };
  for (const end = Date.now() + START_MS; Date.now() < end;) {
    const up = await fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
      () => true,
      () => false,
    );
    if (up) return { pid: child.pid ?? 0, close };
    if (child.exitCode !== null || child.pid === undefined) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  await close();
  throw new CannotRun(`${command} did not start: ${said.trim().split("\n").at(-1) ?? ""}`);
}
