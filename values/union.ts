import type { Literal } from "../proto/index.ts";
import { isNone, noneLiteral, unionLiteral, unwrap } from "./literal.ts";
import { fromLiteralType } from "./literal-type.ts";
import { literalFits } from "./fits.ts";
import { isProblems, problem, type ValueProblem } from "./problem.ts";
import { optionalOf, printType, sameType, type Type } from "./type.ts";

/**
 * Reads with every member and wants exactly one to succeed; none is never a candidate, because it is said by absence. With one
 * candidate its own problems are the answer; otherwise `AmbiguousValue` or `TypeMismatch`.
 */
export function onlyMember(members: readonly Type[], read: (member: Type) => Literal | ValueProblem[]): Literal | ValueProblem[] {
  const candidates = members.filter((member) => member.kind !== "none");
  const results = candidates.map((member) => ({ member, result: read(member) }));
  const hits = results.filter((one): one is { member: Type; result: Literal } => !isProblems(one.result));
  const [hit] = hits;
  if (hit !== undefined && hits.length === 1) return unionLiteral(hit.member, hit.result);
  if (hits.length > 1)
    return problem("AmbiguousValue", `fits ${hits.map((one) => printType(one.member)).join(" and ")}; say which, as in ${taggedExample(hits[0]?.member)}`);
  const [only] = results;
  if (only !== undefined && results.length === 1 && isProblems(only.result)) return [...only.result];
  return problem("TypeMismatch", `fits none of ${candidates.map(printType).join(", ")}`);
}

function taggedExample(member: Type | undefined): string {
  return `{"type":"${member === undefined ? "string" : printType(member)}","value":…}`;
}

/** The member of a union a literal belongs to: the one it names, or the first it fits. Undefined when it fits none. */
export function memberOf(union: Extract<Type, { kind: "union" }>, literal: Literal): Type | undefined {
  const scalar = scalarOfWrapper(literal);
  const named = scalar?.type === undefined ? undefined : fromLiteralType(scalar.type);
  const exact = named === undefined ? undefined : union.members.find((member) => sameType(member, named));
  return exact ?? union.members.find((member) => literalFits(member, unwrap(literal)));
}

function scalarOfWrapper(literal: Literal) {
  const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
  return scalar?.case === "union" ? scalar.value : undefined;
}

/**
 * Turns a value of type `from` into the wire form of `to`, where `assignable(from, to)`: what enters a union is wrapped with the
 * member's type, inside lists and maps too. The value itself is untouched; an offloaded literal is passed on as it is, readers
 * accept an unwrapped member.
 */
export function wrapUnion(literal: Literal, from: Type, to: Type): Literal {
  if (to.kind === "union") return wrapMember(literal, from, to);
  if ((to.kind !== "list" && to.kind !== "map") || from.kind !== to.kind || sameType(from, to)) return literal;
  return mapElements(literal, (element) => wrapUnion(element, from.of, to.of));
}

function wrapMember(literal: Literal, from: Type, to: Extract<Type, { kind: "union" }>): Literal {
  if (literal.value.case === "offloadedMetadata") return literal;
  if (isNone(literal)) return unionLiteral({ kind: "none" }, noneLiteral());
  const source = from.kind === "union" ? memberOf(from, literal) : from;
  if (source === undefined) return literal;
  const inner = from.kind === "union" ? unwrap(literal) : literal;
  const target = to.members.find((member) => sameType(member, source)) ?? to.members.find((member) => literalFits(member, inner));
  return target === undefined ? literal : unionLiteral(target, wrapUnion(inner, source, target));
}

function mapElements(literal: Literal, change: (element: Literal) => Literal): Literal {
  const { value } = literal;
  if (value.case === "collection") {
    return { ...literal, value: { case: "collection", value: { ...value.value, literals: value.value.literals.map(change) } } };
  }
  if (value.case !== "map") return literal;
  const literals = Object.fromEntries(Object.entries(value.value.literals).map(([key, element]) => [key, change(element)]));
  return { ...literal, value: { case: "map", value: { ...value.value, literals } } };
}

/** True when the JSON form of this union has no tag: `T | none` is `T` or null. */
export function isUntagged(union: Extract<Type, { kind: "union" }>): boolean {
  return optionalOf(union) !== undefined;
}
