import { spawnSync } from "node:child_process";

/** A kubectl of this machine. */
export interface Program {
  readonly path: string;
  /** `1.36`. */
  readonly version: string;
  readonly minor: number;
}

/** `KUBECTLS`: paths with commas between them; else `KUBECTL`, else the one on the PATH. */
export const kubectlPaths = (process.env["KUBECTLS"] ?? process.env["KUBECTL"] ?? "kubectl").split(",").filter((path) => path !== "");

function programAt(path: string): Program[] {
  const { stdout, error } = spawnSync(path, ["version", "--client", "-o", "json"], { encoding: "utf8" });
  if (error) return [];
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { major: string; minor: string } };
  const minor = Number.parseInt(clientVersion.minor, 10);
  return [{ path, version: `${clientVersion.major}.${minor}`, minor }];
}

/** Those of some paths that can be run. */
export const programsAt = (paths: readonly string[]): readonly Program[] => paths.flatMap(programAt);

export const kubectls: readonly Program[] = programsAt(kubectlPaths);
