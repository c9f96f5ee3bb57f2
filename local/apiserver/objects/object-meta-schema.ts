import { compileStructural, type JsonSchema, type Structural } from "../../../schema/structural/index.ts";

const TEXT: JsonSchema = { type: "string" };
const TEXT_MAP: JsonSchema = { type: "object", additionalProperties: TEXT };

const OWNER_REFERENCE: JsonSchema = {
  type: "object",
  "x-kubernetes-map-type": "atomic",
  properties: { apiVersion: TEXT, blockOwnerDeletion: { type: "boolean" }, controller: { type: "boolean" }, kind: TEXT, name: TEXT, uid: TEXT },
};

const OBJECT_META: JsonSchema = {
  type: "object",
  properties: {
    name: TEXT,
    generateName: TEXT,
    namespace: TEXT,
    selfLink: TEXT,
    uid: TEXT,
    resourceVersion: TEXT,
    generation: { type: "integer" },
    creationTimestamp: TEXT,
    deletionTimestamp: TEXT,
    deletionGracePeriodSeconds: { type: "integer" },
    labels: TEXT_MAP,
    annotations: TEXT_MAP,
    finalizers: { type: "array", items: TEXT, "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge" },
    ownerReferences: {
      type: "array",
      items: OWNER_REFERENCE,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["uid"],
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "uid",
    },
    managedFields: { type: "array", items: { type: "object", "x-kubernetes-preserve-unknown-fields": true }, "x-kubernetes-list-type": "atomic" },
  },
};

/** The metadata of every object, whatever a CRD's own schema says about it. */
export const objectMetaSchema: Structural = compileStructural(OBJECT_META);
export const textSchema: Structural = compileStructural(TEXT);
