import assert from "node:assert/strict";
import fc from "fast-check";
import type { Literal } from "../proto/index.ts";
import { anyLiteral, sameLiteral } from "./arbitrary-literal.ts";
import { anyType } from "./arbitrary.ts";
import { inputEntries } from "./input-tree.ts";
import { blobOf } from "./literal.ts";
import { escapeMapKey, mapKeyProblem, unescapeMapKey } from "./map-key.ts";
import { type OutputTree, readOutputs } from "./output-tree.ts";
import { isTypeProblem, parseType } from "./parse-type.ts";
import { literalToJson } from "./to-json.ts";
import { membersOf, printType, type Type } from "./type.ts";

/** A directory in memory, from the entries of an input directory; stored bytes are empty files or folders. */
function treeOf(type: Type, literal: Literal): OutputTree {
  const files = new Map<string, Uint8Array>();
  const folders = new Set([""]);
  for (const entry of inputEntries([{ name: "x", type }], { x: literal }, "Direct")) {
    for (const index of entry.path.keys()) folders.add(entry.path.slice(0, index).join("/"));
    const path = entry.path.join("/");
    if (entry.kind === "folder" || entry.kind === "tree") folders.add(path);
    else files.set(path, entry.kind === "file" ? Buffer.alloc(0) : Buffer.from(entry.data as Uint8Array));
  }
  return {
    kind: (path) => Promise.resolve(files.has(path.join("/")) ? "file" : folders.has(path.join("/")) ? "folder" : undefined),
    list: (path) =>
      Promise.resolve(
        [...files.keys(), ...folders]
          .filter((one) => one !== "" && one.split("/").slice(0, -1).join("/") === path.join("/"))
          .map((one) => one.split("/").at(-1) ?? "")
          .sort(),
      ),
    read: (path) => Promise.resolve(files.get(path.join("/")) ?? Buffer.alloc(0)),
  };
}

/** What a file tree alone can say: unions of T and none at the top, nothing absent further down. */
function sayable(type: Type, top = true): boolean {
  switch (type.kind) {
    case "union":
      return (
        top &&
        type.members.length === 2 &&
        type.members.some((one) => one.kind === "none") &&
        type.members.every((one) => one.kind === "none" || sayable(one, false))
      );
    case "list":
    case "map":
      return sayable(type.of, false);
    default:
      return type.kind !== "none" || top;
  }
}

/** Blob literals name where they came from; their place in the type is what must be kept. */
function shapeOf(type: Type, literal: Literal): unknown {
  return literalToJson(type, literal, { place: () => "blob" });
}

function typeOf(text: string): Type {
  const parsed = parseType(text);
  if (isTypeProblem(parsed)) throw new Error(parsed.message);
  return parsed;
}

describe("values/tree", () => {
  it("reads back every value from the tree it writes", async () => {
    const types = fc.oneof(
      anyType({ depth: 2 }).filter((type) => sayable(type)),
      fc.constantFrom(...["list<string>", "map<list<float>>", "datetime | none", "list<file<csv>> | none"].map(typeOf)),
    );
    await fc.assert(
      fc.asyncProperty(
        types.chain((type) => fc.tuple(fc.constant(type), anyLiteral(type))),
        async ([type, literal]) => {
          const { literals, problems, uploads } = await readOutputs(treeOf(type, literal), [{ name: "x", type }], "test:///raw");
          assert.deepEqual(problems, [], printType(type));
          const read = literals["x"] as Literal;
          assert.deepEqual(shapeOf(type, read), shapeOf(type, literal));
          if (uploads.length === 0) assert.ok(sameLiteral(read, literal), printType(type));
          for (const { uri, literal: blob } of uploads) assert.ok(uri.startsWith("test:///raw/x") && uri.startsWith(blobOf(blob)?.uri ?? "-"));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps gaps of a list as none, and reads no element twice", async () => {
    const type = typeOf("list<integer | none>");
    const tree: OutputTree = {
      kind: (path) => Promise.resolve(path.length === 1 ? "folder" : "file"),
      list: (path) => Promise.resolve(path.length === 0 ? ["x"] : ["0", "3"]),
      read: () => Promise.resolve(Buffer.from("7")),
    };
    const { literals } = await readOutputs(tree, [{ name: "x", type }], "test:///raw");
    assert.deepEqual(literalToJson(type, literals["x"] as Literal), [7, null, null, 7]);
    const files = { ...tree, list: (path: readonly string[]) => Promise.resolve(path.length === 0 ? ["x"] : ["notes.txt", "0.csv", "0"]) };
    const { problems, warnings } = await readOutputs(files, [{ name: "x", type: typeOf("list<file>") }], "test:///raw");
    assert.match(problems[0]?.message ?? "", /element 0 is there twice/);
    assert.match(warnings[0] ?? "", /notes\.txt is no element/);
  });

  it("refuses more elements than allowed without reading them", async () => {
    const names = Array.from({ length: 1_000_001 }, (_, index) => String(index));
    const tree: OutputTree = {
      kind: (path) => Promise.resolve(path.length === 1 ? "folder" : "file"),
      list: (path) => Promise.resolve(path.length === 0 ? ["x"] : names),
      read: () => Promise.reject(new Error("read")),
    };
    const { problems } = await readOutputs(tree, [{ name: "x", type: typeOf("list<integer>") }], "test:///raw");
    assert.equal(problems[0]?.code, "OutputTooLarge");
    const huge = { ...tree, list: (path: readonly string[]) => Promise.resolve(path.length === 0 ? ["x"] : ["99999999999999999999"]) };
    assert.equal((await readOutputs(huge, [{ name: "x", type: typeOf("list<integer | none>") }], "test:///raw")).problems.length, 1);
  });

  it("gives every map key a file name of its own that cannot lead anywhere", () => {
    const key = fc.string({ unit: fc.constantFrom(".", "/", "%", "\0", "a", "é", "2", "F") });
    fc.assert(
      fc.property(key, (text) => {
        const name = escapeMapKey(text);
        assert.equal(unescapeMapKey(name), text);
        assert.ok(!name.includes("/") && !name.includes("\0") && !name.startsWith("."));
      }),
    );
    assert.equal(mapKeyProblem("k".repeat(255)), undefined);
    assert.match(mapKeyProblem("k".repeat(256)) ?? "", /256 bytes/);
    assert.match(mapKeyProblem("/".repeat(86)) ?? "", /258 bytes/);
    assert.match(mapKeyProblem("\ud800") ?? "", /well-formed/);
  });

  it("uses every member of a union when it looks for the one that fits", () => {
    assert.equal(membersOf(typeOf("integer | string | none")).length, 3);
  });
});
