import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject } from "../base/index.ts";
import type { Literal } from "../proto/index.ts";
import { literalOf } from "./authored.ts";
import { blobLiteral, listLiteral } from "./literal.ts";
import { isParameterProblems, type Parameter, parseParameters } from "./parameter.ts";
import { isProblems, type ValueProblemCode } from "./problem.ts";
import { checkTemplates, renderTemplates, type TemplateContext, type Templated, templatedInputs } from "./template.ts";

const INPUTS = parametersOf({
  n: "integer",
  rate: "float",
  text: "string",
  at: "datetime",
  wait: "duration",
  mode: "enum<a|b>",
  maybe: "string | none",
  file: "file<csv>",
  dir: "directory",
  names: "list<string>",
  files: "list<file>",
  optional: "list<integer | none> | none",
  config: "struct",
  map: "map<string>",
  either: "integer | string",
  bytes: "binary",
  nested: "list<list<string>>",
  token: { type: "string", sensitive: true },
  far: { type: "directory", download: "None" },
});
const csv = blobLiteral({ kind: "file", format: "csv" }, "file:///store/files/ab/iris $1.csv");
const LITERALS: { [name: string]: Literal } = {
  ...literals({
    n: 5,
    rate: 0.1,
    text: "a $(SECRET) {{.inputs.n}}",
    at: "2026-01-31",
    wait: "90s",
    mode: "b",
    maybe: null,
    names: ["x y", "", "$"],
    optional: [1, null, 3],
  }),
  file: csv,
  dir: blobLiteral({ kind: "directory" }, "file:///store/trees/cd"),
  files: listLiteral([csv, csv]),
};

function parametersOf(authored: JsonObject): Parameter[] {
  const parameters = parseParameters(authored);
  if (isParameterProblems(parameters)) throw new Error(parameters[0]?.message);
  return parameters as Parameter[];
}

function literals(values: JsonObject): { [name: string]: Literal } {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const literal = literalOf(INPUTS.find((one) => one.name === name)?.type ?? { kind: "none" }, value);
      if (isProblems(literal)) throw new Error(`${name}: ${literal[0]?.message}`);
      return [name, literal];
    }),
  );
}

function render(container: Templated, more: Partial<TemplateContext> = {}) {
  const context = {
    inputs: INPUTS,
    literals: LITERALS,
    inputPath: "/var/inputs",
    layout: "Direct" as const,
    flyte: { namespace: "ml-dev", prevCheckpointPrefix: "" },
    ...more,
  };
  assert.deepEqual(checkTemplates(container, INPUTS), []);
  return renderTemplates(container, context);
}

function args(...lines: string[]): readonly string[] {
  const rendered = render({ args: lines });
  assert.ok(!isProblems(rendered), JSON.stringify(rendered));
  return rendered.args;
}

