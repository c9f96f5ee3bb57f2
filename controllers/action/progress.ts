import { BlobError } from "../../blobs/index.ts";
import type { TaskActionStatus } from "../../crds/index.ts";
import type { ActionDeps } from "./deps.ts";

const PROGRESS_MAX_BYTES = 4_096;
const PROGRESS_MAX_CHARACTERS = 1_024;

/** Takes over what the program says about its progress (`3/10 message`), as the sidecar stored it. Absent or unreadable: nothing changes. */
export async function readProgress({ blobs, logger }: ActionDeps, status: TaskActionStatus, key: string): Promise<void> {
  try {
    const said = (await blobs.read(key, PROGRESS_MAX_BYTES)).toString("utf8").trim().slice(0, PROGRESS_MAX_CHARACTERS);
    if (said !== "") status.progress = said;
  } catch (thrown) {
    if (!(thrown instanceof BlobError)) throw thrown;
    if (thrown.code !== "BlobNotFound") logger.debug("progress not readable", { key, error: thrown.message });
  }
}
