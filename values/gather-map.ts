import { inParallel, TerminalFailure } from "../base/index.ts";
import type { Literal, LiteralMap } from "../proto/index.ts";
import { decodeLiteral, encodeLiteral, noneLiteral, unionLiteral } from "./literal.ts";
import { INLINE_LITERAL_BYTES, literalMap, offloadedLiteral } from "./offload.ts";
import type { Parameter } from "./parameter.ts";
import { acceptsNone, membersOf, type Type } from "./type.ts";
import { wrapUnion } from "./union.ts";

export interface MapGathering {
  /** How many items the map has. */
  readonly count: number;
  /** The outputs of the mapped task. */
  readonly outputs: readonly Parameter[];
  /** What becomes of failed items in a partial map. Without it every item must have succeeded. */
  readonly failed?: "Drop" | "Keep";
  readonly succeeded: (item: number) => boolean;
  /** The keys of the items, when the map runs over a map: outputs are maps then. */
  readonly keys?: readonly string[];
  /** Reads the outputs of a finished item. May be called twice for an item when the results are large. */
  readonly read: (item: number) => Promise<LiteralMap>;
  /** Stores a large combined output and gives its URI. */
  readonly store: (output: string, bytes: AsyncIterable<Uint8Array>) => Promise<string>;
}

/** Encoded elements kept in memory; beyond it items are read again while writing. */
const HELD_BYTES = 64 * 1024 * 1024;
const PARALLEL_READS = 16;

/** The type of an element of a map's output: `T | none` where failed items are kept. */
function elementType(type: Type, failed: MapGathering["failed"]): Type {
  if (failed !== "Keep" || acceptsNone(type)) return type;
  return { kind: "union", members: [...membersOf(type), { kind: "none" }] };
}

/** The type of a map's output, given that of the mapped task's. */
export function mapOutputType(type: Type, failed: MapGathering["failed"], keyed: boolean): Type {
  return { kind: keyed ? "map" : "list", of: elementType(type, failed) };
}

/** The keys of a map in the order its items are numbered. */
export function mapKeys(literals: { readonly [key: string]: Literal }): string[] {
  return Object.keys(literals).sort();
}

/**
 * Combines the outputs of all items into one list (or map) per output, in item order, and gives what belongs into the combined
 * outputs.pb. A large list is streamed into the store and carried by reference, so memory stays bounded whatever the count.
 */
export async function gatherMap(gathering: MapGathering): Promise<LiteralMap> {
  const items = Array.from({ length: gathering.count }, (_, item) => item).filter((item) => gathering.failed !== "Drop" || gathering.succeeded(item));
  const cells = await readCells(gathering, items);
  const entries: [string, Literal][] = [];
  for (const [column, output] of gathering.outputs.entries()) entries.push([output.name, await combine(gathering, items, cells, column)]);
  return literalMap(Object.fromEntries(entries));
}

/** Per item and output: the encoded element, or only its length when too much is held already. */
type Cells = readonly (readonly (Uint8Array | number)[])[];

async function readCells(gathering: MapGathering, items: readonly number[]): Promise<Cells> {
  let held = 0;
  return inParallel(items, PARALLEL_READS, async (item) => {
    const row = await elementsOf(gathering, item);
    const size = row.reduce((sum, bytes) => sum + bytes.length, 0);
    if (held + size > HELD_BYTES) return row.map((bytes) => bytes.length);
    held += size;
    return row;
  });
}

async function elementsOf(gathering: MapGathering, item: number): Promise<Uint8Array[]> {
  const map = gathering.succeeded(item) ? await gathering.read(item) : undefined;
  return gathering.outputs.map(({ name, type }) => {
    const of = elementType(type, gathering.failed);
    const literal = map !== undefined && Object.hasOwn(map.literals, name) ? map.literals[name] : undefined;
    if (literal !== undefined) return encodeLiteral(wrapUnion(literal, type, of));
    if (!acceptsNone(of)) throw new TerminalFailure("OutputMissing", `item ${item} has no output ${name}`);
    return encodeLiteral(of.kind === "union" ? unionLiteral({ kind: "none" }, noneLiteral()) : noneLiteral());
  });
}

async function combine(gathering: MapGathering, items: readonly number[], cells: Cells, column: number): Promise<Literal> {
  const { name, type } = gathering.outputs[column] as Parameter;
  const frames = items.map((item, row) => frameOf(gathering.keys?.[item], lengthOf(cells[row]?.[column])));
  const size = frames.reduce((sum, frame) => sum + frame.size, 0);
  const head = Buffer.concat([Buffer.from([gathering.keys === undefined ? COLLECTION_TAG : MAP_TAG]), varint(size)]);
  const total = head.length + size;
  const bytes = encoded(gathering, items, cells, column, head, frames);
  if (total <= INLINE_LITERAL_BYTES) return decodeLiteral(await whole(bytes));
  const uri = await gathering.store(name, bytes);
  return offloadedLiteral(uri, total, mapOutputType(type, gathering.failed, gathering.keys !== undefined));
}

function lengthOf(cell: Uint8Array | number | undefined): number {
  return typeof cell === "number" ? cell : (cell?.length ?? 0);
}

/** Field numbers of flyteidl2.core as wire tags: Literal.collection = 2, Literal.map = 3; both hold field 1, entries of a map key 1 and value 2. */
const COLLECTION_TAG = 0x12;
const MAP_TAG = 0x1a;
const FIRST_TAG = 0x0a;
const SECOND_TAG = 0x12;

interface Frame {
  /** What stands before the element's bytes. */
  readonly head: Uint8Array;
  /** Head and element together. */
  readonly size: number;
}

function frameOf(key: string | undefined, length: number): Frame {
  const element = key === undefined ? Buffer.alloc(0) : entryHead(key, length);
  const head = Buffer.concat([Buffer.from([FIRST_TAG]), varint(element.length + length), element]);
  return { head, size: head.length + length };
}

function entryHead(key: string, length: number): Uint8Array {
  const name = Buffer.from(key);
  return Buffer.concat([Buffer.from([FIRST_TAG]), varint(name.length), name, Buffer.from([SECOND_TAG]), varint(length)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

async function* encoded(
  gathering: MapGathering,
  items: readonly number[],
  cells: Cells,
  column: number,
  head: Uint8Array,
  frames: readonly Frame[],
): AsyncGenerator<Uint8Array> {
  yield head;
  for (const [row, item] of items.entries()) {
    yield frames[row]?.head ?? Buffer.alloc(0);
    const cell = cells[row]?.[column];
    yield typeof cell === "object" ? cell : ((await elementsOf(gathering, item))[column] ?? Buffer.alloc(0));
  }
}

async function whole(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
