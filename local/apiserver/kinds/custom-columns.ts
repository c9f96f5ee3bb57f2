import { stringifyJson } from "../../../base/index.ts";
import { ageOf } from "../wire/age.ts";
import { jsonPath, type JsonPath } from "./json-path.ts";
import type { TableColumn } from "./served-kind.ts";

/** An entry of `additionalPrinterColumns`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
}

export const NAME_COLUMN: TableColumn = {
  name: "Name",
  type: "string",
  format: "name",
  description:
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
  priority: 0,
  cell: (object) => object.metadata.name,
};

/** The age of a custom kind that declares no columns. */
const AGE_COLUMN: TableColumn = {
  name: "Age",
  type: "date",
  description:
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
  priority: 0,
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

function printed(values: readonly unknown[]): string {
  return values.map((value) => (typeof value === "string" ? value : stringifyJson(value))).join(" ");
}

function cellOf(type: string, values: readonly unknown[], now: number): unknown {
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      return typeof value === "number" || typeof value === "bigint" ? value : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return ageOf(value, now);
    default:
      return printed(values);
  }
}

function customColumn(column: PrinterColumn): TableColumn {
  const read: JsonPath = jsonPath(column.jsonPath);
  return {
    name: column.name,
    type: column.type as TableColumn["type"],
    ...(column.format === undefined ? {} : { format: column.format }),
    description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: Number(column.priority ?? 0),
    cell: (object, now) => cellOf(column.type, read(object), now),
  };
}

/** What `kubectl get` shows of a custom kind: its name, then its own columns, or else its age. */
export function customColumns(columns: readonly PrinterColumn[] | undefined): TableColumn[] {
  return columns && columns.length > 0 ? [NAME_COLUMN, ...columns.map(customColumn)] : [NAME_COLUMN, AGE_COLUMN];
}
