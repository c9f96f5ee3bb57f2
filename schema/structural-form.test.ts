import assert from "node:assert/strict";
import { anything, list, map, number, object, quantity, string, textOrObject } from "./build.ts";
import { celField, QUANTITY_PATTERN, structuralForm } from "./structural-form.ts";
import { checkStructuralSchema } from "./structural/index.ts";

describe("structuralForm", () => {
  it("gives a type-or-object value bounds that no number and no list can meet", () => {
    const shape = textOrObject(string({ pattern: "^[a-z]" }), object({ type: string().doc("x") }));
    const form = structuralForm(shape.node, "p");
    assert.deepEqual(form, {
      "x-kubernetes-preserve-unknown-fields": true,
      properties: { type: { description: "x", type: "string", maxLength: 4096 } },
      required: ["type"],
      pattern: "^[a-z]",
      maxLength: 4096,
      minimum: 1,
      maximum: 0,
      minItems: 1,
      maxItems: 0,
    });
  });

  it("says of every immutable field that it stays, and of all of them that they neither come nor go", () => {
    const form = structuralForm(
      object({ a: string().optional().immutable().doc("x"), namespace: string().optional().immutable().doc("x"), c: string().optional().doc("x") }).node,
      "p",
    );
    const rules = form["x-kubernetes-validations"] as { rule: string }[];
    assert.deepEqual(
      rules.map(({ rule }) => rule),
      ["has(self.a) == has(oldSelf.a) && has(self.__namespace__) == has(oldSelf.__namespace__)"],
    );
    const { a } = form["properties"] as { a: { "x-kubernetes-validations": { rule: string }[] } };
    assert.equal(a["x-kubernetes-validations"][0]?.rule, "self == oldSelf");
  });

  it("writes quantities as integers or text of Kubernetes' grammar", () => {
    assert.equal(structuralForm(quantity().node, "p")["x-kubernetes-int-or-string"], true);
    const matches = (text: string) => new RegExp(QUANTITY_PATTERN, "u").test(text);
    for (const good of ["1", "500m", "2Gi", "0.5", ".5", "1e3", "-1", "+1.k", "12E"]) assert.ok(matches(good), good);
    for (const bad of ["", "256MB", "1 Gi", "Gi", "1e", "one", "0x1"]) assert.ok(!matches(bad), bad);
  });

  it("bounds every string, list and map", () => {
    assert.equal(structuralForm(string().node, "p")["maxLength"], 4096);
    assert.equal(structuralForm(list(number()).node, "p")["maxItems"], 1024);
    assert.equal(structuralForm(map(number()).node, "p")["maxProperties"], 1024);
  });

  it("leaves a value of any type without a type, and keeps null", () => {
    assert.deepEqual(structuralForm(anything("literal").node, "p"), { "x-kubernetes-preserve-unknown-fields": true, nullable: true });
  });

  it("escapes field names that are words of CEL", () => {
    assert.equal(celField("if"), "__if__");
    assert.equal(celField("then"), "then");
  });

  it("writes nothing that a structural schema may not say", () => {
    const shape = object({
      a: list(object({ k: string().doc("x") }), { merge: ["k"] }).doc("x"),
      b: list(string(), { merge: "set" }).doc("x"),
      c: map(object({ d: anything().doc("x") }), { atomic: true }).doc("x"),
    });
    assert.deepEqual(checkStructuralSchema({ type: "object", properties: { spec: structuralForm(shape.node, "spec") } } as never), []);
  });
});
