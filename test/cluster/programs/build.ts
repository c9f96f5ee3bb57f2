import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, renameSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheRoot, exclusively, familyDirectory } from "./cache.ts";
import { type Family, familyOf, moduleDirectory, versionOf } from "./families.ts";

/** This machine cannot start a tier. Not a failure of the product: it is announced, and the tier is left out. */
export class CannotStart extends Error {}

export interface ProgramDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
}

/** Where each asked program lies. */
export type Programs = ReadonlyMap<string, string>;

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function onPath(program: string, path = process.env["PATH"] ?? ""): string | undefined {
  return [...path.split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"].map((directory) => join(directory, program)).find(isProgram);
}

/** Runs a command to its end; rejects with the end of what it said. */
function finish(command: string, args: readonly string[], options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const hear = (data: Buffer) => (said = (said + data.toString()).slice(-4_000));
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args.slice(0, 2).join(" ")} ended with ${code}:\n${said}`))));
  });
}

async function compile(family: Family, program: string, target: string, { environment, say }: ProgramDeps): Promise<void> {
  const go = onPath("go") ?? (isProgram("/usr/local/go/bin/go") ? "/usr/local/go/bin/go" : undefined);
  if (!go) throw new CannotStart(`${program} is neither in the cache nor in KUBEBUILDER_ASSETS, and there is no Go to build it with`);
  const started = performance.now();
  say(`building ${program} ${versionOf(family)} …`);
  mkdirSync(join(target, ".."), { recursive: true });
  const fresh = `${target}.new`;
  const flags = family.linkerFlags?.(versionOf(family)) ?? "-s -w";
  const args = ["build", "-mod=readonly", "-trimpath", "-tags", family.tags ?? "", "-ldflags", flags, "-o", fresh, family.programs[program] ?? ""];
  const env = { ...environment, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" };
  await finish(go, args, { cwd: moduleDirectory(family), env }).catch((cause: unknown) => {
    throw new CannotStart(`${program} does not build here: ${(cause as Error).message}`, { cause });
  });
  renameSync(fresh, target);
  say(`  built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

/**
 * Finds every program, and builds those that were not built yet. A program that lies in `KUBEBUILDER_ASSETS` is used as it is.
 * CannotStart when one is missing and cannot be built.
 */
export async function ensurePrograms(names: readonly string[], deps: ProgramDeps): Promise<Programs> {
  const found = new Map<string, string>();
  const assets = deps.environment["KUBEBUILDER_ASSETS"];
  for (const name of names) {
    const given = assets && join(assets, name);
    const path = given && isProgram(given) ? given : join(familyDirectory(familyOf(name), deps.environment), name);
    found.set(name, path);
  }
  const missing = () => [...found].filter(([, path]) => !isProgram(path));
  if (missing().length === 0) return found;
  await exclusively(join(cacheRoot(deps.environment), "lock"), deps.say, async () => {
    for (const [name, path] of missing()) await compile(familyOf(name), name, path, deps);
  });
  return found;
}

export function programOf(programs: Programs, name: string): string {
  const path = programs.get(name);
  if (path === undefined) throw new Error(`nobody asked for ${name}`);
  return path;
}
