const text = { type: "string" };
const number = { type: "integer" };

const schema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: {
        size: { ...number, minimum: 1, maximum: 100 },
        color: { ...text, enum: ["red", "green"], default: "red" },
        code: { ...text, pattern: "^[a-z]+$", maxLength: 5 },
        when: { ...text, format: "date-time" },
        big: { ...number, format: "int64" },
        tags: { type: "array", items: text, "x-kubernetes-list-type": "set" },
        parts: {
          type: "array",
          items: { type: "object", required: ["name"], properties: { name: text, port: { ...number, default: 80 }, count: number } },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name", "port"],
        },
        steps: { type: "array", items: text },
        labels: { type: "object", additionalProperties: text },
        settings: { type: "object", "x-kubernetes-map-type": "atomic", additionalProperties: text },
        open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        limit: { "x-kubernetes-int-or-string": true },
        note: { ...text, nullable: true },
        frozen: { ...text, "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "frozen is immutable" }] },
        either: { type: "object", properties: { a: text, b: text }, oneOf: [{ required: ["a"] }, { required: ["b"] }] },
        nested: { type: "object", default: {}, properties: { level: { ...number, default: 3 } } },
      },
      "x-kubernetes-validations": [{ rule: "!has(self.size) || self.size != 13", message: "13 brings bad luck" }],
    },
    status: {
      type: "object",
      properties: {
        phase: text,
        conditions: {
          type: "array",
          items: { type: "object", required: ["type"], properties: { type: text, status: text } },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["type"],
        },
      },
    },
  },
};

export const API_VERSION = "conformance.flyteops.dev/v1";
/** Gadgets of all namespaces. */
export const GADGETS = "/apis/conformance.flyteops.dev/v1/gadgets";

/** A kind with one field for everything that a structural schema can say. */
export const gadgetDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.conformance.flyteops.dev" },
  spec: {
    group: "conformance.flyteops.dev",
    scope: "Namespaced",
    names: { plural: "gadgets", singular: "gadget", kind: "Gadget", shortNames: ["gad"], categories: ["conformance"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: "Size", type: "integer", jsonPath: ".spec.size" },
          { name: "Phase", type: "string", jsonPath: ".status.phase" },
          { name: "Color", type: "string", jsonPath: ".spec.color", priority: 1 },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: { openAPIV3Schema: schema },
      },
    ],
  },
};

export function gadget(name: string, spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): Record<string, unknown> {
  return { apiVersion: API_VERSION, kind: "Gadget", metadata: { name, ...metadata }, spec };
}
