import type { KindRef, ObjectRef } from "./object.ts";

/** `/api/v1` or `/apis/<group>/<version>`. */
export function groupPath(kind: Pick<KindRef, "group" | "version">): string {
  return kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
}

/** The collection of a kind: one namespace's, or all of them when no namespace is given. */
export function collectionPath(kind: KindRef, namespace?: string): string {
  const scope = kind.namespaced && namespace !== undefined && namespace !== "" ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${groupPath(kind)}${scope}/${kind.plural}`;
}

export function objectPath(kind: KindRef, ref: ObjectRef, subresource?: string): string {
  const path = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** `?a=1&b=2` of the defined parameters, "" when there are none. */
export function queryString(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => (value === undefined || value === "" ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
