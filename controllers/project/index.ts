import { LABEL } from "../../base/index.ts";
import { type Project, ProjectKind } from "../../crds/index.ts";
import { type Controller, controller, type ControllerDeps, type InformerSet, Kinds, type Watch } from "../../kube/index.ts";
import { projectReconciler } from "./project-reconciler.ts";
import type { StorageSecret } from "./storage-secret.ts";

export { projectReconciler } from "./project-reconciler.ts";
export type { StorageSecret } from "./storage-secret.ts";

/** A Secret that changes is copied anew into every namespace. */
function watchOf(informers: InformerSet, { name, namespace }: StorageSecret): Watch {
  const projects = informers.of<Project>({ kind: ProjectKind });
  return { kind: Kinds.Secret, namespace, fieldSelector: `metadata.name=${name}`, keysOf: () => projects.list().map(({ metadata }) => metadata.name) };
}

/** Follows Projects and the namespaces they own: a namespace that changes or goes wakes its Project. So does the Secret that is copied into them, if any. */
export function projectController(deps: ControllerDeps & { readonly storageSecret?: StorageSecret | undefined }): Controller {
  const { informers, storageSecret } = deps;
  return controller(deps, {
    reconciler: projectReconciler({ client: informers.client, storageSecret }),
    watches: [
      {
        kind: Kinds.Namespace,
        labelSelector: LABEL.projectUid,
        keysOf: ({ metadata }) => (metadata.labels?.[LABEL.project] ? [metadata.labels[LABEL.project] as string] : []),
      },
      ...(storageSecret ? [watchOf(informers, storageSecret)] : []),
    ],
  });
}
