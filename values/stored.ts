import type { Literal } from "../proto/index.ts";
import { type BlobFacts, blobLiteral, unionLiteral } from "./literal.ts";
import { problem, type ValueProblem } from "./problem.ts";
import { isBlobType, membersOf, printType, type Type } from "./type.ts";

/** What each form of a repository input may be bound to; one single file is a dataset, too. */
const TAKES = { file: ["file", "dataset"], directory: ["directory", "dataset"] } as const;

/**
 * The value of `{file: …}` or `{directory: …}`, stored at `uri`, for an input of this type: the member of a union that takes it is
 * chosen, a file before a dataset.
 */
export function storedLiteral(type: Type, form: "file" | "directory", uri: string, facts: BlobFacts): Literal | ValueProblem[] {
  const members = membersOf(type).filter(isBlobType);
  for (const kind of TAKES[form]) {
    const member = members.find((one) => one.kind === kind);
    if (member === undefined) continue;
    const literal = blobLiteral(member, uri, facts);
    return type.kind === "union" ? unionLiteral(member, literal) : literal;
  }
  return problem("TypeMismatch", `{${form}: …} is no value of type ${printType(type)}`);
}
