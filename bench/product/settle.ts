import { setTimeout } from "node:timers/promises";
import { RunKind, WorkflowKind, type Workflow, type GitSync, GitSyncKind } from "../../crds/index.ts";
import type { ObjectClient, Stored } from "../../kube/index.ts";
import { until } from "../measure.ts";
import { NAMESPACE, run } from "./manifests.ts";
import type { Timeline } from "./timeline.ts";

export const FOLLOWED = { namespace: "flyteops-system", name: "platform" };

/** Resolves when a Workflow of the repository is applied and compiled. */
export async function workflowReady(client: ObjectClient, name: string): Promise<void> {
  await until(
    `workflow ${name}`,
    60_000,
    async () => {
      const workflow = await client.get<Workflow>(WorkflowKind, { namespace: NAMESPACE, name }).catch(() => undefined);
      return workflow?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ? true : undefined;
    },
    20,
  );
}

/** The GitSync of `flyteops up`. */
export function followedSync(client: ObjectClient): Promise<Stored<GitSync>> {
  return client.get<GitSync>(GitSyncKind, FOLLOWED);
}

export function isSynced(sync: Stored<GitSync>): boolean {
  return (
    sync.status?.observedGeneration === sync.metadata.generation &&
    sync.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true
  );
}

const RUN_MS = 60_000;

/** Makes a Run and waits, without asking again and again, until it has succeeded. Rejects when it ends otherwise. */
export async function runToEnd(client: ObjectClient, line: Timeline, name: string, workflow: string): Promise<void> {
  await client.create(RunKind, run(name, workflow));
  const fail = (how: string) => Promise.reject(new Error(`run ${name} ${how}`));
  const slow = new AbortController();
  const tooLong = setTimeout(RUN_MS, undefined, { signal: slow.signal }).then(
    () => fail("does not end"),
    () => undefined,
  );
  const failed = ["Failed", "Aborted", "TimedOut"].map((phase) => line.seen("Run", name, `phase=${phase}`).then(() => fail(`is ${phase}`)));
  await Promise.race([line.seen("Run", name, "phase=Succeeded"), tooLong, ...failed]);
  slow.abort();
}
