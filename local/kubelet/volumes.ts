import { chmod, chown, lstat, mkdir, opendir } from "node:fs/promises";
import { join } from "node:path";
import { byteCount } from "./quantity.ts";
import type { Volume } from "./pod-shapes.ts";
import { volumeFiles, type VolumeInput } from "./volume-files.ts";
import { writeVolume } from "./volume-writer.ts";

/** A volume on disk. configMap, secret, downwardAPI and projected volumes are read-only, as in Kubernetes. */
export interface ReadyVolume {
  readonly name: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** Bytes an emptyDir may hold. */
  readonly limitBytes?: number;
}

/**
 * Makes a pod's volumes below `directory`, each once: volumes that are ready already are left as they are. An emptyDir is
 * writable for every uid; with `fsGroup` (as root) it belongs to that group. Rejects with VolumeNotReady.
 */
export async function makeVolumes(directory: string, input: VolumeInput): Promise<Map<string, ReadyVolume>> {
  const ready = new Map<string, ReadyVolume>();
  const fsGroup = input.pod.spec.securityContext?.fsGroup;
  for (const volume of input.pod.spec.volumes ?? []) {
    const path = join(directory, volume.name);
    const readOnly = await fillVolume(path, volume, input);
    if (!readOnly) await openToAll(path, fsGroup);
    ready.set(volume.name, { name: volume.name, path, readOnly, ...limitOf(volume) });
  }
  return ready;
}

/** Makes the directory of a volume and writes what objects of the API say is in it. False for a volume that no object fills. Rejects with VolumeNotReady. */
export async function fillVolume(path: string, volume: Volume, input: VolumeInput): Promise<boolean> {
  const files = await volumeFiles(volume, input);
  await mkdir(path, { recursive: true });
  if (files) await writeVolume(path, files, input.pod.spec.securityContext?.fsGroup);
  return files !== undefined;
}

async function openToAll(path: string, group: number | undefined): Promise<void> {
  await giveToGroup(path, group);
  await chmod(path, group === undefined ? 0o777 : 0o2777);
}

async function giveToGroup(path: string, group: number | undefined): Promise<void> {
  if (group !== undefined && process.getuid?.() === 0) await chown(path, 0, group);
}

function limitOf(volume: Volume): { limitBytes?: number } {
  const limit = volume.emptyDir?.sizeLimit;
  return limit === undefined ? {} : { limitBytes: byteCount(limit) };
}

/** Bytes below a directory as `du` counts them (blocks, not apparent size); what vanishes while it looks counts as nothing. */
export async function diskUsage(directory: string): Promise<number> {
  let total = 0;
  const pending = [directory];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for await (const entry of await openOrNothing(next)) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else total += await blocks(path);
    }
  }
  return total;
}

async function openOrNothing(path: string): Promise<AsyncIterable<{ name: string; isDirectory(): boolean }>> {
  try {
    return await opendir(path);
  } catch {
    return { async *[Symbol.asyncIterator]() {} };
  }
}

async function blocks(path: string): Promise<number> {
  try {
    return (await lstat(path)).blocks * 512;
  } catch {
    return 0;
  }
}
