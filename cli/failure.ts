import { LABEL } from "../base/index.ts";
import type { Run, TaskAction } from "../crds/index.ts";
import { Kinds, type KubeObject, type Stored } from "../kube/index.ts";
import type { CliDeps, Connection } from "./context.ts";
import { snapshotOf } from "./observe-run.ts";
import { streamLog } from "./stream-log.ts";
import { failedAction, failureLines } from "./views/failure.ts";
import { paintFor } from "./views/paint.ts";

const TAIL_LINES = 10;
/** Lines are cut here: a program may write a megabyte without a newline. */
const LINE_MAX = 400;

async function logTail(deps: CliDeps, connection: Connection, namespace: string | undefined, podName: string): Promise<string[]> {
  const kept: string[] = [];
  try {
    const pod: Stored<KubeObject> = await connection.client.get(Kinds.Pod, { namespace, name: podName });
    await streamLog(connection, pod, {
      container: "main",
      tailLines: TAIL_LINES,
      signal: deps.signal,
      line: (text) => void kept.push(text.slice(0, LINE_MAX)),
    });
  } catch {
    // The pod may be gone, or may never have started: the error of the run says what is known.
  }
  return kept.slice(-TAIL_LINES);
}

/** The pod whose log explains the failure: of a map, that of the item the error names. */
async function failedPod(connection: Connection, run: Stored<Run>, pod: string | undefined): Promise<string | undefined> {
  const item = /\[(\d+)\]$/.exec(run.status?.error?.node ?? "")?.[1];
  if (item === undefined) return pod;
  const labelSelector = `${LABEL.runUid}=${run.metadata.uid},${LABEL.mapIndex}=${item}`;
  const { items } = await connection.client.list(Kinds.Pod, { namespace: run.metadata.namespace, labelSelector });
  return items.sort((a, b) => Number(b.metadata.labels?.[LABEL.attempt] ?? 0) - Number(a.metadata.labels?.[LABEL.attempt] ?? 0))[0]?.metadata.name ?? pod;
}

/** Why a run failed, for people. Its actions may be given by who knows them already. */
export async function explainFailure(deps: CliDeps, connection: Connection, run: Stored<Run>, known?: readonly TaskAction[]): Promise<string[]> {
  const actions = known ?? (await snapshotOf(connection, run)).actions;
  const action = failedAction(run, actions);
  const pod = await failedPod(connection, run, action?.status?.pod);
  const log = pod === undefined ? [] : await logTail(deps, connection, run.metadata.namespace, pod);
  return failureLines({ run, action, log }, paintFor(deps.err, deps.env));
}
