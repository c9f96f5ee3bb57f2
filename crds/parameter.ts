import { anything, boolean, list, map, object, oneOf, type Parsed, string, textOrObject } from "../schema/index.ts";
import { parameterNames } from "./names.ts";

/** A type in one string. The grammar itself is checked by `values/`; here only what no type can contain. */
const typeText = () =>
  string({ minLength: 1, maxLength: 1024, pattern: "^[a-z][^\\n]*$", expects: "a type such as integer, list<string>, file<csv> or enum<a|b>" });

const columns = map(string({ maxLength: 64 }).doc("Type of the column."), { max: 256, atomic: true })
  .optional()
  .doc("Columns of a dataset and their types.");
const sensitive = boolean().optional().doc("Keeps the value out of previews, templates, logs and the API.");

const inputForm = object({
  type: typeText().doc("Type of the value, e.g. integer, list<string>, file<csv>, string | none."),
  description: string().optional().doc("What the value means, for people."),
  default: anything("literal").optional().doc("Used when the caller gives nothing. Makes the input optional."),
  columns,
  download: oneOf("Eager", "None").optional().doc("None gives the task a .uri file instead of the data."),
  sensitive,
});

const outputForm = object({
  type: typeText().doc("Type of the value, e.g. integer, list<string>, file<csv>, string | none."),
  description: string().optional().doc("What the value means, for people."),
  columns,
  sensitive,
});

const boundOutputForm = object({
  type: typeText().doc("Type of the value, e.g. integer, list<string>, file<csv>, string | none."),
  description: string().optional().doc("What the value means, for people."),
  columns,
  sensitive,
  from: string().optional().doc("Where the value comes from, e.g. nodes.best.outputs.model or inputs.x."),
  expr: string({ maxLength: 16384 }).optional().doc("CEL expression over inputs, nodes and run that gives the value."),
  firstOf: list(string({ minLength: 1 }).doc("A reference."), { min: 1, max: 64 })
    .optional()
    .doc("References in order: the first one that is not absent is the value."),
}).rule({
  check: (output) => [output.from, output.expr, output.firstOf].filter((source) => source !== undefined).length === 1,
  message: "a workflow output needs exactly one of from, expr and firstOf, e.g. {type: float, from: nodes.train.outputs.loss}",
});

const input = textOrObject(typeText(), inputForm).named("Input").doc("A type, or {type, description, default, …}.");
const output = textOrObject(typeText(), outputForm).named("Output").doc("A type, or {type, description, …}.");
const boundOutput = textOrObject(typeText(), boundOutputForm)
  .rule({ check: (value) => typeof value !== "string", message: "a workflow output says where it comes from: {type: float, from: nodes.train.outputs.loss}" })
  .named("BoundOutput")
  .doc("{type, from}: the type and the source of the value.");

export const inputs = map(input, { max: 256, keys: parameterNames });
export const outputs = map(output, { max: 256, keys: parameterNames });
export const boundOutputs = map(boundOutput, { max: 256, keys: parameterNames });

export type Input = Parsed<typeof input>;
export type Output = Parsed<typeof output>;
export type BoundOutput = Parsed<typeof boundOutput>;
