import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** docker or podman as it works on this machine, with an image that no registry was asked for. */
export interface WorkingEngine {
  readonly name: "docker" | "podman";
  /** What `flyteops` and the engine's program need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly image: string;
  run(...args: readonly string[]): string;
}

export type Found = WorkingEngine | { readonly skipped: string };

const IMAGE = "localhost/flyteops-e2e:1";
/** What an engine needs inside a container or a small virtual machine, where its own defaults ask for too much. */
const MODEST_PODMAN = `[engine]
runtime = "runc"
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`;

/** A root file system with a shell and node, made of what this machine has. Undefined where that cannot be found out. */
function rootFileSystem(directory: string): boolean {
  const copy = (from: string, to = from) => {
    mkdirSync(dirname(join(directory, to)), { recursive: true });
    cpSync(realpathSync(from), join(directory, to));
  };
  try {
    for (const [program, at] of [
      [process.execPath, "/bin/node"],
      ["/bin/sh", "/bin/sh"],
      ["/bin/cat", "/bin/cat"],
      ["/bin/sleep", "/bin/sleep"],
    ] as const) {
      copy(program, at);
      const libraries = execFileSync("ldd", [realpathSync(program)], { encoding: "utf8" }).match(/\/[^\s]+\.so[^\s]*/g) ?? [];
      for (const library of libraries) copy(library);
    }
  } catch {
    return false;
  }
  mkdirSync(join(directory, "tmp"));
  writeFileSync(join(directory, "only-here"), "from the image\n");
  symlinkSync("only-here", join(directory, "link"));
  return true;
}

/** Tries the engines by running a container; says in a sentence why none will do. */
export function workingEngine(directory: string): Found {
  const root = join(directory, "rootfs");
  mkdirSync(root, { recursive: true });
  if (!rootFileSystem(root)) return { skipped: "no image can be made of this machine's programs (ldd)" };
  const modest = join(directory, "containers.conf");
  writeFileSync(modest, MODEST_PODMAN);
  const candidates = [
    { name: "podman", env: {} },
    { name: "podman", env: { CONTAINERS_CONF: modest } },
    { name: "docker", env: {} },
  ] as const;
  const problems: string[] = [];
  for (const { name, env } of candidates) {
    const run = (...args: readonly string[]) => execFileSync(name, args, { env: { ...process.env, ...env }, encoding: "utf8", timeout: 60_000 });
    const tried = spawnSync(
      "sh",
      [
        "-c",
        `tar -C "$1" -c . | "$2" import - "$3" && { "$2" run --rm --network host "$3" /bin/cat /only-here || { "$2" rmi --force "$3"; exit 1; }; }`,
        "sh",
        root,
        name,
        IMAGE,
      ],
      {
        env: { ...process.env, ...env },
        encoding: "utf8",
        timeout: 60_000,
      },
    );
    if (tried.status === 0) return { name, env, image: IMAGE, run };
    problems.push(`${name}: ${tried.stderr.trim().split("\n").at(-1) ?? "does not answer"}`);
  }
  return { skipped: problems.at(-1) === undefined ? "no engine" : problems.join("; ") };
}
