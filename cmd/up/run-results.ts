import { join } from "node:path";
import type { Json } from "../../base/index.ts";
import type { BlobStore } from "../../blobs/index.ts";
import { downloadOutputs, outputsJson, readOutputs } from "../../cli/index.ts";
import type { Run } from "../../crds/index.ts";

/** Files a person would rather look at than read, best first. */
const PICTURES = [".svg", ".png", ".html", ".jpg", ".jpeg", ".pdf"];

export interface RunResult {
  readonly values: Record<string, Json>;
  /** Where each output was written, below `<state>/outputs/<namespace>/<run>`. */
  readonly files: readonly string[];
  /** The file to look at first. */
  readonly picture: string | undefined;
}

/** Reads the outputs of a finished run and writes them where people find them. */
export async function exportResult(store: BlobStore, run: Run, stateDirectory: string): Promise<RunResult> {
  const uri = run.status?.outputs?.uri;
  if (!uri) return { values: {}, files: [], picture: undefined };
  const outputs = await readOutputs(store, uri);
  const directory = join(stateDirectory, "outputs", run.metadata.namespace ?? "", run.metadata.name ?? "");
  const files = await downloadOutputs(store, outputs, directory);
  const picture = PICTURES.map((ending) => files.find((file) => file.endsWith(ending))).find((file) => file !== undefined);
  return { values: outputsJson(outputs), files, picture };
}
