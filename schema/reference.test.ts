import assert from "node:assert/strict";
import { defineKind, integer, list, map, object, oneOf, referenceIndex, referencePage, string } from "./index.ts";

const Widget = defineKind({
  group: "example.dev",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  shortNames: ["wd"],
  namespaced: false,
  doc: "A widget.",
  spec: object({
    size: integer({ minimum: 1, maximum: 9 }).default(3).doc("How large."),
    name: string().immutable().doc("What it is called: a|b."),
    rows: list(object({ colour: oneOf("red", "green").doc("Which colour.") }))
      .optional()
      .doc("Its rows."),
    byKey: map(object({ n: integer().doc("A number.") }))
      .optional()
      .doc("By key."),
  }).rule({ cel: "self.size > 0", check: ({ size }) => size > 0, message: "size is positive", at: ["size"] }),
  status: object({ phase: string().optional().doc("Where it stands.") }),
  conditions: { Ready: "It works." },
  columns: [
    { name: "Phase", path: "status.phase", doc: "Where it stands." },
    { name: "Ready", condition: "Ready", doc: "Whether it works.", wide: true },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

describe("the reference page", () => {
  const page = referencePage(Widget, "kind: Widget\n");

  for (const line of [
    "| `size` | integer (1 to 9) | default `3` | How large. |",
    "| `name` | string | required, fixed | What it is called: a\\|b. |",
    "| `rows[].colour` | red \\| green | required | Which colour. |",
    "| `byKey.*.n` | integer | required | A number. |",
    "- `spec.size`: size is positive",
    "| PHASE | `status.phase` | Where it stands. |",
    "| READY (`-o wide`) | condition Ready | Whether it works. |",
    "| Ready | It works. |",
    "kind: Widget",
  ])
    it(`says ${line}`, () => assert.ok(page.split("\n").includes(line), page));

  it("is linked from the index", () => {
    assert.ok(referenceIndex([Widget]).includes("| [Widget](widget.md) | cluster | `wd` | A widget. |"));
  });
});
