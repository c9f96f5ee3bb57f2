import { invariant } from "../../../base/index.ts";
import type { Structural } from "../../../schema/structural/index.ts";
import { builtinSchema } from "../objects/index.ts";
import { builtinColumns } from "./builtin-columns.ts";
import { builtinFields } from "./builtin-fields.ts";
import { BUILTIN_ROWS, type BuiltinRow } from "./builtin-table.ts";
import { eventConversion } from "./event-conversion.ts";
import { WORKLOAD_SCALE } from "./scale-paths.ts";
import type { ServedKind } from "./served-kind.ts";

function schemaOf(row: BuiltinRow): Structural {
  const schema = builtinSchema(row.group, row.version, row.kind);
  invariant(schema, `no schema of ${row.group}/${row.version} ${row.kind}`);
  return schema;
}

function served(row: BuiltinRow): ServedKind {
  const apiVersion = row.group === "" ? row.version : `${row.group}/${row.version}`;
  const otherEvents = row.group === "events.k8s.io";
  let schema: Structural | undefined;
  return {
    group: row.group,
    version: row.version,
    kind: row.kind,
    plural: row.plural,
    singular: row.singular,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    namespaced: row.namespaced,
    listKind: `${row.kind}List`,
    apiVersion,
    collection: otherEvents ? "/events" : `${row.group}/${row.plural}`,
    storedAs: { apiVersion: otherEvents ? "v1" : apiVersion, kind: row.kind },
    builtin: true,
    get schema() {
      return (schema ??= schemaOf(row));
    },
    subresources: row.subresources ?? [],
    counted: row.counted ?? false,
    createOnUpdate: row.createOnUpdate ?? false,
    unconditionalUpdate: row.conditionalUpdate !== true,
    returnsDeleted: row.returnsDeleted ?? false,
    columns: builtinColumns(row.group, row.plural),
    selectableFields: builtinFields(row.group, row.plural),
    ...(row.subresources?.includes("scale") ? { scale: WORKLOAD_SCALE } : {}),
    ...(row.deprecation === undefined ? {} : { deprecation: row.deprecation }),
    ...(otherEvents ? { conversion: eventConversion } : {}),
  };
}

/** Every kind that is served without a definition. */
export function builtinKinds(): ServedKind[] {
  return BUILTIN_ROWS.map(served);
}
