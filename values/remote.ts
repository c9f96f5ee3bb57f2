import { dataUriProblem, type Json, normalUri } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { type BlobFacts, blobLiteral, unionLiteral } from "./literal.ts";
import { problem, type ValueProblem } from "./problem.ts";
import { isBlobType, membersOf, printType, type Type } from "./type.ts";

export interface RemoteReference {
  /** Without slashes at its end. */
  readonly uri: string;
  /** What is to be there: one file, or everything below. */
  readonly member: Extract<Type, { kind: "file" | "directory" | "dataset" }>;
}

/** What `{uri: …}` means for a type: of a union, the only member that can be stored bytes. */
export function remoteReference(type: Type, uri: Json): RemoteReference | ValueProblem[] {
  if (typeof uri !== "string") return problem("InvalidValue", "uri is a URI such as file:///data/raw/x.csv, written as text");
  const [member, second] = membersOf(type).filter(isBlobType);
  if (member === undefined) return problem("TypeMismatch", `expected ${printType(type)}; {uri: …} is for a file, directory or dataset`);
  if (second !== undefined) return problem("AmbiguousValue", `${printType(type)} does not say what the uri is: a file or a directory`);
  const refusal = dataUriProblem(uri);
  return refusal === undefined ? { uri: normalUri(uri), member } : problem(refusal.code, refusal.message);
}

/** The literal of data that is read where it lies. */
export function remoteLiteral(type: Type, { uri, member }: RemoteReference, facts: BlobFacts): Literal {
  const literal = blobLiteral(member, uri, facts);
  return type.kind === "union" ? unionLiteral(member, literal) : literal;
}
