import type { CelType } from "../cel/index.ts";
import { isBlobType, membersOf, optionalOf, type Type } from "../values/index.ts";

/** How a value of this type reads in an expression. `T | none` and other unions are dyn: they are looked at when it runs. */
export function celTypeOf(type: Type): CelType {
  if (isBlobType(type)) return { kind: "file" };
  switch (type.kind) {
    case "integer":
      return { kind: "int" };
    case "float":
      return { kind: "double" };
    case "boolean":
      return { kind: "bool" };
    case "datetime":
      return { kind: "timestamp" };
    case "duration":
      return { kind: "duration" };
    case "binary":
      return { kind: "bytes" };
    case "enum":
    case "string":
      return { kind: "string" };
    case "none":
      return { kind: "null" };
    case "list":
    case "map":
      return { kind: type.kind, of: celTypeOf(type.of) };
    case "struct":
    case "error":
      return { kind: "map", of: { kind: "dyn" } };
    default:
      return { kind: "dyn" };
  }
}

/** How `T | none` reads when it is written with `.?`: as T. */
export function presentCelType(type: Type): CelType {
  const present = optionalOf(type);
  return celTypeOf(present ?? type);
}

const FITS: Readonly<Partial<Record<CelType["kind"], readonly Type["kind"][]>>> = {
  int: ["integer"],
  double: ["float"],
  bool: ["boolean"],
  string: ["string", "enum"],
  timestamp: ["datetime"],
  duration: ["duration"],
  bytes: ["binary"],
  null: ["none"],
  file: ["file", "directory", "dataset"],
};

/** Whether an expression of this CEL type may be bound to the type. `dyn` may: its value is checked when it runs. */
export function celFits(cel: CelType, type: Type): boolean {
  if (cel.kind === "dyn") return true;
  if (type.kind === "union") return membersOf(type).some((member) => celFits(cel, member)) || (cel.kind === "optional" && celFits(cel.of, type));
  if (cel.kind === "optional") return false;
  if (cel.kind === "list" || cel.kind === "map") {
    if (cel.kind === "map" && type.kind === "struct") return true;
    return (type.kind === "list" || type.kind === "map") && type.kind === cel.kind && celFits(cel.of, type.of);
  }
  return FITS[cel.kind]?.includes(type.kind) ?? false;
}

const WORDS: Readonly<Partial<Record<CelType["kind"], string>>> = {
  int: "integer",
  double: "float",
  bool: "boolean",
  timestamp: "datetime",
  bytes: "binary",
  null: "none",
  dyn: "a value known only at run time",
};

/** The type of an expression in our words, for messages. */
export function wordOfCel(cel: CelType): string {
  if (cel.kind === "list" || cel.kind === "map") return `${cel.kind}<${wordOfCel(cel.of)}>`;
  if (cel.kind === "optional") return `${wordOfCel(cel.of)} | none`;
  return WORDS[cel.kind] ?? cel.kind;
}
