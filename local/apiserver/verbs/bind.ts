import { copyJson, rfc3339 } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { trackUpdate } from "../objects/index.ts";
import type { Core } from "../core.ts";
import { fromStored, toStored } from "../kinds/served-kind.ts";
import { badRequest, conflict, notFound } from "../status.ts";
import { decodeBody, objectOf } from "../wire/decode.ts";
import { writeOptions } from "../wire/options.ts";
import { type Call, subjectOf } from "../wire/target.ts";
import { writeOf } from "./settle.ts";
import { keyOfTarget } from "./update.ts";

interface Condition {
  type: string;
  status: string;
  lastTransitionTime?: string;
}

/** The node that a Binding names, and the uid of the pod it was made for. */
async function bindingOf(call: Call): Promise<{ readonly node: string; readonly uid: string | undefined }> {
  const { value } = await decodeBody(call.body, call.headers["content-type"], "Binding");
  const binding = objectOf(value, "Binding");
  const { kind, name } = (binding["target"] ?? {}) as { kind?: string; name?: string };
  if (kind !== undefined && kind !== "" && kind !== "Node") throw badRequest(`a pod is bound to a Node, not to a ${kind}`);
  if (!name) throw badRequest("target.name: Required value");
  return { node: name, uid: binding.metadata.uid };
}

/** The pod with its node, and the condition that says so: a scheduler never writes these fields itself. */
function bound(pod: KubeObject, node: string, now: number): KubeObject {
  const status = { ...(pod["status"] as { conditions?: Condition[] } | undefined) };
  const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: rfc3339(now) };
  const conditions = [...(status.conditions ?? []).filter(({ type }) => type !== "PodScheduled"), scheduled];
  return { ...pod, spec: { ...(pod["spec"] as object), nodeName: node }, status: { ...status, conditions } };
}

/** POST to a pod's `binding`: gives it to a node, once. Answers the Status that the real server answers. */
export async function bindPod(core: Core, call: Call): Promise<KubeObject> {
  const { kind, name } = call.target;
  const options = writeOptions(call.query, "CreateOptions");
  const { node, uid } = await bindingOf(call);
  const write = writeOf(core, call, options.fieldManager);
  for (;;) {
    const entry = core.store.head(keyOfTarget(call.target));
    if (!entry) throw notFound(subjectOf(call.target), name);
    const pod = fromStored(kind, entry.object);
    const subject = { ...subjectOf(call.target), plural: "pods/binding" };
    if (uid && uid !== pod.metadata.uid)
      throw conflict(subject, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
    if (pod.metadata.deletionTimestamp) throw conflict(subject, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    const { nodeName } = pod["spec"] as { nodeName?: string };
    if (nodeName) throw conflict(subject, name, `pod ${name} is already assigned to node "${nodeName}"`);
    const next = trackUpdate(pod, bound(copyJson(pod), node, core.clock.now()), write);
    if (options.dryRun || (await core.store.put(entry, { ...entry, object: toStored(kind, next) })) !== false) break;
  }
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}
