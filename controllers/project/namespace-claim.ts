import { ANNOTATION, LABEL } from "../../base/index.ts";
import type { KubeObject, Stored } from "../../kube/index.ts";

export type NamespaceClaim = "ours" | "absent" | "adoptable" | "taken" | "terminating";

/** Whose a namespace is. One that exists without our uid is never adopted unless an operator has said so on the namespace itself. */
export function claimOn(namespace: Stored<KubeObject> | undefined, project: { readonly name: string; readonly uid: string }): NamespaceClaim {
  if (!namespace) return "absent";
  const { labels, annotations, deletionTimestamp } = namespace.metadata;
  if (deletionTimestamp !== undefined) return "terminating";
  if (labels?.[LABEL.projectUid] === project.uid) return "ours";
  return annotations?.[ANNOTATION.adopt] === project.name ? "adoptable" : "taken";
}
