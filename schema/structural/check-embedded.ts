import { isFields } from "../../base/index.ts";
import type { Cause } from "./cause.ts";
import { invalid, required } from "./field-error.ts";
import type { Structural } from "./structural.ts";

const LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const KIND_RULE =
  "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** An object inside an object says what it is, as every object does. */
function checkType(value: Readonly<Record<string, unknown>>, path: string): Cause[] {
  const causes: Cause[] = [];
  const { apiVersion, kind } = value;
  if (apiVersion === undefined || apiVersion === "") causes.push(required(`${path}.apiVersion`, ""));
  else if (typeof apiVersion === "string" && apiVersion.split("/").length > 2)
    causes.push(invalid(`${path}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  if (kind === undefined || kind === "") causes.push(required(`${path}.kind`, ""));
  else if (typeof kind === "string" && (kind.length > 63 || !LABEL.test(kind.toLowerCase()))) causes.push(invalid(`${path}.kind`, kind, KIND_RULE));
  return causes;
}

/** The apiVersion and kind of every embedded resource (`x-kubernetes-embedded-resource`) in a value. */
export function checkEmbedded(node: Structural, value: unknown, path = ""): Cause[] {
  if (!node.hasEmbedded) return [];
  if (Array.isArray(value)) {
    const { items } = node;
    return items ? value.flatMap((item, index) => checkEmbedded(items, item, `${path}[${index}]`)) : [];
  }
  if (!isFields(value)) return [];
  const causes = node.embedded && path !== "" ? checkType(value, path) : [];
  for (const [key, field] of Object.entries(value)) {
    const named = node.properties.get(key);
    const child = named ?? (node.additional === "any" ? undefined : node.additional);
    const below = named ? (path === "" ? key : `${path}.${key}`) : `${path}[${key}]`;
    if (child) causes.push(...checkEmbedded(child, field, below));
  }
  return causes;
}
