/**
 * Files of configMap, secret, downwardAPI and projected volumes as Kubernetes lays them out: the files of one moment in a
 * directory of their own, `..data` a link to it, and each top-level name a link through `..data`. A reader sees the old
 * files or the new ones, never a mixture.
 */
import type { Dirent } from "node:fs";
import { chmod, chown, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { VolumeFile } from "./volume-files.ts";

const DATA = "..data";

/** Brings a volume up to date; does nothing when it is. `group`: who may read, where this program may give files away. */
export async function writeVolume(directory: string, files: readonly VolumeFile[], group: number | undefined): Promise<void> {
  const wanted = group === undefined ? files : files.map((file) => ({ ...file, mode: file.mode | 0o440 }));
  const present = await readlink(join(directory, DATA)).catch(() => undefined);
  if (present !== undefined && (await holds(join(directory, present), wanted))) return;
  const next = `..${Number(present?.slice(2) ?? 0) + 1}`;
  await rm(join(directory, next), { recursive: true, force: true });
  await mkdir(join(directory, next), { recursive: true });
  await chmod(join(directory, next), 0o755);
  for (const file of wanted) await writeOne(join(directory, next, file.path), file, group);
  const draft = join(directory, `${DATA}_tmp`);
  await rm(draft, { force: true });
  await symlink(next, draft);
  await rename(draft, join(directory, DATA));
  await linkNames(directory, new Set(wanted.map(({ path }) => path.split("/", 1)[0] ?? "")));
  if (present !== undefined) await rm(join(directory, present), { recursive: true, force: true });
}

async function writeOne(path: string, { content, mode }: VolumeFile, group: number | undefined): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o600 });
  if (group !== undefined && process.getuid?.() === 0) await chown(path, 0, group);
  await chmod(path, mode);
}

async function linkNames(directory: string, names: ReadonlySet<string>): Promise<void> {
  const there = new Set((await readdir(directory)).filter((name) => !name.startsWith("..")));
  for (const name of names) if (!there.has(name)) await symlink(join(DATA, name), join(directory, name));
  for (const name of there) if (!names.has(name)) await rm(join(directory, name), { force: true });
}

/** Whether a directory holds exactly these files, with these permissions. */
async function holds(directory: string, files: readonly VolumeFile[]): Promise<boolean> {
  const entries: Dirent[] = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.filter((entry) => entry.isFile()).length !== new Set(files.map(({ path }) => path)).size) return false;
  const same = files.map(async ({ path, content, mode }) => {
    const found = join(directory, path);
    const [bytes, { mode: bits }] = await Promise.all([readFile(found), stat(found)]);
    return (bits & 0o7777) === mode && Buffer.from(content).equals(bytes);
  });
  return (await Promise.all(same).catch(() => [false])).every(Boolean);
}
