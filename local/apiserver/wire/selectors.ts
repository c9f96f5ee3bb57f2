import type { KubeObject } from "../../../kube/index.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { badRequest } from "../status.ts";
import { parseLabelSelector } from "./label-selector.ts";

export type Matches = (object: KubeObject) => boolean;

interface FieldTerm {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

function unescaped(text: string): string {
  return text.replace(/\\([\\,=])/g, "$1");
}

function fieldTerms(selector: string): FieldTerm[] {
  const terms = selector.split(/(?<!\\),/).filter((term) => term !== "");
  return terms.map((term) => {
    const parts = /^((?:[^=!\\]|\\.)*)(==|!=|=)(.*)$/s.exec(term);
    if (!parts) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
    const [, field = "", operator, value = ""] = parts;
    return { field, value: unescaped(value), equal: operator !== "!=" };
  });
}

function fieldReader(kind: ServedKind, field: string): (object: KubeObject) => string {
  if (field === "metadata.name") return (object) => object.metadata.name ?? "";
  if (field === "metadata.namespace" && kind.namespaced) return (object) => object.metadata.namespace ?? "";
  const reader = kind.selectableFields.get(field);
  if (reader) return reader;
  if (kind.builtin && kind.selectableFields.size === 0)
    throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
  throw badRequest(`field label not supported: ${field}`);
}

function fieldMatcher(kind: ServedKind, selector: string): Matches {
  const tests = fieldTerms(selector).map(({ field, value, equal }) => ({ read: fieldReader(kind, field), value, equal }));
  return (object) => tests.every(({ read, value, equal }) => (read(object) === value) === equal);
}

/** What labelSelector and fieldSelector of a query ask for; undefined when everything matches. Throws 400. */
export function selection(kind: ServedKind, query: URLSearchParams): Matches | undefined {
  const [labels, fields] = [query.get("labelSelector") ?? "", query.get("fieldSelector") ?? ""];
  const tests: Matches[] = [];
  if (labels !== "") {
    const matches = parseLabelSelector(labels);
    tests.push((object) => matches(object.metadata.labels ?? {}));
  }
  if (fields !== "") tests.push(fieldMatcher(kind, fields));
  if (tests.length === 0) return undefined;
  return tests.length === 1 ? tests[0] : (object) => tests.every((test) => test(object));
}
