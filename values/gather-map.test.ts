import assert from "node:assert/strict";
import fc from "fast-check";
import type { Literal } from "../proto/index.ts";
import { anyLiteral, sameLiteral } from "./arbitrary-literal.ts";
import { anyType } from "./arbitrary.ts";
import { literalFits } from "./fits.ts";
import { gatherMap, mapOutputType } from "./gather-map.ts";
import { decodeLiteral, isNone, listLiteral, mapLiteral, noneLiteral, stringLiteral, unionLiteral, unwrap } from "./literal.ts";
import { literalMap, loadLiteral, offload, offloadedLiteral, offloadedUri } from "./offload.ts";
import type { Type } from "./type.ts";
import { wrapUnion } from "./union.ts";

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function gathered(type: Type, items: readonly Literal[], options: { failed?: "Drop" | "Keep"; keys?: string[]; down?: ReadonlySet<number> } = {}) {
  const stored = new Map<string, Buffer>();
  const map = await gatherMap({
    count: items.length,
    outputs: [{ name: "x", type }],
    succeeded: (item) => !options.down?.has(item),
    read: (item) => Promise.resolve(literalMap({ x: items[item] as Literal })),
    store: async (output, bytes) => {
      stored.set(`test:///${output}`, await bytesOf(bytes));
      return `test:///${output}`;
    },
    ...(options.failed === undefined ? {} : { failed: options.failed }),
    ...(options.keys === undefined ? {} : { keys: options.keys }),
  });
  const literal = map.literals["x"] as Literal;
  return { literal, whole: await loadLiteral(literal, (uri) => Promise.resolve(stored.get(uri) ?? Buffer.alloc(0))) };
}

describe("values/gather-map", () => {
  it("makes one list per output, in item order, of the declared type", async () => {
    const cases = anyType({ depth: 1 }).chain((type) => fc.tuple(fc.constant(type), fc.array(anyLiteral(type), { maxLength: 6 }), fc.nat(5)));
    await fc.assert(
      fc.asyncProperty(cases, async ([type, items, down]) => {
        const plain = await gathered(type, items);
        assert.ok(sameLiteral(plain.whole, listLiteral([...items])));
        const kept = await gathered(type, items, { failed: "Keep", down: new Set([down]) });
        assert.ok(literalFits(mapOutputType(type, "Keep", false), kept.whole));
        const of = mapOutputType(type, "Keep", false);
        const want = items.map((item, index) =>
          index !== down
            ? wrapUnion(item, type, of.kind === "list" ? of.of : type)
            : type.kind === "none"
              ? noneLiteral()
              : unionLiteral({ kind: "none" }, noneLiteral()),
        );
        assert.ok(sameLiteral(kept.whole, listLiteral(want)));
        const dropped = await gathered(type, items, { failed: "Drop", down: new Set([down]) });
        assert.ok(sameLiteral(dropped.whole, listLiteral(items.filter((_, index) => index !== down))));
      }),
      { numRuns: 60 },
    );
  });

  it("makes maps when the map runs over a map", async () => {
    const items = [stringLiteral("1"), stringLiteral("2")];
    const { whole } = await gathered({ kind: "string" }, items, { keys: ["a", "é/…"] });
    assert.ok(
      sameLiteral(
        whole,
        mapLiteral([
          ["a", items[0] as Literal],
          ["é/…", items[1] as Literal],
        ]),
      ),
    );
  });

  it("gathers nothing into empty outputs", async () => {
    assert.ok(sameLiteral((await gathered({ kind: "string" }, [])).literal, listLiteral([])));
    assert.ok(sameLiteral((await gathered({ kind: "string" }, [], { keys: [] })).literal, mapLiteral([])));
  });

  it("carries a large list by reference, and reads items again rather than hold 64 MiB", async () => {
    const text = "x".repeat(60_000);
    const items = Array.from({ length: 1300 }, (_, index) => stringLiteral(`${index}${text}`));
    let reads = 0;
    let size = 0;
    const pieces: Uint8Array[] = [];
    const map = await gatherMap({
      count: items.length,
      outputs: [{ name: "x", type: { kind: "string" } }],
      succeeded: () => true,
      read: (item) => (reads++, Promise.resolve(literalMap({ x: items[item] as Literal }))),
      store: async (_, bytes) => {
        for await (const piece of bytes) {
          size += piece.length;
          if (pieces.length < 4) pieces.push(piece);
        }
        return "test:///x";
      },
    });
    assert.equal(offloadedUri(map.literals["x"] as Literal), "test:///x");
    const value = (map.literals["x"] as Literal).value;
    assert.equal(value.case === "offloadedMetadata" ? value.value.sizeBytes : 0n, BigInt(size));
    assert.ok(reads > 1300 && reads < 1600, String(reads));
  });

  it("fails when an item that succeeded has no such output", async () => {
    await assert.rejects(
      gatherMap({
        count: 1,
        outputs: [{ name: "y", type: { kind: "string" } }],
        succeeded: () => true,
        read: () => Promise.resolve(literalMap({})),
        store: () => Promise.resolve(""),
      }),
      /item 0 has no output y/,
    );
  });

  it("loads references at any depth, and offloads only what is large", async () => {
    const far = (name: string) => offloadedLiteral(`test:///${name}`, 1, { kind: "string" });
    const nested = mapLiteral([["k", listLiteral([unionLiteral({ kind: "string" }, far("a")), stringLiteral("b")])]]);
    const loaded = await loadLiteral(nested, () => Promise.resolve(Buffer.from("0a070a051a0361626312".slice(0, 18), "hex")));
    assert.ok(sameLiteral(loaded, mapLiteral([["k", listLiteral([unionLiteral({ kind: "string" }, stringLiteral("abc")), stringLiteral("b")])]])));
    const { map, parts } = offload(
      [
        { name: "big", type: { kind: "string" } },
        { name: "small", type: { kind: "string" } },
      ],
      { big: stringLiteral("x".repeat(70_000)), small: stringLiteral("y") },
      (name) => `test:///${name}.pb`,
    );
    assert.deepEqual(
      parts.map(({ name }) => name),
      ["big"],
    );
    assert.equal(offloadedUri(map.literals["big"] as Literal), "test:///big.pb");
    assert.ok(sameLiteral(decodeLiteral(parts[0]?.bytes ?? Buffer.alloc(0)), stringLiteral("x".repeat(70_000))));
    assert.ok(!isNone(unwrap(map.literals["small"] as Literal)));
  });
});
