import assert from "node:assert/strict";
import type { CelType } from "./cel-type.ts";
import { celTypeName } from "./cel-type.ts";
import { evaluateNow } from "./evaluate.ts";
import { compileExpression } from "./expression.ts";
import type { CelScope } from "./scope.ts";
import type { CelValue } from "./value.ts";

const NAMES: Readonly<Record<string, CelType>> = {
  "inputs.count": { kind: "int" },
  "inputs.rate": { kind: "double" },
  "inputs.name": { kind: "string" },
  "inputs.maybe": { kind: "dyn" },
  "inputs.day": { kind: "timestamp" },
  "inputs.wait": { kind: "duration" },
  "inputs.tags": { kind: "list", of: { kind: "string" } },
  "inputs.parts": { kind: "list", of: { kind: "list", of: { kind: "int" } } },
  "inputs.extra": { kind: "map", of: { kind: "dyn" } },
  "inputs.file": { kind: "file" },
  "nodes.train-fold.outputs.loss": { kind: "double" },
};

const scope: CelScope = {
  roots: ["inputs", "nodes"],
  resolve(path) {
    for (let length = path.length; length > 0; length--) {
      const name = path.slice(0, length).join(".");
      const type = NAMES[name];
      if (type) return name === "inputs.maybe" ? { length, type, present: { kind: "int" } } : { length, type };
    }
    return { problem: `${path.join(".")} is not known here` };
  },
};

const VALUES: Readonly<Record<string, CelValue>> = {
  "inputs.count": 5n,
  "inputs.rate": 0.5,
  "inputs.name": "iris",
  "inputs.maybe": null,
  "inputs.day": { tag: "timestamp", seconds: 1_585_484_999n, nanos: 123_456_789 },
  "inputs.wait": { tag: "duration", seconds: 3_600n, nanos: 0 },
  "inputs.tags": ["b", "a"],
  "inputs.parts": [[1n], [2n, 3n]],
  "inputs.extra": new Map<string, CelValue>([["deep", new Map([["x", 1n]])]]),
  "inputs.file": { tag: "file", uri: "s3://b/x.csv", ref: "17" },
  "nodes.train-fold.outputs.loss": 0.25,
};

function typeOf(text: string): string {
  const result = compileExpression(text, scope);
  return result.ok
    ? celTypeName(result.expression.type)
    : result.problems.map(({ code, message, start, end }) => `${code} ${start}-${end}: ${message}`).join("; ");
}

function valueOf(text: string): unknown {
  const result = compileExpression(text, scope);
  assert.ok(result.ok, JSON.stringify(result));
  const { references } = result.expression;
  const outcome = evaluateNow({
    text: result.expression.text,
    variables: Object.fromEntries(references.map(({ variable, type }) => [variable, type])),
    bindings: Object.fromEntries(references.map(({ variable, path }) => [variable, VALUES[path.join(".")] ?? null])),
  });
  return outcome.ok ? outcome.value : `${outcome.code}: ${outcome.message}`;
}

describe("expressions", () => {
  const types: Readonly<Record<string, string>> = {
    "inputs.count * 2": "int",
    "inputs.rate * 2": "double",
    "2 * inputs.rate + 1": "double",
    "inputs.rate == 1": "bool",
    "inputs.rate > -1": "bool",
    "[1, 2.5]": "list<double>",
    "inputs.count > 3 ? inputs.rate : 0": "double",
    "math.max(inputs.rate, 1)": "double",
    'nodes["train-fold"].outputs.loss < 0.3': "bool",
    "inputs.tags.map(t, size(t))": "list<int>",
    "inputs.parts.flatten()": "list<int>",
    "range(inputs.count)": "list<int>",
    "inputs.file": "File",
    "inputs.file.uri": "string",
    "inputs.extra.deep.x": "dyn",
    "inputs.?maybe.orValue(3)": "int",
    "inputs.day + inputs.wait": "google.protobuf.Timestamp",
    "has(inputs.maybe)": "bool",
  };
  for (const [text, type] of Object.entries(types)) it(`types ${text} as ${type}`, () => assert.equal(typeOf(text), type));

  const problems: Readonly<Record<string, RegExp>> = {
    "inputs.cuont + 1": /^UnknownName 0-12: inputs.cuont is not known here$/,
    "inputs.count + inputs.rate": /^TypeError 0-26: no such overload: int \+ double$/,
    "inputs.count +": /^SyntaxError/,
    "nope + 1": /^UnknownName 0-4: Unknown variable: nope$/,
    "inputs.tags.map(inputs, inputs)": /^UnknownName/,
    "__0_____ + 1": /^UnknownName 0-8: names that begin with __ are reserved/,
    "inputs.name + inputs.count": /^TypeError/,
    "inputs.count.x": /TypeError.*Cannot index type 'int'/,
    [`${"(".repeat(200)}1${")".repeat(200)}`]: /^ExpressionTooLarge/,
    [`"${"x".repeat(11_000)}"`]: /^ExpressionTooLarge/,
  };
  for (const [text, expected] of Object.entries(problems)) it(`refuses ${text.slice(0, 40)}`, () => assert.match(typeOf(text), expected));

  const values: Readonly<Record<string, unknown>> = {
    "inputs.count * 2": 10n,
    "inputs.rate * 2 + 1": 2,
    "inputs.count + 9223372036854775807": "EvaluationError: integer overflow: 9223372036854775812",
    "inputs.?maybe.orValue(3)": 3n,
    "has(inputs.maybe)": false,
    "has(inputs.name)": true,
    "inputs.maybe == null": true,
    'inputs.tags.exists(t, t == "a") && inputs.name.startsWith("i")': true,
    "inputs.parts.flatten().sum()": 6n,
    "range(5).chunk(2)": [[0n, 1n], [2n, 3n], [4n]],
    "inputs.file": { tag: "file", uri: "s3://b/x.csv", ref: "17" },
    "inputs.day": { tag: "timestamp", seconds: 1_585_484_999n, nanos: 123_456_789 },
    'inputs.day.format("yyyy-MM-dd HH:mm", "Europe/Amsterdam")': "2020-03-29 14:29",
    'string(inputs.day.startOfDay("Europe/Amsterdam"))': "2020-03-28T23:00:00Z",
    "inputs.extra.deep.x + 1": 2n,
    'inputs.name.replace("i", "I")': "IrIs",
    "1 / 0": "EvaluationError: division by zero",
    "inputs.tags[7]": "EvaluationError: No such key: index out of bounds, index 7 >= size 2",
  };
  for (const [text, value] of Object.entries(values)) it(`evaluates ${text}`, () => assert.deepEqual(valueOf(text), value));
});
