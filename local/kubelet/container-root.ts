import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { shortHash } from "../../base/index.ts";
import { makeFileInside, makeInside } from "./inside.ts";
import { fstabLine } from "./launch-script.ts";
import { type ContainerMount, type HostTree, isBelow, planRoot, type RootPlan } from "./root-plan.ts";

/** What the launch script needs to put one container's file system together. */
export interface ContainerRoot {
  /** Where it is built: an empty directory of the host, covered only inside the container's namespace. */
  readonly mountPoint: string;
  readonly planDirectory: string;
  /** Lines for the pod's own mounts. */
  readonly volumesFstab: string;
}

/** A directory of the host that a container does not see, but for the directories `sees` below it. Absolute, links resolved. */
export interface HiddenPlace {
  readonly directory: string;
  readonly sees: readonly string[];
}

/**
 * Writes the skeleton of a container's file system below `roots`. Containers with the same mount points on an unchanged
 * host share it. `lockedOptions` are mount options of the disk the volumes lie on, which a user namespace may not drop.
 */
export function containerRoot(
  roots: string,
  mounts: readonly ContainerMount[],
  host: HostTree,
  lockedOptions: string,
  hidden?: HiddenPlace & { readonly mask: string },
): ContainerRoot {
  const plan = planRoot(mounts, host);
  for (const point of plan.nested) makeNested(point);
  const { mounts: resolved, nested: _nested, ...shared } = plan;
  const directory = join(roots, shortHash(JSON.stringify(shared), 20));
  if (!existsSync(directory)) writeSkeleton(directory, shared);
  const mountPoint = join(directory, "root");
  const lines = resolved.map((mount) => fstabLine(mount.source, mountPoint + mount.path, mount.readOnly ? `bind,ro${lockedOptions}` : "bind"));
  const masks =
    hidden && !resolved.some(({ path }) => path === hidden.directory || isBelow(hidden.directory, path)) ? maskLines(hidden, mountPoint, lockedOptions) : [];
  return { mountPoint, planDirectory: directory, volumesFstab: [...masks, ...lines].join("") };
}

/** An empty directory over the hidden one, and in it what is to be seen. `mask` is a directory of this container's own. */
function maskLines({ directory, sees, mask }: HiddenPlace & { readonly mask: string }, mountPoint: string, lockedOptions: string): string[] {
  mkdirSync(mask, { recursive: true });
  for (const path of sees) {
    mkdirSync(path, { recursive: true });
    mkdirSync(join(mask, relative(directory, path)), { recursive: true });
  }
  return [fstabLine(mask, mountPoint + directory, `bind,ro${lockedOptions}`), ...sees.map((path) => fstabLine(path, mountPoint + path, "bind"))];
}

function makeNested({ root, path, file }: RootPlan["nested"][number]): void {
  if (file) makeFileInside(root, path);
  else makeInside(root, path);
}

/** Built aside and renamed, so that a crash leaves no half skeleton under the final name. */
function writeSkeleton(directory: string, plan: Omit<RootPlan, "mounts" | "nested">): void {
  const draft = `${directory}.draft`;
  rmSync(draft, { recursive: true, force: true });
  const tree = join(draft, "tree");
  mkdirSync(join(tree, ".host"), { recursive: true });
  mkdirSync(join(draft, "root"));
  for (const path of plan.directories) mkdirSync(tree + path, { recursive: true });
  for (const path of plan.files) writeFileSync(tree + path, "");
  for (const link of plan.links) symlinkSync(link.target, tree + link.path);
  for (const path of plan.directories) copyMode(path, tree + path);
  writeFileSync(join(draft, "fstab"), plan.hostBinds.map((bind) => fstabLine(bind.source, join(directory, "root") + bind.target, "rbind")).join(""));
  renameSync(draft, directory);
}

/** A rebuilt /tmp must stay writable for all. */
function copyMode(hostPath: string, path: string): void {
  const stat = statSync(hostPath, { throwIfNoEntry: false });
  if (stat) chmodSync(path, (stat.mode & 0o7777) | 0o700);
}

/** `,nosuid,nodev…` as the mount below `path` has them: a read-only remount in a user namespace must repeat them. */
export function lockedMountOptions(path: string): string {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  let best = { point: "", options: "" };
  for (const line of lines) {
    const [, , , , point = "", options = ""] = line.split(" ");
    const holds = path === point || path.startsWith(point === "/" ? "/" : `${point}/`);
    if (holds && point.length >= best.point.length) best = { point, options };
  }
  return best.options
    .split(",")
    .filter((option) => /^(nosuid|nodev|noexec|noatime|nodiratime|relatime)$/.test(option))
    .map((option) => `,${option}`)
    .join("");
}
