import { RunKind, type Run, WorkflowKind, type Workflow, type GitSync, GitSyncKind } from "../../crds/index.ts";
import type { ObjectClient, Stored } from "../../kube/index.ts";
import { until } from "../measure.ts";
import { NAMESPACE, run } from "./manifests.ts";

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

/** Makes a Run and waits until it has succeeded. Rejects when it ends otherwise. */
export async function runToEnd(client: ObjectClient, name: string, workflow: string): Promise<void> {
  await client.create(RunKind, run(name, workflow));
  await until(
    `run ${name}`,
    60_000,
    async () => {
      const { status } = await client.get<Run>(RunKind, { namespace: NAMESPACE, name });
      if (["Failed", "Aborted", "TimedOut"].includes(status?.phase ?? "")) throw new Error(`run ${name}: ${status?.phase} ${status?.error?.message ?? ""}`);
      return status?.phase === "Succeeded" ? true : undefined;
    },
    50,
  );
}
