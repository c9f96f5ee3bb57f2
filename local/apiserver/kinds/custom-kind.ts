import type { KubeObject } from "../../../kube/index.ts";
import { compileStructural, type Structural } from "../../../schema/structural/index.ts";
import { customColumns } from "./custom-columns.ts";
import type { Definition, DefinitionVersion } from "./definition.ts";
import { jsonPath } from "./json-path.ts";
import { declaredScale } from "./scale-paths.ts";
import type { ServedKind } from "./served-kind.ts";

const OPEN = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;

function isTrue(definition: Definition, type: string): boolean {
  return definition.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

function selectable(version: DefinitionVersion): ServedKind["selectableFields"] {
  const fields = (version.selectableFields ?? []).map(({ jsonPath: path }) => {
    const read = jsonPath(path);
    return [path.replace(/^\./, ""), (object: KubeObject) => String(read(object)[0] ?? "")] as const;
  });
  return new Map(fields);
}

function deprecationOf(definition: Definition, version: DefinitionVersion): { deprecation?: string } {
  if (!version.deprecated) return {};
  const { group, names } = definition.spec;
  return { deprecation: version.deprecationWarning ?? `${group}/${version.name} ${names.kind} is deprecated` };
}

function customKind(definition: Definition, version: DefinitionVersion, storage: string): ServedKind {
  const { group, names, scope } = definition.spec;
  let schema: Structural | undefined;
  return {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === "Namespaced",
    listKind: names.listKind ?? `${names.kind}List`,
    apiVersion: `${group}/${version.name}`,
    collection: `${group}/${names.plural}`,
    storedAs: { apiVersion: `${group}/${storage}`, kind: names.kind },
    builtin: false,
    /** Compiled when the first request needs it: a start has no time for nine kinds at once. */
    get schema() {
      return (schema ??= compileStructural(version.schema?.openAPIV3Schema ?? OPEN));
    },
    subresources: [...(version.subresources?.status ? ["status"] : []), ...(version.subresources?.scale ? ["scale"] : [])],
    ...(version.subresources?.scale ? { scale: declaredScale(version.subresources.scale) } : {}),
    counted: true,
    createOnUpdate: false,
    unconditionalUpdate: false,
    returnsDeleted: false,
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: selectable(version),
    ...deprecationOf(definition, version),
    terminating: isTrue(definition, "Terminating"),
  };
}

/** The kinds a definition serves, one per served version; none until its names are accepted. */
export function customKinds(definition: Definition): ServedKind[] {
  if (!isTrue(definition, "Established")) return [];
  const { versions } = definition.spec;
  const storage = versions.find((version) => version.storage)?.name ?? "";
  return versions.filter((version) => version.served).map((version) => customKind(definition, version, storage));
}
