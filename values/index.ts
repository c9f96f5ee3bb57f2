export { isTypeProblem, parseType, type TypeProblem } from "./parse-type.ts";
export {
  acceptsNone,
  assignable,
  type Column,
  isBlobType,
  membersOf,
  optionalOf,
  printType,
  sameType,
  type SimpleKind,
  type Type,
  type UnionMember,
} from "./type.ts";
