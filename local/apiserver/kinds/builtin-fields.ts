import type { KubeObject } from "../../../kube/index.ts";
import { jsonPath } from "./json-path.ts";

const EVENT_OBJECT = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

/** Field selector → where its value is. */
const PATHS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/pods": {
    "spec.nodeName": ".spec.nodeName",
    "spec.restartPolicy": ".spec.restartPolicy",
    "spec.schedulerName": ".spec.schedulerName",
    "spec.serviceAccountName": ".spec.serviceAccountName",
    "spec.hostNetwork": ".spec.hostNetwork",
    "status.phase": ".status.phase",
    "status.podIP": ".status.podIP",
    "status.nominatedNodeName": ".status.nominatedNodeName",
  },
  "/events": {
    ...Object.fromEntries(EVENT_OBJECT.map((field) => [`involvedObject.${field}`, `.involvedObject.${field}`])),
    reason: ".reason",
    type: ".type",
    reportingComponent: ".reportingComponent",
    source: ".source.component",
  },
  "events.k8s.io/events": {
    ...Object.fromEntries(EVENT_OBJECT.map((field) => [`regarding.${field}`, `.regarding.${field}`])),
    reason: ".reason",
    type: ".type",
    reportingController: ".reportingController",
  },
  "/nodes": { "spec.unschedulable": ".spec.unschedulable" },
  "/namespaces": { "status.phase": ".status.phase", name: ".metadata.name" },
  "/secrets": { type: ".type" },
  "/services": { "spec.clusterIP": ".spec.clusterIP", "spec.type": ".spec.type" },
  "apps/replicasets": { "status.replicas": ".status.replicas" },
};

/** What a boolean that is absent compares equal to. */
const ABSENT: Readonly<Record<string, string>> = { "spec.hostNetwork": "false", "spec.unschedulable": "false", "status.replicas": "0" };

/** The field selectors of a built-in kind besides name and namespace. */
export function builtinFields(group: string, plural: string): ReadonlyMap<string, (object: KubeObject) => string> {
  const fields = Object.entries(PATHS[`${group}/${plural}`] ?? {}).map(([name, path]) => {
    const read = jsonPath(path);
    return [name, (object: KubeObject) => String(read(object)[0] ?? ABSENT[name] ?? "")] as const;
  });
  return new Map(fields);
}
