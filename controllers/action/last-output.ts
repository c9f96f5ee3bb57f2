import type { Stored } from "../../kube/index.ts";
import { MAIN } from "../../plugins/index.ts";
import { cutTo } from "./action-status.ts";
import type { ActionDeps } from "./deps.ts";

/** How much of a program's last output goes into an error message. */
const OUTPUT_MAX_BYTES = 4_096;
const OUTPUT_MAX_LINES = 100;

/** The last lines a program printed, "" when they cannot be had (Kubernetes' own termination message is used then). */
export async function lastOutput({ podLogs, logger }: ActionDeps, pod: Stored, signal: AbortSignal): Promise<string> {
  if (!podLogs) return "";
  const chunks: Uint8Array[] = [];
  try {
    const ref = { namespace: pod.metadata.namespace ?? "", name: pod.metadata.name };
    for await (const chunk of podLogs.bytes(ref, { container: MAIN, tailLines: OUTPUT_MAX_LINES, signal })) chunks.push(chunk);
  } catch (thrown) {
    logger.debug("log of a failed attempt not readable", { pod: pod.metadata.name, error: String(thrown) });
    return "";
  }
  return cutTo(Buffer.concat(chunks).toString("utf8").trimEnd(), OUTPUT_MAX_BYTES);
}
