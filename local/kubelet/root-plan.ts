/**
 * How the file system of a container is put together: everything of the host at its own path, and the pod's volumes at
 * theirs. A mount point that the host does not have cannot be made on the host, so each directory above it is rebuilt in
 * memory with every entry of the host's bound into it. Pure: what the host has is asked through `HostTree`.
 */
export interface HostEntry {
  readonly name: string;
  readonly kind: "directory" | "file" | "link";
  /** Where a link points. */
  readonly target?: string;
}

export interface HostTree {
  /** Entries of a directory, undefined when the path is no directory or cannot be read. */
  entries(path: string): readonly HostEntry[] | undefined;
  kind(path: string): "directory" | "file" | undefined;
  /** The path with links resolved; the path must exist. */
  resolve(path: string): string;
}

export interface ContainerMount {
  /** Absolute path in the container. */
  readonly path: string;
  /** Absolute path on the host. */
  readonly source: string;
  readonly file: boolean;
  readonly readOnly: boolean;
}

export interface Bind {
  readonly source: string;
  readonly target: string;
}

export interface RootPlan {
  /** Everything made in memory before anything is bound, parents first. */
  readonly directories: readonly string[];
  readonly files: readonly string[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
  /** Of the host: recursive, writable as the host allows; one that fails is left out. */
  readonly hostBinds: readonly Bind[];
  /** Of the pod, parents first; one that fails fails the container. `path` has links resolved. */
  readonly mounts: readonly ContainerMount[];
  /** Directories that must exist inside a volume because another volume is mounted there. Host paths. */
  readonly nested: readonly { readonly root: string; readonly path: string; readonly file: boolean }[];
}

/** What a container sees of /dev; the rest (disks, terminals) is not its business. */
const DEVICES = /^(null|zero|full|u?random|tty|ptmx|pts|shm|mqueue|hugepages|dri|kfd|kvm|fuse|net|infiniband|accel|nvidia.*|fd|std(in|out|err))$/;

export function planRoot(mounts: readonly ContainerMount[], host: HostTree): RootPlan {
  const resolved = mounts.map((mount) => ({ ...mount, path: resolveMountPath(mount.path, host) })).sort((a, b) => (a.path < b.path ? -1 : 1));
  const outer = resolved.filter((mount) => !resolved.some((other) => isBelow(mount.path, other.path)));
  const rebuilt = new Set(["/", "/dev"]);
  for (const mount of outer) for (const directory of missingAncestors(mount, host)) rebuilt.add(directory);
  const plan = { directories: new Set<string>(), files: new Set<string>(), links: new Map<string, string>(), hostBinds: [] as Bind[] };
  for (const directory of [...rebuilt].sort()) rebuild(directory, rebuilt, host, plan);
  for (const mount of outer) makeMountPoint(mount, rebuilt, plan);
  return {
    directories: [...plan.directories].sort(),
    files: [...plan.files].sort(),
    links: [...plan.links].map(([path, target]) => ({ path, target })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    hostBinds: plan.hostBinds.filter((bind) => !outer.some((mount) => mount.path === bind.target)),
    mounts: resolved,
    nested: nestedPoints(resolved),
  };
}

export const isBelow = (path: string, ancestor: string): boolean => path !== ancestor && path.startsWith(ancestor === "/" ? "/" : `${ancestor}/`);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
const join = (directory: string, name: string): string => (directory === "/" ? `/${name}` : `${directory}/${name}`);

/** `/var/run/x` is `/run/x` where /var/run is a link: the part that exists is resolved, the rest kept. */
function resolveMountPath(path: string, host: HostTree): string {
  const clean = `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
  let existing = clean;
  while (existing !== "/" && host.kind(existing) === undefined) existing = parentOf(existing);
  const base = host.resolve(existing);
  const rest = existing === "/" ? clean : clean.slice(existing.length);
  return base === "/" ? rest || "/" : `${base}${rest}`;
}

/** Host directories that must be rebuilt so that the mount point can be made: none when the host has it in the right form. */
function missingAncestors(mount: ContainerMount, host: HostTree): string[] {
  if (isBelow(mount.path, "/dev")) return [];
  if (host.kind(mount.path) === (mount.file ? "file" : "directory")) return [];
  const ancestors: string[] = [];
  for (let path = parentOf(mount.path); path !== "/"; path = parentOf(path)) if (host.kind(path) === "directory") ancestors.push(path);
  return ancestors;
}

interface Building {
  readonly directories: Set<string>;
  readonly files: Set<string>;
  readonly links: Map<string, string>;
  readonly hostBinds: Bind[];
}

function rebuild(directory: string, rebuilt: ReadonlySet<string>, host: HostTree, plan: Building): void {
  plan.directories.add(directory);
  for (const entry of host.entries(directory) ?? []) {
    const path = join(directory, entry.name);
    if (path === "/proc" || (directory === "/dev" && !DEVICES.test(entry.name))) continue;
    if (entry.kind === "link") plan.links.set(path, entry.target ?? "");
    else if (entry.kind === "directory") plan.directories.add(path);
    else plan.files.add(path);
    if (entry.kind !== "link" && !rebuilt.has(path)) plan.hostBinds.push({ source: path, target: path });
  }
  if (directory === "/") plan.directories.add("/proc");
}

/** Makes what is missing of the path below the rebuilt directories. Below a directory bound from the host the mount point exists already. */
function makeMountPoint(mount: ContainerMount, rebuilt: ReadonlySet<string>, plan: Building): void {
  const missing: string[] = [];
  for (let path = mount.path; !rebuilt.has(path); path = parentOf(path)) missing.unshift(path);
  const [first] = missing;
  if (first !== mount.path && plan.hostBinds.some((bind) => bind.target === first)) return;
  for (const path of missing) {
    const file = path === mount.path && mount.file;
    plan.links.delete(path);
    (file ? plan.directories : plan.files).delete(path);
    (file ? plan.files : plan.directories).add(path);
  }
}

function nestedPoints(mounts: readonly ContainerMount[]): { root: string; path: string; file: boolean }[] {
  return mounts.flatMap((mount) => {
    const parents = mounts.filter((other) => isBelow(mount.path, other.path));
    const parent = parents.sort((a, b) => b.path.length - a.path.length)[0];
    return parent && !parent.file ? [{ root: parent.source, path: `${parent.source}${mount.path.slice(parent.path.length)}`, file: mount.file }] : [];
  });
}
