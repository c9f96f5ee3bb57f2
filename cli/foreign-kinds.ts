import { PART_OF } from "../base/index.ts";
import { ignoreNotFound, Kinds, type ObjectClient } from "../kube/index.ts";
import { EXIT, UserError } from "./context.ts";

/** The kind that Flyte 2 has under the same group, version and name. */
const SHARED_KIND = "taskactions.flyte.org";

/** Whether somebody else's kind stands where one of ours would: Flyte 2 is installed. */
export async function hasForeignKinds(client: ObjectClient): Promise<boolean> {
  const found = await client.get(Kinds.CustomResourceDefinition, { name: SHARED_KIND }).catch(ignoreNotFound);
  return found !== undefined && found.metadata.labels?.[PART_OF.label] !== PART_OF.value;
}

export const FOREIGN_KINDS = {
  message: `${SHARED_KIND} is in this cluster and not from flyteops: Flyte 2 is installed. Both define that kind, so they cannot share a cluster`,
  hint: `use another cluster, or remove Flyte 2 and then its kind: kubectl delete crd ${SHARED_KIND}   (an older flyteops without the label: kubectl label crd ${SHARED_KIND} ${PART_OF.label}=${PART_OF.value})`,
} as const;

/** Throws UserError when Flyte 2 is installed. */
export async function refuseForeignKinds(client: ObjectClient): Promise<void> {
  if (await hasForeignKinds(client)) throw new UserError(FOREIGN_KINDS.message, { exitCode: EXIT.failed, hint: FOREIGN_KINDS.hint });
}
