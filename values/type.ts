/** The scalar types that are one word and carry nothing else. `workflow` is legal only as the output of a task. */
export const SIMPLE_TYPES = ["integer", "float", "string", "boolean", "datetime", "duration", "struct", "binary", "error", "none", "workflow"] as const;
export type SimpleKind = (typeof SIMPLE_TYPES)[number];

export interface Column {
  readonly name: string;
  readonly type: Type;
}

export type Type =
  | { readonly kind: SimpleKind }
  | { readonly kind: "file"; readonly format?: string }
  | { readonly kind: "directory" }
  /** `columns` in declared order; they are written beside the type string, not in it. */
  | { readonly kind: "dataset"; readonly format?: string; readonly columns?: readonly Column[] }
  | { readonly kind: "list"; readonly of: Type }
  | { readonly kind: "map"; readonly of: Type }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  /** At least two members, all different, none of them a union. */
  | { readonly kind: "union"; readonly members: readonly Type[] };

export type UnionMember = Exclude<Type, { readonly kind: "union" }>;

/** Equal in shape; the order of union members and enum values counts, because it does on the wire. */
export function sameType(left: Type, right: Type): boolean {
  switch (left.kind) {
    case "file":
      return right.kind === "file" && left.format === right.format;
    case "dataset":
      return right.kind === "dataset" && left.format === right.format && sameColumns(left.columns, right.columns);
    case "list":
    case "map":
      return right.kind === left.kind && sameType(left.of, right.of);
    case "enum":
      return right.kind === "enum" && left.values.length === right.values.length && left.values.every((value, index) => value === right.values[index]);
    case "union":
      return right.kind === "union" && sameList(left.members, right.members, sameType);
    default:
      return left.kind === right.kind;
  }
}

function sameList<T>(left: readonly T[], right: readonly T[], same: (left: T, right: T) => boolean): boolean {
  return left.length === right.length && left.every((item, index) => same(item, right[index] as T));
}

function sameColumns(left: readonly Column[] = [], right: readonly Column[] = []): boolean {
  return sameList(left, right, (one, other) => one.name === other.name && sameType(one.type, other.type));
}

/** The canonical text of a type: `list<integer | none>`. Columns of a dataset are not part of it. */
export function printType(type: Type): string {
  switch (type.kind) {
    case "file":
    case "dataset":
      return type.format === undefined ? type.kind : `${type.kind}<${type.format}>`;
    case "list":
    case "map":
      return `${type.kind}<${printType(type.of)}>`;
    case "enum":
      return `enum<${type.values.join("|")}>`;
    case "union":
      return type.members.map(printType).join(" | ");
    default:
      return type.kind;
  }
}

/** The members of a union, or the type itself as the only one. */
export function membersOf(type: Type): readonly Type[] {
  return type.kind === "union" ? type.members : [type];
}

/** True for `T | none` and for `none`: a value may be absent. */
export function acceptsNone(type: Type): boolean {
  return membersOf(type).some((member) => member.kind === "none");
}

/** True for file, directory and dataset: the value is a reference to stored bytes. */
export function isBlobType(type: Type): type is Extract<Type, { kind: "file" | "directory" | "dataset" }> {
  return type.kind === "file" || type.kind === "directory" || type.kind === "dataset";
}

/** For `T | none` with exactly one other member that member; undefined for every other type. */
export function optionalOf(type: Type): Type | undefined {
  if (type.kind !== "union" || type.members.length !== 2 || !acceptsNone(type)) return undefined;
  return type.members.find((member) => member.kind !== "none");
}

/**
 * True when every value of `from` is, unchanged, a value of `to`: a reference never coerces. `T` fits `T | none`; an enum fits
 * string and any enum with all its values; a file with a format fits a file without; a dataset fits one that asks for fewer columns.
 */
export function assignable(from: Type, to: Type): boolean {
  if (from.kind === "union") return from.members.every((member) => assignable(member, to));
  if (to.kind === "union") return to.members.some((member) => assignable(from, member));
  switch (from.kind) {
    case "file":
      return to.kind === "file" && (to.format === undefined || to.format === from.format);
    case "dataset":
      return to.kind === "dataset" && (to.format === undefined || to.format === from.format) && columnsFit(from.columns, to.columns);
    case "list":
    case "map":
      return to.kind === from.kind && assignable(from.of, to.of);
    case "enum":
      return to.kind === "string" || (to.kind === "enum" && from.values.every((value) => to.values.includes(value)));
    default:
      return from.kind === to.kind;
  }
}

/** A dataset that declares no columns says nothing about them, so it fits every demand (as in Flyte). */
function columnsFit(from: readonly Column[] | undefined, to: readonly Column[] | undefined): boolean {
  if (from === undefined || to === undefined) return true;
  return to.every((column) => from.some((candidate) => candidate.name === column.name && assignable(candidate.type, column.type)));
}
