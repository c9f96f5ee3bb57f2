import type { StatusCondition, Metadata } from "./meta.ts";
import type { Problem } from "./problem.ts";
import type { Shape, TypedRule } from "./shape.ts";

/** The parts of a status that every kind has; `defineKind` adds them. */
export interface CommonStatus {
  observedGeneration?: number;
  conditions?: StatusCondition[];
}

interface ColumnFacts {
  readonly name: string;
  readonly doc: string;
  /** Shown only by `-o wide`. */
  readonly wide?: boolean;
}

/** A column of `kubectl get`: one path to a stored value, or the status of one condition. `age` is the object's own. */
export type Column<Path extends string = string, Condition extends string = string> = ColumnFacts &
  ({ readonly path: Path } | { readonly condition: Condition } | { readonly age: true });

/** The dotted paths of the declared fields of `T`; keys of maps and items of lists have none. */
export type PathIn<T> = T extends readonly unknown[]
  ? never
  : T extends object
    ? string extends keyof T
      ? never
      : { [F in keyof T & string]-?: F | `${F}.${PathIn<NonNullable<T[F]>>}` }[keyof T & string]
    : never;

export interface ObjectForm<K extends string, Spec, Status> {
  apiVersion: string;
  kind: K;
  metadata: Metadata;
  spec: Spec;
  status?: Status;
}

type Flat<T> = { [F in keyof T]: T[F] } & {};

export interface Kind<K extends string = string, Spec = unknown, AuthoredSpec = Spec, Status = unknown, Conditions extends string = string> {
  readonly group: string;
  readonly version: string;
  readonly kind: K;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** One sentence for explain, reference pages and `flyteops` help. */
  readonly doc: string;
  readonly spec: Shape<Spec, AuthoredSpec>;
  readonly status: Shape<Status & CommonStatus>;
  readonly columns: readonly Column[];
  /** Every condition type that the status may carry, with what True means. */
  readonly conditions: Readonly<Record<Conditions, string>>;
  /** Rules over the whole object (its name, say). */
  readonly rules: readonly TypedRule<ObjectForm<K, Spec, Status>>[];
  /** The CustomResourceDefinition, for `kubectl apply`. */
  crd(): Record<string, unknown>;
  /** JSON Schema (draft 2020-12) of one manifest, for editors and ajv. */
  jsonSchema(): Record<string, unknown>;
  /** Everything wrong with a manifest, in sentences; with `old`, also what may not change. Never throws. */
  check(object: unknown, old?: unknown): Problem[];
  /** Drops unknown fields, fills defaults, validates. Throws InvalidObject with all problems. */
  parse(object: unknown): Flat<ObjectForm<K, Spec, Status & CommonStatus>>;
}

export type AnyKind = Kind<string, unknown, unknown, unknown, string>;

/** The full object of a kind, as the server answers it. A type alias, so that it has the index signature of a KubeObject. */
export type ObjectOf<K> = K extends Kind<infer N, infer Spec, infer _A, infer Status, infer _C> ? Flat<ObjectForm<N, Spec, Status & CommonStatus>> : never;
/** The object as written in a manifest: fields with defaults may be left out, no status. */
export type AuthoredObjectOf<K> = K extends Kind<infer N, infer _S, infer A, infer _T, infer _C> ? Flat<Omit<ObjectForm<N, A, never>, "status">> : never;
/** The condition types of a kind. */
export type ConditionOf<K> = K extends Kind<infer _N, infer _S, infer _A, infer _T, infer C> ? C : never;
