import { settled, waiting, type Outcome } from "../../base/index.ts";
import { type ProjectQuota, ProjectQuotaKind, type Run, RunKind } from "../../crds/index.ts";
import { type InformerSet, Kinds, type KindRef, type ObjectClient, type Reconciler, type Stored } from "../../kube/index.ts";
import { QUOTA_OBJECT_NAME, quotaManifests } from "../../synth/index.ts";

const FIELD_MANAGER = "flyteops-quota";
const KINDS: readonly KindRef[] = [Kinds.ResourceQuota, Kinds.LimitRange];

export interface QuotaDeps {
  readonly client: ObjectClient;
  readonly informers: InformerSet;
}

async function applyLimits(client: ObjectClient, quota: Stored<ProjectQuota>): Promise<void> {
  const namespace = quota.metadata.namespace ?? "";
  const wanted = quotaManifests({ namespace, totals: quota.spec.namespace, taskLimits: quota.spec.taskLimits });
  const owner = {
    apiVersion: quota.apiVersion,
    kind: quota.kind,
    name: quota.metadata.name,
    uid: quota.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  for (const kind of KINDS) {
    const manifest = wanted.find((each) => each.kind === kind.kind);
    const ref = { namespace, name: QUOTA_OBJECT_NAME };
    if (manifest) {
      const body = { ...manifest, metadata: { ...manifest.metadata, ownerReferences: [owner] } };
      await client.patch(kind, ref, { type: "apply", body, force: true }, { fieldManager: FIELD_MANAGER });
    } else {
      await client.delete(kind, ref);
    }
  }
}

/** Turns a ProjectQuota into a ResourceQuota and a LimitRange, and shows what is used. Its run and action limits are kept by the run and action controllers. */
export function quotaReconciler({ client, informers }: QuotaDeps): Reconciler<ProjectQuota> {
  const runs = informers.of<Run>({ kind: RunKind });
  return {
    kind: ProjectQuotaKind,
    async reconcile(quota): Promise<Outcome> {
      if (quota.metadata.name !== "default") return waiting("NotInForce", "the name: the one ProjectQuota of a namespace is named default");
      await applyLimits(client, quota);
      const namespace = quota.metadata.namespace ?? "";
      const unfinished = runs.list().filter((run) => run.metadata.namespace === namespace && run.status?.endTime === undefined);
      const queued = unfinished.filter((run) => run.status?.phase === undefined || run.status.phase === "Queued").length;
      quota.status = { ...quota.status, runningRuns: unfinished.length - queued, queuedRuns: queued };
      return settled();
    },
  };
}
