import type { KubeObject } from "../../../kube/index.ts";
import type { Core } from "../core.ts";
import { objectKey } from "../storage/entry.ts";
import { failure, forbidden, notFound } from "../status.ts";
import { subjectOf, type Target } from "../wire/target.ts";

const NAMESPACES = { group: "", plural: "namespaces", kind: "Namespace" };

/** Namespaces that the server makes itself and never lets go. */
export const SYSTEM_NAMESPACES: readonly string[] = ["default", "kube-system", "kube-public", "kube-node-lease"];
const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** Creating needs a namespace that exists and is not on its way out. */
export function admitCreate(core: Core, target: Target, object: KubeObject): void {
  if (target.kind.terminating) throw failure(405, "MethodNotAllowed", "create not allowed while custom resource definition is terminating", {});
  if (!target.kind.namespaced) return;
  const { namespace } = target;
  const entry = core.store.head(objectKey("/namespaces", "", namespace));
  if (!entry) throw notFound(NAMESPACES, namespace);
  if (!entry.object.metadata.deletionTimestamp) return;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(subjectOf(target), object.metadata.name ?? "", `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: "NamespaceTerminating", message, field: "metadata.namespace" },
  ]);
}

/** Some namespaces may not be deleted. */
export function admitDelete(target: Target): void {
  if (target.kind.collection === "/namespaces" && IMMORTAL.has(target.name)) throw forbidden(NAMESPACES, target.name, "this namespace may not be deleted");
}
