import { inParallel } from "../base/index.ts";
import { create, type Literal, type LiteralMap, LiteralMapSchema, LiteralSchema, toBinary } from "../proto/index.ts";
import { toLiteralType } from "./literal-type.ts";
import { decodeLiteral, encodeLiteral } from "./literal.ts";
import type { Parameter } from "./parameter.ts";
import type { Type } from "./type.ts";

/** A literal whose encoding is larger than this is stored by itself and carried by reference. */
export const INLINE_LITERAL_BYTES = 64 * 1024;
const PARALLEL_LOADS = 16;

/** The reference that stands for a stored literal. */
export function offloadedLiteral(uri: string, sizeBytes: number, type: Type): Literal {
  return create(LiteralSchema, {
    value: {
      case: "offloadedMetadata",
      value: { $typeName: "flyteidl2.core.LiteralOffloadedMetadata", uri, sizeBytes: BigInt(sizeBytes), inferredType: toLiteralType(type) },
    },
  });
}

/** The URI of an offloaded literal, or undefined when the value is here. */
export function offloadedUri(literal: Literal): string | undefined {
  return literal.value.case === "offloadedMetadata" ? literal.value.value.uri : undefined;
}

/** A literal to be stored at `<prefix>/<name>.pb` before the map that refers to it. */
export interface OffloadedPart {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Values as they go into outputs.pb or inputs.pb: large ones by reference to `uriOf(name)`. */
export function offload(
  parameters: readonly Parameter[],
  literals: { readonly [name: string]: Literal },
  uriOf: (name: string) => string,
): { readonly map: LiteralMap; readonly parts: readonly OffloadedPart[] } {
  const parts: OffloadedPart[] = [];
  const entries = Object.entries(literals).map(([name, literal]): [string, Literal] => {
    const type = parameters.find((parameter) => parameter.name === name)?.type;
    const bytes = encodeLiteral(literal);
    if (bytes.length <= INLINE_LITERAL_BYTES || type === undefined) return [name, literal];
    parts.push({ name, bytes });
    const reference = offloadedLiteral(uriOf(name), bytes.length, type);
    reference.hash = literal.hash;
    return [name, reference];
  });
  return { map: literalMap(Object.fromEntries(entries)), parts };
}

export function literalMap(literals: { readonly [name: string]: Literal }): LiteralMap {
  return create(LiteralMapSchema, { literals: { ...literals } });
}

export function encodeLiteralMap(literals: { readonly [name: string]: Literal }): Uint8Array {
  return toBinary(LiteralMapSchema, literalMap(literals));
}

/** The value with every reference in it read, at any depth. Literals without references are returned as they are. */
export async function loadLiteral(literal: Literal, read: (uri: string) => Promise<Uint8Array>): Promise<Literal> {
  const { value } = literal;
  switch (value.case) {
    case "offloadedMetadata":
      return loadLiteral(decodeLiteral(await read(value.value.uri)), read);
    case "collection": {
      if (!value.value.literals.some(holdsReference)) return literal;
      const literals = await inParallel(value.value.literals, PARALLEL_LOADS, (element) => loadLiteral(element, read));
      return { ...literal, value: { case: "collection", value: { ...value.value, literals } } };
    }
    case "map": {
      if (!Object.values(value.value.literals).some(holdsReference)) return literal;
      const entries = await inParallel(
        Object.entries(value.value.literals),
        PARALLEL_LOADS,
        async ([key, element]) => [key, await loadLiteral(element, read)] as const,
      );
      return { ...literal, value: { case: "map", value: { ...value.value, literals: Object.fromEntries(entries) } } };
    }
    default:
      return loadUnion(literal, read);
  }
}

async function loadUnion(literal: Literal, read: (uri: string) => Promise<Uint8Array>): Promise<Literal> {
  const scalar = literal.value.case === "scalar" ? literal.value.value : undefined;
  const union = scalar?.value.case === "union" ? scalar.value.value : undefined;
  if (scalar === undefined || union?.value === undefined || !holdsReference(union.value)) return literal;
  const inner = await loadLiteral(union.value, read);
  return { ...literal, value: { case: "scalar", value: { ...scalar, value: { case: "union", value: { ...union, value: inner } } } } };
}

function holdsReference(literal: Literal): boolean {
  const { value } = literal;
  switch (value.case) {
    case "offloadedMetadata":
      return true;
    case "collection":
      return value.value.literals.some(holdsReference);
    case "map":
      return Object.values(value.value.literals).some(holdsReference);
    case "scalar":
      return value.value.value.case === "union" && value.value.value.value.value !== undefined && holdsReference(value.value.value.value.value);
    default:
      return false;
  }
}
