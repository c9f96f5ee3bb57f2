import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { containerRoot, type HiddenPlace, lockedMountOptions } from "./container-root.ts";
import { hostTree } from "./host-tree.ts";
import { launchScript, type LaunchTools } from "./launch-script.ts";
import type { ContainerMount } from "./root-plan.ts";

/**
 * What this machine lets us do. `namespaces`: mount paths are real paths and every process of a container dies with it.
 * `plain`: no mounts; marked paths are rewritten to the directories they stand for, read-only is not enforced, and a
 * daemon that leaves its process group is not found again.
 */
export type SandboxCapability =
  | {
      readonly kind: "namespaces";
      readonly tools: LaunchTools;
      /** Whether a user namespace is used because we are not root. */
      readonly userNamespace: boolean;
      /** Whether the process sees its own uid there (else it believes it is root). */
      readonly mapsUser: boolean;
    }
  | { readonly kind: "plain"; readonly reason: string };

/** Who a container runs as. Absent: as this program. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

export interface LaunchInput {
  readonly argv: readonly string[];
  /** Absolute path as the container sees it. */
  readonly workingDir: string;
  readonly mounts: readonly ContainerMount[];
  readonly runAs?: RunAs | undefined;
  /** Directory for this container's own files. */
  readonly directory: string;
  /** `cgroup.procs` of the memory group to join. */
  readonly cgroupProcs?: string | undefined;
  /** What the launcher itself must not see, and what a shell would drop: `env` puts it back last of all. */
  readonly oddNames: readonly (readonly [string, string])[];
  /** What of this machine the container does not see. */
  readonly hidden?: HiddenPlace | undefined;
}

/** A command to spawn. `reports`: standard error carries the launcher's `pid N`, `ready` or error, and descriptor 3 the container's own. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly reports: boolean;
}

export interface Sandbox {
  readonly capability: SandboxCapability;
  /** Prepares files on disk and says what to spawn. Synchronous disk work of about a millisecond. */
  launch(input: LaunchInput): Launch;
}

/** The sandbox for a capability. `stateDir` is absolute; skeletons and the script go below it. */
export function sandbox(capability: SandboxCapability, stateDir: string): Sandbox {
  if (capability.kind === "plain") return { capability, launch: plainLaunch };
  const roots = join(stateDir, "roots");
  const script = join(stateDir, "launch.sh");
  mkdirSync(roots, { recursive: true });
  writeFileSync(script, launchScript(capability.tools), { mode: 0o755 });
  const locked = capability.userNamespace ? lockedMountOptions(stateDir) : "";
  return {
    capability,
    launch(input) {
      const hidden = input.hidden && { ...input.hidden, mask: join(input.directory, "mask") };
      const root = containerRoot(roots, input.mounts, hostTree, locked, hidden);
      const fstab = join(input.directory, "fstab");
      writeFileSync(fstab, root.volumesFstab);
      const [command = "", ...args] = [
        ...namespaceCommand(capability),
        ...[script, root.mountPoint, root.planDirectory, fstab, input.workingDir, input.cgroupProcs ?? ""],
        ...identity(capability, input.runAs),
        ...oddEnvironment(input),
        ...input.argv,
      ];
      return { command, args, cwd: "/", reports: true };
    },
  };
}

function plainLaunch(input: LaunchInput): Launch {
  const join = input.cgroupProcs === undefined ? [] : ["/bin/sh", "-c", 'echo 0 >"$0" && exec "$@"', input.cgroupProcs];
  const [command = "", ...args] = [...join, ...oddEnvironment(input), ...input.argv];
  return { command, args, cwd: input.workingDir, reports: false };
}

/** The words that put back what the launcher must not see. */
export const oddEnvironment = ({ oddNames }: Pick<LaunchInput, "oddNames">): string[] =>
  oddNames.length === 0 ? [] : ["/usr/bin/env", ...oddNames.map(([name, value]) => `${name}=${value}`)];

export type Namespaces = Extract<SandboxCapability, { kind: "namespaces" }>;

function namespaceCommand({ tools, userNamespace }: Namespaces): string[] {
  const dieWithParent = tools.setpriv === undefined ? [] : [tools.setpriv, "--pdeathsig", "KILL"];
  const user = userNamespace ? ["--user", "--map-root-user"] : [];
  return [...dieWithParent, tools.unshare, ...user, "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", tools.sh];
}

/** What root in a container may do: the set of container runtimes, without making devices. Above all it may not undo its mounts. */
const CAPABILITIES = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+setfcap,+audit_write";

/** Put before a program that root runs. Nothing in a user namespace: its rights end there. */
export function boundedRights({ tools, userNamespace }: Pick<Namespaces, "tools" | "userNamespace">): string[] {
  return userNamespace || tools.setpriv === undefined ? [] : [tools.setpriv, "--bounding-set", CAPABILITIES, "--"];
}

/** Put before a program that runs as somebody in the namespaces of a container, with no more rights there than its first process. */
export function identity({ tools, userNamespace, mapsUser }: Namespaces, runAs: RunAs | undefined): string[] {
  if (userNamespace && !mapsUser) return [];
  const uid = runAs?.uid ?? process.getuid?.() ?? 0;
  const gid = runAs?.gid ?? process.getgid?.() ?? 0;
  if (userNamespace) return [tools.unshare, "--user", `--map-user=${uid}`, `--map-group=${gid}`, "--"];
  if (!runAs || tools.setpriv === undefined) return boundedRights({ tools, userNamespace });
  const groups = runAs.groups.length === 0 ? ["--clear-groups"] : ["--groups", runAs.groups.join(",")];
  return [tools.setpriv, "--bounding-set", CAPABILITIES, "--reuid", String(uid), "--regid", String(gid), ...groups, "--"];
}

/** The programs of the launcher, or the name of the first one that is missing. */
export function findLaunchTools(path: string): LaunchTools | string {
  const directories = [...path.split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  const find = (name: string) =>
    directories.map((directory) => join(directory, name)).find((candidate) => candidate.startsWith("/") && isExecutable(candidate));
  const names = ["sh", "unshare", "mount", "umount", "pivot_root", "cp", "nsenter"] as const;
  const [sh, unshare, mount, umount, pivotRoot, cp, nsenter] = names.map(find);
  if (!sh || !unshare || !mount || !umount || !pivotRoot || !cp || !nsenter) return names.find((name) => find(name) === undefined) ?? "sh";
  const setpriv = find("setpriv");
  return { sh, unshare, mount, umount, pivotRoot, cp, nsenter, ...(setpriv === undefined ? {} : { setpriv }) };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
