import assert from "node:assert/strict";
import { locator } from "./locate.ts";
import { parseFile } from "./parse-file.ts";

const HEAD = "apiVersion: flyte.org/v1\nkind: Task\nmetadata: {name: x}\n";
const parse = (text: string | Uint8Array) => parseFile(typeof text === "string" ? Buffer.from(text) : text);
const problems = (text: string | Uint8Array) => parse(text).problems.map(({ code, position }) => `${position.line}:${position.column} ${code}`);

describe("reading a YAML file", function () {
  this.timeout(10_000);

  it("answers documents with their positions and counts what is none of ours", () => {
    const parsed = parse(`# ours\n${HEAD}---\nname: a chart\nversion: 1\n---\n---\n${HEAD}`);
    assert.deepEqual(
      parsed.documents.map(({ index, position, value }) => [index, position.line, value["kind"]]),
      [
        [0, 2, "Task"],
        [3, 10, "Task"],
      ],
    );
    assert.equal(parsed.ignored, 1);
    assert.equal(parsed.broken, false);
  });

  it("keeps integers that a double cannot hold", () => {
    assert.deepEqual(parse(`${HEAD}spec: {a: 9007199254740993, b: -1, c: 1.5, d: 0x10}\n`).documents[0]?.value["spec"], {
      a: 9007199254740993n,
      b: -1,
      c: 1.5,
      d: 16,
    });
  });

  const wrong: Record<string, [string, string]> = {
    "an ambiguous boolean": ["spec: {a: yes}\n", "4:11 AmbiguousScalar"],
    "an ambiguous number": ["spec:\n  a: 017\n", "5:6 AmbiguousScalar"],
    "an ambiguous key": ["spec:\n  on: 1\n", "5:3 AmbiguousScalar"],
    "a merge key": ["base: &b {x: 1}\nspec:\n  <<: *b\n", "6:3 AmbiguousScalar"],
    infinity: ["spec: {a: .inf}\n", "4:11 AmbiguousScalar"],
    "a question mark in flow style": ["spec: {a: integer?}\n", "4:11 AmbiguousScalar"],
    "a key twice": ["spec:\n  a: 1\n  a: 2\n", "6:3 DuplicateKey"],
    "an unquoted template": ["spec:\n  a: {{.inputs.x}}\n", "5:6 TemplateNotQuoted"],
    "an unquoted template in a list": ["spec:\n  a: [--x, {{ .inputs.x }}]\n", "5:12 TemplateNotQuoted"],
    "a tag": ["spec:\n  a: !!binary aGk=\n", "5:15 TagNotSupported"],
    "a custom tag": ["spec:\n  a: !Ref x\n", "5:11 TagNotSupported"],
    "a key that is a list": ["spec:\n  ? [a]\n  : 1\n", "5:5 KeyInvalid"],
    "a tab": ["spec:\n\ta: 1\n", "5:1 InvalidYaml"],
    "an unclosed bracket": ["spec: [1, 2\n", "5:1 InvalidYaml"],
    "an alias without an anchor": ["spec: *nowhere\n", "4:7 AliasInvalid"],
    "an alias inside its anchor": ["spec: &a {x: *a}\n", "4:14 AliasInvalid"],
  };
  for (const [name, [yaml, problem]] of Object.entries(wrong)) {
    it(`finds ${name}`, () => {
      assert.ok(problems(HEAD + yaml).includes(problem), `${problem} is not among ${JSON.stringify(parse(HEAD + yaml).problems)}`);
      assert.equal(parse(HEAD + yaml).broken, true);
    });
  }

  it("reports several problems at once", () => {
    assert.deepEqual(problems(`${HEAD}spec: {a: yes, b: no, c: 010}\n`), ["4:11 AmbiguousScalar", "4:19 AmbiguousScalar", "4:26 AmbiguousScalar"]);
  });

  it("keeps the valid documents of a file with a broken one", () => {
    const parsed = parse(`${HEAD}---\n${HEAD}spec: {a: yes}\n---\n${HEAD}`);
    assert.deepEqual(
      parsed.documents.map(({ index }) => index),
      [0, 2],
    );
    assert.equal(parsed.broken, true);
  });

  it("ignores what is broken but none of ours", () => {
    assert.deepEqual(parse("{{ if .Values.x }}\na: [\n"), { documents: [], problems: [], ignored: 1, broken: false });
    assert.equal(parse("restart: on\n").ignored, 1);
    assert.equal(parse(Buffer.from([0xff, 0xfe, 0x00])).ignored, 1);
  });

  it("refuses text that is not UTF-8", () => {
    assert.deepEqual(problems(Buffer.concat([Buffer.from(HEAD), Buffer.from([0xff])])), ["1:1 NotUtf8"]);
  });

  it("refuses what kubectl would read differently as a document", () => {
    assert.deepEqual(problems(`--- {apiVersion: flyte.org/v1, kind: Task}\n`), ["1:5 DocumentOnMarkerLine"]);
    assert.deepEqual(problems(`%YAML 1.1\n---\n${HEAD}`), ["3:1 DirectiveNotSupported"]);
    assert.deepEqual(problems(`--- # a comment\n${HEAD}`), []);
  });

  it("stops at a bomb of aliases in a moment", () => {
    const levels = Array.from({ length: 30 }, (_, level) => `  l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(", ")}]\n`);
    assert.match(problems(`${HEAD}spec:\n  l0: &l0 [x, x]\n${levels.join("")}`).join(), /DocumentTooLarge|TooManyAliases/);
  });

  it("stops at documents that are too deep or too many", () => {
    assert.match(problems(`${HEAD}spec: ${"[".repeat(200)}${"]".repeat(200)}\n`).join(), /DocumentTooDeep/);
    assert.match(problems(`${HEAD}spec: ${"[".repeat(100_000)}\n`).join(), /DocumentTooDeep|InvalidYaml/);
    assert.deepEqual(problems(`${HEAD}${"---\na: 1\n".repeat(6_000)}`), ["1:1 TooManyDocuments"]);
  });

  it("reads a map of a hundred thousand keys without dawdling", () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `  k${index}: 1\n`).join("");
    assert.equal(parse(`${HEAD}spec:\n${keys}`).documents.length, 1);
  });

  it("does not let a key reach the prototype of anything", () => {
    const spec = parse(`${HEAD}spec:\n  __proto__: {polluted: 1}\n`).documents[0]?.value["spec"] as object;
    assert.equal(Object.getPrototypeOf(spec), Object.prototype);
    assert.ok(Object.hasOwn(spec, "__proto__"));
  });
});

describe("finding a place in a file", () => {
  const text = `${HEAD}---\n${HEAD}spec:\n  nodes:\n    train-fold: {inputs: {rate: 1}}\n    list:\n      - a\n      - {b: 1}\n`;
  const found = (path: (string | number)[], of: "key" | "value" = "value") => {
    const { line, column } = locator(Buffer.from(text)).locate(1, path, of);
    return `${line}:${column}`;
  };

  it("knows values, keys and list items", () => {
    assert.equal(found(["spec", "nodes", "train-fold", "inputs", "rate"]), "10:33");
    assert.equal(found(["spec", "nodes", "train-fold", "inputs", "rate"], "key"), "10:27");
    assert.equal(found(["spec", "nodes", "list", 1, "b"]), "13:13");
  });

  it("answers for the deepest part that is there", () => {
    assert.equal(found(["spec", "nodes", "train-fold", "task"]), "10:17");
    assert.equal(found([]), "5:1");
    assert.equal(found(["metadata", "namespace"]), "7:11");
  });
});
