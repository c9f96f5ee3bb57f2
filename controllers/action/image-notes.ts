import { type Informer, type InformerSet, Kinds, type KubeObject, type ReconcileRun, type Stored } from "../../kube/index.ts";

/** On a machine that pulls no images the kubelet says what runs instead; elsewhere no such Event exists. */
export const IMAGE_EVENTS = { kind: Kinds.Event, fieldSelector: "reason=ImageNotUsed" };
const BY_POD = "pod";

interface PodEvent extends KubeObject {
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
  readonly message?: string;
}

export function imageEvents(informers: InformerSet): Informer<PodEvent> {
  const events = informers.of<PodEvent>(IMAGE_EVENTS);
  events.addIndex(BY_POD, ({ involvedObject }) => (involvedObject?.uid === undefined ? [] : [involvedObject.uid]));
  return events;
}

/** `namespace/name` of the pod that an Event is about. */
export function podKeyOf(event: Stored): string | undefined {
  const about = (event as Stored<PodEvent>).involvedObject;
  return about?.kind === "Pod" && about.name !== undefined ? `${event.metadata.namespace ?? ""}/${about.name}` : undefined;
}

/** Repeats the note on the action, where people look. */
export function markImageNotUsed(events: Informer<PodEvent>, pods: readonly Stored[], run: ReconcileRun): void {
  const notes = new Set(pods.flatMap((pod) => events.byIndex(BY_POD, pod.metadata.uid)).map(({ message }) => message ?? ""));
  if (notes.size > 0) run.mark("ImageNotUsed", "ImageNotUsed", [...notes].sort().join("; "));
}
