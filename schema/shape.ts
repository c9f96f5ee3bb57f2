import type { Json } from "../base/index.ts";
import type { Node, Rule } from "./node.ts";

/** Must the author write the field, may it be absent, or does the server fill it in? */
export type Presence = "required" | "optional" | "defaulted";

/** A rule of a shape with its types. See Rule in node.ts. */
export interface TypedRule<P> {
  readonly cel?: string;
  check?(self: P, old: P | undefined): boolean;
  /** The words that the sentence ends with: what was found instead. Empty: none of them. */
  found?(self: P): readonly string[];
  readonly message: string;
  readonly transition?: boolean;
  readonly at?: readonly string[];
}

/**
 * A value that says what a piece of JSON looks like. `P` is the type after defaulting (what controllers read), `A` the
 * type before it (what people write). Immutable: every method returns a new shape.
 */
export interface Shape<P, A = P, O extends Presence = "required"> {
  readonly node: Node;
  /** Never there at run time; carries the types. */
  readonly types?: { readonly parsed: P; readonly authored: A; readonly presence: O };
  /** The one line that `kubectl explain` shows. */
  doc(text: string): Shape<P, A, O>;
  optional(): Shape<P, A, "optional">;
  default(value: A): Shape<P, A, "defaulted">;
  /** Once created, the field keeps its value, or its absence. */
  immutable(): Shape<P, A, O>;
  rule(rule: TypedRule<P>): Shape<P, A, O>;
  /** Of a configuration: a running program takes a new value over. */
  reloadable(): Shape<P, A, O>;
  /** Says the shape once under this name in the editor schema. */
  named(name: string): Shape<P, A, O>;
}

export type AnyShape = Shape<unknown, unknown, Presence>;
export type Fields = Readonly<Record<string, AnyShape>>;

type TypesOf<S> = S extends { readonly types?: infer T } ? NonNullable<T> : never;
type PresenceOf<S> = TypesOf<S> extends { presence: infer O } ? O : never;

/** What a controller reads: defaults are filled in. */
export type Parsed<S> = TypesOf<S> extends { parsed: infer P } ? P : never;
/** What a person writes: fields with a default may be left out. */
export type Authored<S> = TypesOf<S> extends { authored: infer A } ? A : never;

type Flat<T> = { [K in keyof T]: T[K] } & {};
type KeysWith<F, O extends Presence> = { [K in keyof F]: PresenceOf<F[K]> extends O ? K : never }[keyof F];

export type ParsedFields<F> = Flat<
  { -readonly [K in KeysWith<F, "required" | "defaulted">]: Parsed<F[K]> } & { -readonly [K in KeysWith<F, "optional">]?: Parsed<F[K]> }
>;
export type AuthoredFields<F> = Flat<
  { -readonly [K in KeysWith<F, "required">]: Authored<F[K]> } & { -readonly [K in KeysWith<F, "optional" | "defaulted">]?: Authored<F[K]> }
>;

/** Wraps a node into a shape. The constructors in `build.ts` are the callers. */
export function shapeOf<P, A = P, O extends Presence = "required">(node: Node): Shape<P, A, O> {
  return {
    node,
    doc: (text) => shapeOf({ ...node, doc: text }),
    optional: () => shapeOf({ ...node, optional: true }),
    default: (value) => shapeOf({ ...node, default: value as Json }),
    immutable: () => shapeOf({ ...node, immutable: true }),
    rule: (rule) => shapeOf({ ...node, rules: [...(node.rules ?? []), rule as Rule] }),
    reloadable: () => shapeOf({ ...node, reloadable: true }),
    named: (name) => shapeOf({ ...node, name }),
  };
}
