import { LABEL } from "../../base/index.ts";
import type { KubeObject } from "../../kube/index.ts";

/** Whose a live object is, by its labels and annotations. */
export type Owner = { readonly kind: "us" | "nobody" } | { readonly kind: "other" | "vanished"; readonly name: string };

/** The GitSync that plans, and what it knows of others. */
export interface Self {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Whether a GitSync with this uid exists. */
  exists(uid: string): boolean;
}

export function ownerOf(live: KubeObject, self: Self): Owner {
  const { labels = {}, annotations = {} } = live.metadata;
  const uid = labels[LABEL.syncUid];
  if (uid === self.uid) return { kind: "us" };
  const name = labels[LABEL.sync] ?? uid ?? "";
  if (uid !== undefined) return { kind: self.exists(uid) ? "other" : "vanished", name: `GitSync ${name}` };
  const argo = annotations["argocd.argoproj.io/tracking-id"];
  if (argo !== undefined) return { kind: "other", name: `Argo CD application ${argo.split(":")[0]}` };
  const flux = labels["kustomize.toolkit.fluxcd.io/name"] ?? labels["helm.toolkit.fluxcd.io/name"];
  return flux === undefined ? { kind: "nobody" } : { kind: "other", name: `Flux ${flux}` };
}

/** For people: `<namespace>.<name>`. A label holds at most 63 characters; identity is the uid. */
export function ownerLabel({ namespace, name }: Self): string {
  const label = `${namespace}.${name}`;
  return label.length <= 63 ? label : label.slice(0, 63).replace(/[^A-Za-z0-9]+$/, "");
}

/** Labels by which an object is known as ours. */
export function ownerLabels(self: Self): Record<string, string> {
  return { [LABEL.sync]: ownerLabel(self), [LABEL.syncUid]: self.uid };
}
