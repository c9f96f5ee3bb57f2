import { containerResource, podField } from "./downward.ts";
import type { Container, DownwardItem, KeyToPath, Pod, Volume } from "./pod-shapes.ts";
import type { Amounts } from "./resources.ts";
import type { PodSources } from "./environment.ts";

/** A volume cannot be filled yet: an object it reads is absent. The kubelet says FailedMount and tries again. */
export class VolumeNotReady extends Error {}

export interface VolumeFile {
  /** Relative, without `..`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

export interface VolumeInput {
  readonly pod: Pod;
  readonly sources: PodSources;
  readonly node: Amounts;
}

const DEFAULT_MODE = 0o644;

/** The files of a configMap, secret, downwardAPI or projected volume; undefined for any other kind. Rejects with VolumeNotReady. */
export async function volumeFiles(volume: Volume, input: VolumeInput): Promise<VolumeFile[] | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return keyedFiles("configmap", configMap, configMap.defaultMode ?? DEFAULT_MODE, input);
  if (secret) return keyedFiles("secret", { ...secret, name: secret.secretName }, secret.defaultMode ?? DEFAULT_MODE, input);
  if (downwardAPI) return downwardFiles(downwardAPI.items, downwardAPI.defaultMode ?? DEFAULT_MODE, input);
  if (!projected) return undefined;
  const files: VolumeFile[] = [];
  const mode = projected.defaultMode ?? DEFAULT_MODE;
  for (const source of projected.sources ?? []) {
    if (source.configMap) files.push(...(await keyedFiles("configmap", source.configMap, mode, input)));
    if (source.secret) files.push(...(await keyedFiles("secret", source.secret, mode, input)));
    if (source.downwardAPI) files.push(...downwardFiles(source.downwardAPI.items, mode, input));
  }
  return files;
}

interface KeyedSource {
  readonly name: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

async function keyedFiles(what: "configmap" | "secret", source: KeyedSource, mode: number, { pod, sources }: VolumeInput): Promise<VolumeFile[]> {
  const values = what === "configmap" ? await sources.configMap(source.name) : await sources.secret(source.name);
  if (!values && !source.optional) throw new VolumeNotReady(`${what} "${source.name}" not found`);
  if (!source.items) return [...(values ?? [])].map(([path, content]) => ({ path, content, mode }));
  const files: VolumeFile[] = [];
  for (const item of source.items) {
    const content = values?.get(item.key);
    if (content) files.push({ path: insideVolume(item.path), content, mode: item.mode ?? mode });
    else if (!source.optional) throw new VolumeNotReady(`references non-existent ${what} key: ${item.key} (${pod.metadata.namespace}/${source.name})`);
  }
  return files;
}

function downwardFiles(items: readonly DownwardItem[] | undefined, mode: number, { pod, node }: VolumeInput): VolumeFile[] {
  const noContainer: Container = { name: "" };
  return (items ?? []).map((item) => {
    const value = item.fieldRef ? podField(pod, item.fieldRef.fieldPath) : containerResource(pod, noContainer, item.resourceFieldRef ?? { resource: "" }, node);
    return { path: insideVolume(item.path), content: new TextEncoder().encode(value), mode: item.mode ?? mode };
  });
}

/** The API server refuses such paths too; here they would reach the host. */
function insideVolume(path: string): string {
  if (path.startsWith("/") || path.split("/").includes("..")) throw new VolumeNotReady(`invalid path ${path} in a volume`);
  return path;
}
