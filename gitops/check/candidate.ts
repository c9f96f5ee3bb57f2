import type { JsonObject } from "../../base/index.ts";
import type { AnyKind } from "../../schema/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { Position } from "../problem.ts";
import type { FileReference } from "../repository-object.ts";

/** Something wrong inside one document, before its position is known. */
export interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly severity: "error" | "warning";
  readonly path: readonly (string | number)[];
  /** Whether the key or the value at `path` is meant. */
  readonly of?: "key" | "value";
}

/** One document that is, or wants to be, an object of ours. It depends on the blob and the options alone. */
export interface Admitted {
  readonly index: number;
  readonly position: Position;
  /** Absent when not even the identity is known. */
  readonly identity: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined;
  readonly kind: AnyKind | undefined;
  /** With its namespace; usable only without errors among `complaints`. */
  readonly object: KubeObject;
  /** Defaulted spec; only for objects without errors. */
  readonly spec: JsonObject | undefined;
  readonly digest: string;
  readonly complaints: readonly Complaint[];
}

/** An admitted document in one repository revision. */
export interface Candidate extends Admitted {
  readonly key: string;
  readonly file: string;
  readonly identity: NonNullable<Admitted["identity"]>;
  references: readonly FileReference[];
  /** What later checks found. */
  readonly found: Complaint[];
}

export function error(code: string, message: string, path: Complaint["path"], of: "key" | "value" = "value"): Complaint {
  return { code, message, severity: "error", path, of };
}

export function warning(code: string, message: string, path: Complaint["path"]): Complaint {
  return { code, message, severity: "warning", path };
}

export function isInvalid(candidate: Candidate): boolean {
  const isError = ({ severity }: Complaint) => severity === "error";
  return candidate.complaints.some(isError) || candidate.found.some(isError);
}
