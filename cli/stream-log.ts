import { errorOfResponse, Kinds, type KubeObject, lines, objectPath, queryString, type Stored } from "../kube/index.ts";
import type { Connection } from "./context.ts";
import { printable } from "./views/paint.ts";

export interface LogRequest {
  readonly container: string;
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly tailLines?: number | undefined;
  readonly signal: AbortSignal;
  /** Called with each line, control sequences made harmless. */
  readonly line: (text: string) => void;
}

/** Reads the log of one container line by line, to its end or until the signal aborts. Rejects with ApiError. */
export async function streamLog(connection: Connection, pod: Stored<KubeObject>, request: LogRequest): Promise<void> {
  const query = { container: request.container, follow: request.follow, timestamps: request.timestamps, tailLines: request.tailLines };
  const path = `${objectPath(Kinds.Pod, pod.metadata)}/log${queryString(query)}`;
  const response = await connection.transport.send({ method: "GET", path, signal: request.signal });
  if (response.status >= 300) throw await errorOfResponse(response);
  try {
    for await (const text of lines(response.body)) request.line(printable(text));
  } catch (thrown) {
    if (!request.signal.aborted) throw thrown;
  }
}
