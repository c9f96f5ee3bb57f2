import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** As much of a container as decides what it sees. */
export interface SeeingContainer {
  readonly image?: string | undefined;
  readonly env?: readonly { readonly name: string; readonly value?: string | undefined }[] | undefined;
}

const RAW = /\/(\d+)\/raw$/;

function pathOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined; // of another store, or nonsense
  }
}

/** The directory of a raw output prefix, when it is one of this object store's runs. */
function rawDirectory(objects: string, uri: string | undefined): string | undefined {
  const path = pathOf(uri ?? "");
  if (path === undefined) return undefined;
  return path.startsWith(`${join(objects, "runs")}/`) && RAW.test(path) ? path : undefined;
}

/** The raw outputs of the attempts before it: where a task finds its checkpoints. */
function earlierAttempts(raw: string): string[] {
  const attempt = Number(RAW.exec(raw)?.[1]);
  const numbers = Array.from({ length: Math.min(attempt, 100) }, (_, index) => attempt - 1 - index);
  return numbers.map((number) => join(dirname(dirname(raw)), String(number), "raw")).filter((path) => existsSync(path));
}

/**
 * Which parts of the state directory a container sees. Our own image moves inputs and outputs: the object store and the program.
 * Any other: the place for what it stores itself, and nothing of the keys, the database and other pods.
 */
export function visibleState(state: string, ownImage: string): (container: SeeingContainer) => readonly string[] {
  const objects = join(state, "objects");
  return ({ image, env }) => {
    if (image === ownImage) return [objects, join(state, "bin")];
    const raw = rawDirectory(objects, env?.find(({ name }) => name === "FLYTEOPS_RAW_OUTPUT_URI")?.value);
    return raw === undefined ? [] : [raw, ...earlierAttempts(raw)];
  };
}
