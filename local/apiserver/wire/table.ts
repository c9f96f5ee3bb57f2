import type { KubeObject } from "../../../kube/index.ts";
import type { ServedKind } from "../kinds/served-kind.ts";

/** What stands beside the cells of a row. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableView {
  readonly kind: ServedKind;
  readonly format: { readonly version: "v1" | "v1beta1" };
  readonly include: IncludeObject;
  readonly now: number;
}

/** Metadata alone. */
export function partialObject(object: KubeObject, version: string): Record<string, unknown> {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

function rowObject(view: TableView, object: KubeObject): unknown {
  if (view.include === "Object") return object;
  return view.include === "None" ? null : partialObject(object, view.format.version);
}

/** meta.k8s.io Table of these objects, as `kubectl get` prints it. */
export function tableOf(view: TableView, objects: readonly KubeObject[], metadata: object): Record<string, unknown> {
  const { columns } = view.kind;
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${view.format.version}`,
    metadata,
    columnDefinitions: columns.map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? "",
      description: description ?? "",
      priority,
    })),
    rows: objects.map((object) => ({ cells: columns.map((column) => column.cell(object, view.now) ?? null), object: rowObject(view, object) })),
  };
}
