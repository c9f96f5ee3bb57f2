import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findLaunchTools, sandbox, type SandboxCapability } from "./sandbox.ts";

const TRIAL_MS = 5_000;

/**
 * Finds out what this machine allows by doing it once: a container with a mount at a path that does not exist. Takes
 * about 30 ms. `hostPath` is the PATH to look for util-linux in. Never rejects; the reason for `plain` is a sentence for the log.
 */
export async function sandboxCapability(hostPath: string): Promise<SandboxCapability> {
  if (process.platform !== "linux") return { kind: "plain", reason: `${process.platform} has no mount namespaces` };
  const tools = findLaunchTools(hostPath);
  if (typeof tools === "string") return { kind: "plain", reason: `the program ${tools} (util-linux) is not on PATH` };
  const userNamespace = process.getuid?.() !== 0;
  const { setpriv: _setpriv, ...bare } = tools;
  const variants: SandboxCapability[] = [
    { kind: "namespaces", tools, userNamespace, mapsUser: true },
    { kind: "namespaces", tools: bare, userNamespace, mapsUser: false },
  ];
  let reason = "";
  for (const variant of variants) {
    const problem = await attempt(variant);
    if (problem === undefined) return variant;
    reason ||= problem;
  }
  return { kind: "plain", reason: `mount namespaces are refused: ${reason}` };
}

async function attempt(capability: SandboxCapability): Promise<string | undefined> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "flyteops-sandbox-")));
  try {
    const volume = join(directory, "volume");
    mkdirSync(volume);
    const path = "/flyteops-trial/volume";
    const argv = ["/bin/sh", "-c", `[ -d ${path} ] && ! true 2>/dev/null >${path}/x`];
    const mounts = [{ path, source: volume, file: false, readOnly: true }];
    const launch = sandbox(capability, directory).launch({ argv, workingDir: "/", mounts, directory, oddNames: [] });
    return await run(launch.command, launch.args);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", 'exec "$@" 3>&1', "sh", command, ...args], { timeout: TRIAL_MS }, (error, _stdout, stderr) => {
      resolve(error ? (stderr.split("\n").find((line) => line !== "" && !/^(pid \d+|ready)$/.test(line)) ?? error.message) : undefined);
    });
  });
}
