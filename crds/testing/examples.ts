import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { AnyKind } from "../../schema/index.ts";

/** A manifest that may be taken apart. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; [field: string]: unknown };
  spec: Record<string, unknown>;
  [field: string]: unknown;
}

/** A fresh copy of the example of a kind, as on its reference page. */
export function exampleOf(kind: { readonly singular: string }): Manifest {
  return parse(readFileSync(`crds/testdata/examples/${kind.singular}.yaml`, "utf8")) as Manifest;
}

/** The example with one change: `value` put at the dotted path (undefined removes the field; a number is a position of a list). */
export function changed(kind: AnyKind, path: string, value: unknown): Manifest {
  const manifest = exampleOf(kind);
  const steps = path.split(".").map((step) => step.replaceAll("%", "."));
  const last = steps.pop() ?? "";
  const parent = steps.reduce<Record<string, unknown>>((at, step) => (at[step] ??= {}) as Record<string, unknown>, manifest as Record<string, unknown>);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return manifest;
}
