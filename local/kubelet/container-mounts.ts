import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "./environment.ts";
import { expand } from "./expand.ts";
import { LeadsOut, makeInside } from "./inside.ts";
import { hostPathOf } from "./program.ts";
import type { Container } from "./pod-shapes.ts";
import type { ContainerMount } from "./root-plan.ts";
import type { ReadyVolume } from "./volumes.ts";

/** Directories of one container on the host, all its own. */
export interface ContainerDirectories {
  /** Holds the logs and the launcher's files. */
  readonly base: string;
  readonly home: string;
  readonly work: string;
  readonly tmp: string;
  readonly terminationLog: string;
}

/** Where a container in a mount namespace finds its own directories: the same everywhere, and reachable for every uid. */
export const OWN = { home: "/flyteops/home", work: "/flyteops/work", tmp: "/flyteops/tmp" } as const;

/** Made anew for each instance except `home`, which the containers of a pod share. */
export function makeContainerDirectories(podDirectory: string, container: string, instance: number): ContainerDirectories {
  const base = join(podDirectory, "containers", container);
  const own = join(base, `instance-${instance}`);
  const directories = { base, home: join(podDirectory, "home"), work: join(own, "work"), tmp: join(own, "tmp"), terminationLog: join(own, "termination-log") };
  for (const path of [directories.home, directories.work, directories.tmp]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777);
  }
  writeFileSync(directories.terminationLog, "");
  chmodSync(directories.terminationLog, 0o666);
  return directories;
}

/** The pod's volumes as this container mounts them. Throws ConfigError. */
export function volumeMounts(container: Container, volumes: ReadonlyMap<string, ReadyVolume>, env: ReadonlyMap<string, string>): ContainerMount[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const volume = volumes.get(mount.name);
    if (!volume) throw new ConfigError(`volumeMount ${mount.name} names no volume of the pod`);
    const subPath = mount.subPathExpr === undefined ? mount.subPath : expand(mount.subPathExpr, (name) => env.get(name));
    const source = subPath === undefined || subPath === "" ? volume.path : subPathOf(volume, subPath);
    return { path: mount.mountPath, source, file: !statSync(source).isDirectory(), readOnly: volume.readOnly || mount.readOnly === true };
  });
}

function subPathOf(volume: ReadyVolume, subPath: string): string {
  if (subPath.startsWith("/") || subPath.split("/").includes("..") || subPath.includes("$("))
    throw new ConfigError(`subPath ${subPath} is not a path inside the volume`);
  const path = join(volume.path, subPath);
  if (!lstatSync(path, { throwIfNoEntry: false })) insideVolume(`subPath ${subPath}`, () => makeInside(volume.path, path, 0o777));
  if (!existsSync(path)) throw new ConfigError(`subPath ${subPath} is a link that leads nowhere`);
  const real = realpathSync(path);
  const root = realpathSync(volume.path);
  if (real !== root && !real.startsWith(`${root}/`)) throw new ConfigError(`subPath ${subPath} leads out of the volume`);
  return real;
}

function insideVolume(what: string, make: () => void): void {
  try {
    make();
  } catch (thrown) {
    if (thrown instanceof LeadsOut) throw new ConfigError(`${what}: ${thrown.message}`);
    throw thrown;
  }
}

/** The mounts every container has besides its volumes; a path the pod mounts itself is left to the pod. */
export function ownMounts(container: Container, directories: ContainerDirectories, taken: readonly ContainerMount[]): ContainerMount[] {
  const own: ContainerMount[] = [
    { path: OWN.home, source: directories.home, file: false, readOnly: false },
    { path: OWN.work, source: directories.work, file: false, readOnly: false },
    { path: OWN.tmp, source: directories.tmp, file: false, readOnly: false },
  ];
  const message = container.terminationMessagePath ?? "/dev/termination-log";
  if (message.startsWith("/")) own.push({ path: message, source: directories.terminationLog, file: true, readOnly: false });
  const { workingDir } = container;
  if (workingDir?.startsWith("/") && !existsSync(hostPathOf(workingDir, taken))) own.push(...absentWorkingDir(workingDir, directories, taken));
  return own.filter((mount) => !taken.some((other) => other.path === mount.path));
}

/** A working directory that does not exist is made, as container runtimes do: in the volume it lies in, else as the attempt's own directory. */
function absentWorkingDir(path: string, directories: ContainerDirectories, mounts: readonly ContainerMount[]): ContainerMount[] {
  const inVolume = hostPathOf(path, mounts);
  if (inVolume === path) return [{ path, source: directories.work, file: false, readOnly: false }];
  const holding = mounts.find((mount) => inVolume === mount.source || inVolume.startsWith(`${mount.source}/`));
  insideVolume(`workingDir ${path}`, () => makeInside(holding?.source ?? directories.work, inVolume));
  return [];
}

/**
 * For machines without mount namespaces: a word that is a mount path, lies below one, or is `--option=` followed by one
 * names the real directory instead. Paths inside other text are left alone.
 */
export function rewritePaths(word: string, mounts: readonly ContainerMount[]): string {
  const [, option = "", path = ""] = /^(--?[A-Za-z0-9][-\w]*=)?(\/.*)$/s.exec(word) ?? [];
  return path === "" ? word : option + hostPathOf(path, mounts);
}
