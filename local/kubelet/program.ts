import { accessSync, constants, statSync } from "node:fs";
import { execFile } from "node:child_process";
import { delimiter, join } from "node:path";
import { ProgramNotFound } from "./runtime-errors.ts";
import type { Container } from "./pod-shapes.ts";
import type { ContainerMount } from "./root-plan.ts";

/** Where a container's program was found, as a host path. */
export interface FoundProgram {
  readonly path: string;
  /** Whether it came from PATH (and not from a path the pod spells out). */
  readonly onPath: boolean;
}

/** A pod path is looked up in the volume mounted there, else on the host. */
export function hostPathOf(path: string, mounts: readonly ContainerMount[]): string {
  const holding = mounts.filter((mount) => path === mount.path || path.startsWith(`${mount.path}/`)).sort((a, b) => b.path.length - a.path.length)[0];
  return holding ? join(holding.source, path.slice(holding.path.length)) : path;
}

/** Finds the program as execvp would. Undefined when there is none, or it is not executable. */
export function findProgram(program: string, path: string, workingDir: string, mounts: readonly ContainerMount[]): FoundProgram | undefined {
  if (program.includes("/")) {
    const found = hostPathOf(program.startsWith("/") ? program : join(workingDir, program), mounts);
    return isProgram(found) ? { path: found, onPath: false } : undefined;
  }
  for (const directory of path.split(delimiter)) {
    const candidate = hostPathOf(join(directory === "" ? workingDir : directory, program), mounts);
    if (isProgram(candidate)) return { path: candidate, onPath: true };
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The program of a container on this machine. Throws ProgramNotFound with one sentence on what is missing. */
export function programOf(
  { name, image = "" }: Container,
  argv: readonly string[],
  path: string,
  workingDir: string,
  mounts: readonly ContainerMount[],
): FoundProgram {
  const [program] = argv;
  if (program === undefined || program === "") {
    throw new ProgramNotFound(`container ${name} has no command; images are not used on this machine, so the command of image ${image} must be written out`);
  }
  const found = findProgram(program, path, workingDir, mounts);
  if (found) return found;
  throw new ProgramNotFound(
    program.includes("/")
      ? `${program} is not a program on this machine (image ${image} is not used here)`
      : `${program} is not on PATH (image ${image} is not used on this machine)`,
  );
}

/** Whether a look at the program is possible before the pod's volumes are filled: by name on PATH, or at a path outside every mount. */
export function isFixedProgram(container: Container): boolean {
  const [program = ""] = [...(container.command ?? []), ...(container.args ?? [])];
  if (!program.includes("/")) return !(container.env ?? []).some(({ name }) => name === "PATH") && (container.envFrom ?? []).length === 0;
  return program.startsWith("/") && !(container.volumeMounts ?? []).some(({ mountPath }) => program.startsWith(mountPath));
}

const VERSION_MS = 2_000;

/** Asks a program on PATH for its version; undefined when it does not say one within two seconds. Meant to be cached by path. */
export function programVersion(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(path, ["--version"], { timeout: VERSION_MS, killSignal: "SIGKILL", cwd: "/", env: {}, maxBuffer: 65_536 }, (error, stdout) => {
      resolve(error ? undefined : /v?\d+(\.\d+)+[-+.\w]*/.exec(stdout)?.[0]);
    });
    child.stdin?.end();
  });
}
