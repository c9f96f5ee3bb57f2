import { PART_OF } from "../base/index.ts";
import type { AnyKind, Column } from "./kind.ts";
import type { Node } from "./node.ts";
import { type Structural, structuralForm, Undeclarable, validation } from "./structural-form.ts";

const CATEGORY = "flyte";
/** Other systems have kinds of the same group and name. Whoever installs looks at this label before it touches one. */
const OWN = { [PART_OF.label]: PART_OF.value };

/** The node that a dotted path leads to. */
function nodeAt(kind: AnyKind, path: string): Node {
  const [root = "", ...steps] = path.split(".");
  let node: Node | undefined = { spec: kind.spec.node, status: kind.status.node }[root];
  for (const step of steps) node = node?.kind === "object" ? node.fields[step] : undefined;
  if (!node) throw new Undeclarable(`column ${path}`, "no such field");
  return node;
}

/** What the table printer is told: dates are shown as ages. */
function columnType(node: Node): string {
  if (node.kind === "string") return node.format === "date-time" ? "date" : "string";
  return node.kind === "integer" || node.kind === "number" || node.kind === "boolean" ? node.kind : "string";
}

function columnSource(kind: AnyKind, column: Column): { jsonPath: string; type: string } {
  if ("age" in column) return { jsonPath: ".metadata.creationTimestamp", type: "date" };
  if ("condition" in column) return { jsonPath: `.status.conditions[?(@.type=="${column.condition}")].status`, type: "string" };
  return { jsonPath: `.${column.path}`, type: columnType(nodeAt(kind, column.path)) };
}

function printerColumn(kind: AnyKind, column: Column): Structural {
  const { jsonPath, type } = columnSource(kind, column);
  return { name: column.name, type, jsonPath, description: column.doc, ...(column.wide && { priority: 1 }) };
}

/** Until a controller has seen the object, the two generations differ: kstatus, Argo CD and Flux then say "in progress", not "ready". */
const UNSEEN = { observedGeneration: -1 };

/** The whole `openAPIV3Schema` of a kind. */
export function rootSchema(kind: AnyKind): Structural {
  const rules = kind.rules.flatMap((rule) => (rule.cel === undefined ? [] : [validation(rule)]));
  return {
    description: kind.doc,
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: { type: "string", description: `${kind.group}/${kind.version}.` },
      kind: { type: "string", description: `${kind.kind}.` },
      metadata: { type: "object" },
      spec: { ...structuralForm(kind.spec.node, "spec"), description: "What is wanted." },
      status: { ...structuralForm(kind.status.node, "status"), description: "What is; written by the controllers.", default: UNSEEN },
    },
    ...(rules.length > 0 && { "x-kubernetes-validations": rules }),
  };
}

/** The CustomResourceDefinition of a kind. */
export function crdManifest(kind: AnyKind): Record<string, unknown> {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${kind.group}`, labels: OWN },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: [...kind.shortNames],
        categories: [CATEGORY],
      },
      scope: kind.namespaced ? "Namespaced" : "Cluster",
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns.map((column) => printerColumn(kind, column)),
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  };
}
