import { type JsonObject, LABEL, TerminalFailure } from "../../base/index.ts";
import { type GitSync, GitSyncKind } from "../../crds/index.ts";
import { type CheckOptions, notImplemented } from "../../gitops/index.ts";
import type { KubeObject, Stored } from "../../kube/index.ts";

/** Where platform GitSyncs live. */
export const SYSTEM_NAMESPACE = "flyteops-system";
const PLATFORM_ACCOUNT = "flyteops-platform";

/** What a GitSync may do, decided before anything is fetched. */
export interface Standing {
  readonly tenant: CheckOptions["tenant"];
  /** ServiceAccount of its own namespace that every write is made as. */
  readonly account: string;
}

function refuse(reason: string, message: string): never {
  throw new TerminalFailure(reason, message);
}

/** Parts of the spec that do not work yet, as text for a condition; undefined when there is none. */
export function unfinishedParts({ spec }: GitSync): string | undefined {
  const found = notImplemented(GitSyncKind.kind, spec as unknown as JsonObject).map(({ message }) => message);
  return found.length === 0 ? undefined : `${found.join("; ")}. Nothing is applied until they are removed`;
}

/** Platform or tenant, by the rules of the two levels. Throws TerminalFailure NotAllowed. */
export function standingOf(sync: Stored<GitSync>, namespace: KubeObject | undefined): Standing {
  const { project, domain, serviceAccountName } = sync.spec;
  const where = sync.metadata.namespace ?? "";
  const labels = namespace?.metadata.labels ?? {};
  if (where === SYSTEM_NAMESPACE) {
    if (project !== undefined) refuse("NotAllowed", `a GitSync with a project belongs in that project's namespace, not in ${SYSTEM_NAMESPACE}`);
    return { tenant: undefined, account: serviceAccountName ?? PLATFORM_ACCOUNT };
  }
  if (project === undefined || domain === undefined) refuse("NotAllowed", `outside ${SYSTEM_NAMESPACE} a GitSync names its project and domain`);
  if (labels[LABEL.project] !== project || labels[LABEL.domain] !== domain) {
    const own =
      labels[LABEL.project] === undefined
        ? `namespace ${where} belongs to no project`
        : `namespace ${where} belongs to ${labels[LABEL.project]}, ${labels[LABEL.domain]}`;
    refuse("NotAllowed", `project ${project}, domain ${domain}: ${own}`);
  }
  return { tenant: { project, domain }, account: serviceAccountName ?? `${project}-sync` };
}

export function impersonation(sync: Stored<GitSync>, account: string): { readonly user: string } {
  return { user: `system:serviceaccount:${sync.metadata.namespace}:${account}` };
}
