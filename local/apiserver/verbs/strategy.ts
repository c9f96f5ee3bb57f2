import { jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import type { Core } from "../core.ts";
import { prepareDefinition } from "../kinds/definition-status.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { podStatus } from "./pod-status.ts";
import { giveAddresses, keepAddresses } from "./service-addresses.ts";

/** What the server itself writes into an object of a kind before it is checked. Objects are changed in place and belong to the caller. */
export interface Strategy {
  create(core: Core, kind: ServedKind, object: KubeObject): void;
  /** @param live what is stored now; not to be changed */
  update(core: Core, kind: ServedKind, object: KubeObject, live: KubeObject, subresource: string): void;
}

function copyField(from: KubeObject, to: KubeObject, field: string): void {
  if (from[field] === undefined) delete to[field];
  else to[field] = from[field];
}

/** /status of a custom kind changes nothing but status; of a built-in kind it may change labels, annotations and finalizers too. */
function keepAllButStatus(kind: ServedKind, object: KubeObject, live: KubeObject): void {
  const fields = new Set([...Object.keys(object), ...Object.keys(live)]);
  for (const field of fields) if (!["metadata", "status", "apiVersion", "kind"].includes(field)) copyField(live, object, field);
  if (!kind.builtin) {
    const { managedFields, resourceVersion } = object.metadata;
    object.metadata = { ...live.metadata, ...(managedFields ? { managedFields } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  } else if (live.metadata.ownerReferences) object.metadata.ownerReferences = live.metadata.ownerReferences;
  else delete object.metadata.ownerReferences;
}

/** The parts of an object whose change counts as a new generation. */
function countedParts(kind: ServedKind, object: KubeObject): Record<string, unknown> {
  const parts: Record<string, unknown> = { ...object };
  for (const field of ["metadata", "apiVersion", "kind"]) delete parts[field];
  if (kind.subresources.includes("status")) delete parts["status"];
  return parts;
}

const common: Strategy = {
  create(_core, kind, object) {
    if (kind.subresources.includes("status")) delete object["status"];
  },
  update(_core, kind, object, live, subresource) {
    if (subresource === "status") keepAllButStatus(kind, object, live);
    else if (kind.subresources.includes("status")) copyField(live, object, "status");
    if (!kind.counted) return;
    const generation = Number(live.metadata.generation ?? 0);
    object.metadata.generation = jsonEqual(countedParts(kind, object), countedParts(kind, live)) ? generation : generation + 1;
    if (object.metadata.generation === 0) delete object.metadata.generation;
  },
};

const pod: Strategy = {
  create(core, kind, object) {
    common.create(core, kind, object);
    object["status"] = podStatus(object);
  },
  update: common.update,
};

interface NamespaceSpec {
  finalizers?: string[];
}

const namespace: Strategy = {
  create(core, kind, object) {
    common.create(core, kind, object);
    const spec = (object["spec"] ?? {}) as NamespaceSpec;
    if (!spec.finalizers?.includes("kubernetes")) spec.finalizers = [...(spec.finalizers ?? []), "kubernetes"];
    object["spec"] = spec;
    object["status"] = { phase: "Active" };
  },
  update(core, kind, object, live, subresource) {
    if (subresource === "finalize") copyField(live, object, "status");
    else {
      common.update(core, kind, object, live, subresource);
      copyField(live, object, "spec");
    }
  },
};

const definition: Strategy = {
  create(core, kind, object) {
    common.create(core, kind, object);
    prepareDefinition(core, object, undefined);
  },
  update(core, kind, object, live, subresource) {
    common.update(core, kind, object, live, subresource);
    if (subresource === "") prepareDefinition(core, object, live);
  },
};

const service: Strategy = {
  create(core, kind, object) {
    common.create(core, kind, object);
    giveAddresses(core, object);
    object["status"] = { loadBalancer: {} };
  },
  update(core, kind, object, live, subresource) {
    common.update(core, kind, object, live, subresource);
    if (subresource !== "") return;
    keepAddresses(object, live);
    giveAddresses(core, object, live);
  },
};

const BY_COLLECTION: ReadonlyMap<string, Strategy> = new Map([
  ["/pods", pod],
  ["/namespaces", namespace],
  ["/services", service],
  ["apiextensions.k8s.io/customresourcedefinitions", definition],
]);

export function strategyOf(kind: ServedKind): Strategy {
  return BY_COLLECTION.get(kind.collection) ?? common;
}
