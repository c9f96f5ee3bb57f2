import { TerminalFailure } from "../../base/index.ts";
import { BlobError, type BlobStore } from "../../blobs/index.ts";
import { fromBinary, type Literal, LiteralMapSchema } from "../../proto/index.ts";
import { decodeLiteral } from "../../values/index.ts";

const INPUTS_MAX_BYTES = 64 * 1024 * 1024;

/** The element of a collection (or, by sorted key, of a map) that belongs to one item of a map action. */
export function elementOf(literal: Literal, index: number): Literal | undefined {
  const { value } = literal;
  if (value.case === "collection") return value.value.literals[index];
  if (value.case !== "map") return undefined;
  const key = Object.keys(value.value.literals).sort()[index];
  return key === undefined ? undefined : value.value.literals[key];
}

async function readInput(blobs: BlobStore, key: string): Promise<Uint8Array> {
  return blobs.read(key, INPUTS_MAX_BYTES).catch((thrown: unknown) => {
    if (thrown instanceof BlobError && thrown.code === "BlobNotFound")
      throw new TerminalFailure("InputsMissing", `the inputs are not in the object store: ${key}`, { cause: thrown });
    throw thrown;
  });
}

async function loaded(blobs: BlobStore, literal: Literal): Promise<Literal> {
  if (literal.value.case !== "offloadedMetadata") return literal;
  const { uri } = literal.value.value;
  const key = blobs.keyOf(uri);
  if (key === undefined) throw new TerminalFailure("InputsMissing", `an input lies outside the object store: ${uri}`);
  return decodeLiteral(await readInput(blobs, key));
}

/** The named inputs, loaded. Names that the file does not hold are left out: they are none. */
export async function loadInputs(blobs: BlobStore, key: string | undefined, names: readonly string[]): Promise<Record<string, Literal>> {
  if (names.length === 0) return {};
  if (key === undefined) throw new TerminalFailure("InvalidSpec", "spec.inputUri does not name a place in the object store");
  const { literals } = fromBinary(LiteralMapSchema, await readInput(blobs, key));
  const found: Record<string, Literal> = {};
  for (const name of names) {
    const literal = Object.hasOwn(literals, name) ? literals[name] : undefined;
    if (literal) found[name] = await loaded(blobs, literal);
  }
  return found;
}

/** Loaded inputs as one item of a map sees them. */
export function itemInputs(inputs: Readonly<Record<string, Literal>>, over: readonly string[], index: number): Record<string, Literal> {
  const pairs = Object.entries(inputs).flatMap(([name, literal]): [string, Literal][] => {
    const seen = over.includes(name) ? elementOf(literal, index) : literal;
    return seen ? [[name, seen]] : [];
  });
  return Object.fromEntries(pairs);
}