describe("values/template", () => {
  it("fills in scalars as they stand on disk", () => {
    assert.deepEqual(args("--n", "{{.inputs.n}}", "r={{ .inputs.rate }}/{{$inputs.mode}}", "{{.Inputs.at}} {{.inputs.wait}}"), [
      "--n",
      "5",
      "r=0.1/b",
      "2026-01-31T00:00:00Z 1m30s",
    ]);
  });

  it("doubles every $ of a value, scans no value again and leaves written $ alone", () => {
    assert.deepEqual(args("$(HOME) {{.inputs.text}}"), ["$(HOME) a $$(SECRET) {{.inputs.n}}"]);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", "(", ")", "{", "}", ".", "i", "A") }), (value) => {
        const rendered = render({ args: ["{{.inputs.text}}"] }, { literals: literals({ text: value }) });
        assert.ok(!isProblems(rendered));
        assert.equal(expanded(rendered.args[0] ?? ""), value);
      }),
    );
  });

  it("gives the local path of stored data, or its uri", () => {
    assert.deepEqual(args("{{.inputs.file}}", "{{.inputs.dir}}/x", "{{.inputs.file.uri}}"), [
      "/var/inputs/file",
      "/var/inputs/dir/x",
      "file:///store/files/ab/iris $$1.csv",
    ]);
    const named = render({ args: ["{{.inputs.file}}", "{{.inputs.files}}"] }, { layout: "NamedDir", inputPath: "$(FLYTEOPS_INPUTS)" });
    assert.ok(!isProblems(named));
    assert.deepEqual(named.args, [
      "$(FLYTEOPS_INPUTS)/file/iris $$1.csv",
      "$(FLYTEOPS_INPUTS)/files/0/iris $$1.csv",
      "$(FLYTEOPS_INPUTS)/files/1/iris $$1.csv",
    ]);
  });

  it("makes one argument per element of a list, in the command too, and none for an empty or absent one", () => {
    assert.deepEqual(args("a", "{{.inputs.names}}", "b", "{{.inputs.files}}", "{{.inputs.optional}}"), [
      "a",
      "x y",
      "",
      "$$",
      "b",
      "/var/inputs/files/0",
      "/var/inputs/files/1",
      "1",
      "3",
    ]);
    const rendered = render({ command: ["run", "{{.inputs.names}}"], args: ["{{.inputs.optional}}"] }, { literals: { names: listLiteral([]) } });
    assert.deepEqual(rendered, { command: ["run"], args: [], env: [] });
  });

  it("leaves out an argument or variable whose template is none", () => {
    assert.deepEqual(args("x", "--maybe={{.inputs.maybe}}", "{{.inputs.maybe}}"), ["x"]);
    const env = [
      { name: "A", value: "{{.inputs.maybe}}" },
      { name: "B", value: "n={{.inputs.n}}" },
      { name: "C", valueFrom: { fieldRef: {} } },
    ];
    const rendered = render({ env });
    assert.deepEqual(rendered, {
      command: [],
      args: [],
      env: [
        { name: "B", value: "n=5" },
        { name: "C", valueFrom: { fieldRef: {} } },
      ],
    });
  });

  it("knows Flyte's other variables, in any case, and leaves everything else alone", () => {
    assert.deepEqual(args("{{.namespace}}", "{{ .Namespace }}", "<{{.prevCheckpointPrefix}}>", "{{.input}}", "{{.unknown}}", "{{ range . }}", "{{"), [
      "ml-dev",
      "ml-dev",
      "<>",
      "{{.input}}",
      "{{.unknown}}",
      "{{ range . }}",
      "{{",
    ]);
  });

  it("refuses an argument that Linux could not take", () => {
    const long = literals({ text: "$".repeat(131_071) });
    assert.ok(!isProblems(render({ args: ["{{.inputs.text}}"] }, { literals: long })), "the $$ is one byte to the program");
    const problems = render({ args: ["ok", "x{{.inputs.text}}"], env: [{ name: "V", value: "{{.inputs.text}}" }] }, { literals: long });
    assert.ok(isProblems(problems));
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [
        ["ArgumentTooLong", ["args", 1]],
        ["ArgumentTooLong", ["env", 0, "value"]],
      ],
    );
    assert.ok(isProblems(render({ args: ["{{.inputs.text}}"] }, { literals: literals({ text: "a\0b" }) })));
  });

  const refused: ReadonlyArray<readonly [text: string, code: ValueProblemCode, message: RegExp]> = [
    ["{{.inputs.nope}}", "UnknownInput", /no input nope/],
    ["{{.inputs.n.x}}", "UnknownInput", /no input n\.x/],
    ["{{.inputs.n.uri}}", "TemplateNotText", /only a file, directory or dataset has a uri/],
    ["{{.inputs.config}}", "TemplateNotText", /type struct .*read its file/],
    ["{{.inputs.map}}", "TemplateNotText", /read its file/],
    ["{{.inputs.either}}", "TemplateNotText", /read its file/],
    ["{{.inputs.bytes}}", "TemplateNotText", /read its file/],
    ["{{.inputs.nested}}", "TemplateNotText", /read its file/],
    ["x{{.inputs.names}}", "TemplateNotText", /must be the whole argument/],
    ["{{.inputs.token}}", "TemplateSensitive", /sensitive/],
    ["{{.inputs.far}}", "TemplateNotText", /not downloaded.*write \{\{\.inputs\.far\.uri\}\}/],
  ];
  for (const [text, code, message] of refused) {
    it(`refuses ${text} before anything runs`, () => {
      const [problem] = checkTemplates({ args: ["fine", text] }, INPUTS);
      assert.equal(problem?.code, code);
      assert.match(problem?.message ?? "", message);
      assert.deepEqual(problem?.path, ["args", 1]);
    });
  }

  it("reads a text made of openings once, not once for each of them", () => {
    // Read once for each of them, these would take minutes.
    assert.deepEqual(checkTemplates({ args: Array.from({ length: 5 }, () => "{{.inputs.".repeat(13_000)) }, INPUTS), []);
  });

  it("refuses a list as an environment variable, and lists the inputs it needs", () => {
    const container = { command: ["{{.inputs.n}}"], args: ["{{.inputs.n}} {{.inputs.dir.uri}}"], env: [{ name: "L", value: "{{.inputs.names}}" }] };
    assert.deepEqual(
      checkTemplates(container, INPUTS).map(({ path }) => path),
      [["env", 0, "value"]],
    );
    assert.deepEqual(templatedInputs(container), ["n", "dir", "names"]);
  });
});

/** What the kubelet makes of a text when no variable is known: `$$` becomes `$`, an unknown `$(NAME)` stays. */
function expanded(text: string): string {
  return text.replace(/\$\$|\$\([^)]*\)/g, (match) => (match === "$$" ? "$" : "EXPANDED"));
}
