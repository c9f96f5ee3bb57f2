import assert from "node:assert/strict";
import fc from "fast-check";
import { type AnyKind, type Node, rootSchema, compileStructural, defaultObject, prune, validateStructural } from "../schema/index.ts";
import { allKinds, RunKind } from "./index.ts";
import { arbitraryValue } from "./testing/arbitrary.ts";
import { exampleOf } from "./testing/examples.ts";

type Fields = Record<string, unknown>;

/** The walk over the structural schema, as an API server does it: default, prune, validate. */
function server(kind: AnyKind) {
  const schema = compileStructural(rootSchema(kind) as never);
  const stored = (object: Fields): Fields => {
    const copy = structuredClone(object);
    defaultObject(schema, copy);
    prune(schema, copy);
    return copy;
  };
  return {
    stored,
    refusals: (object: Fields, old?: Fields) =>
      validateStructural(schema, stored(object), old === undefined ? {} : { old: stored(old) }).map(({ field, message }) => `${field}: ${message}`),
  };
}

/** Messages of the rules that the API server cannot be told. */
function untoldRules(node: Node): string[] {
  const below =
    node.kind === "object"
      ? Object.values(node.fields)
      : node.kind === "list"
        ? [node.items]
        : node.kind === "map"
          ? [node.values]
          : node.kind === "text-or-object"
            ? [node.object]
            : [];
  const own = (node.rules ?? []).filter(({ cel }) => cel === undefined).map(({ message }) => message);
  return [...own, ...below.flatMap(untoldRules)];
}

function manifest(kind: AnyKind, spec: unknown): Fields {
  const { metadata } = exampleOf(kind);
  return { apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, metadata, spec };
}

describe("validation before the cluster and in it", () => {
  for (const kind of allKinds) {
    it(`agree on ${kind.kind}: what validate accepts, the API server accepts, and what its rules refuse, it refuses`, function () {
      this.timeout(20_000);
      const { refusals } = server(kind);
      const rulesOnlyHere = untoldRules(kind.spec.node);
      let accepted = 0;
      fc.assert(
        fc.property(arbitraryValue(kind.spec.node), (spec) => {
          const object = manifest(kind, spec);
          const problems = kind.check(object);
          if (problems.every(({ code }) => code === "RuleViolated")) {
            const refused = refusals(object);
            const told = problems.filter(({ message }) => !rulesOnlyHere.some((sentence) => message.startsWith(sentence)));
            assert.equal(refused.length > 0, told.length > 0, `${JSON.stringify(told)} / ${refused.join()}`);
          }
          if (problems.length === 0) accepted += 1;
        }),
        { numRuns: 300, seed: 7 },
      );
      assert.ok(accepted > 10, `only ${accepted} of 300 were accepted: the property says too little`);
    });

    it(`parse ${kind.kind} to what the API server would store`, () => {
      const { stored } = server(kind);
      const { status, ...expected } = stored(exampleOf(kind));
      assert.deepEqual(kind.parse(exampleOf(kind)), expected);
      assert.deepEqual(status, { observedGeneration: -1 });
    });
  }

  it("agree on every change of a Run", function () {
    this.timeout(20_000);
    const kind = RunKind;
    const { refusals } = server(kind);
    const node = kind.spec.node;
    assert.equal(node.kind, "object");
    if (node.kind !== "object") return;
    const change = fc
      .constantFrom(...Object.entries(node.fields))
      .chain(([name, field]) => fc.tuple(fc.constant(name), fc.option(arbitraryValue(field), { nil: undefined })));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), fc.boolean(), (changes, aborted) => {
        const old = exampleOf(kind);
        if (aborted) old.spec["desiredState"] = "Aborted";
        const spec: Fields = structuredClone(old.spec);
        for (const [name, value] of changes) {
          if (value === undefined) delete spec[name];
          else spec[name] = value;
        }
        const object = { ...exampleOf(kind), spec };
        if (kind.check(object).length > 0) return;
        assert.equal(
          kind.check(object, old).length === 0,
          refusals(object, old).length === 0,
          `${kind
            .check(object, old)
            .map((p) => p.message)
            .join()} / ${refusals(object, old).join()}`,
        );
      }),
      { numRuns: 80, seed: 11 },
    );
  });
});
