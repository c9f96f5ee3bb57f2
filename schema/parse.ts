import type { Fields } from "../base/index.ts";
import { fillDefaults } from "./fill-defaults.ts";
import type { AnyKind } from "./kind.ts";
import { InvalidObject } from "./problem.ts";

/** Drops unknown fields, fills defaults and validates, as the API server does. Throws InvalidObject with every problem. */
export function parseObject(kind: AnyKind, object: unknown): unknown {
  const { status, ...manifest } = (object ?? {}) as Fields;
  const parsed: Record<string, unknown> = {
    apiVersion: manifest["apiVersion"],
    kind: manifest["kind"],
    metadata: manifest["metadata"],
    spec: fillDefaults(kind.spec.node, manifest["spec"]),
  };
  const problems = kind.check(parsed);
  if (problems.length > 0) throw new InvalidObject(nameOf(kind, manifest), problems);
  return status === undefined ? parsed : { ...parsed, status: fillDefaults(kind.status.node, status) };
}

function nameOf(kind: AnyKind, manifest: Fields): string {
  const name = (manifest["metadata"] as Fields | undefined)?.["name"];
  return typeof name === "string" ? `${kind.kind} ${name}` : kind.kind;
}
