import { stringify as stringifyYaml } from "yaml";
import { stringifyJson } from "../base/index.ts";
import type { KubeObject } from "../kube/index.ts";
import type { CliDeps } from "./context.ts";

export const OUTPUT_FORMATS = ["table", "wide", "json", "yaml", "name"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** One JSON or YAML document on standard output. */
export function printDocument(deps: CliDeps, format: "json" | "yaml", value: unknown): void {
  deps.out.write(format === "json" ? `${stringifyJson(value, 2)}\n` : stringifyYaml(value, { aliasDuplicateObjects: false }));
}

/** `runs.flyte.org/name`, the form kubectl takes back. */
export function resourceName(kind: { readonly plural: string; readonly group: string }, object: KubeObject): string {
  const resource = kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
  return `${resource}/${object.metadata.name ?? ""}`;
}

/** The list that kubectl prints for several objects. */
export function asList(items: readonly KubeObject[]): unknown {
  return { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items };
}
