import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/index.ts";
import { builtinSchema } from "./builtin.ts";
import { strategicMerge } from "./strategic-merge.ts";

const node = builtinSchema("", "v1", "Node");
const pod = builtinSchema("", "v1", "Pod");
assert.ok(node && pod);

const live = (fields: Record<string, unknown>): KubeObject => ({ apiVersion: "v1", kind: "Any", metadata: { name: "x" }, ...fields });

function merged(schema: NonNullable<typeof node>, fields: Record<string, unknown>, patch: unknown): KubeObject {
  const result = strategicMerge(schema, live(fields), patch);
  assert.equal(result.kind, "merged", JSON.stringify(result));
  return (result as Extract<typeof result, { kind: "merged" }>).object;
}

const conditions = (...types: readonly string[]) => ({ status: { conditions: types.map((type) => ({ type, status: "True" })) } });

function typesOf(object: KubeObject): string {
  return (object["status"] as { conditions: { type: string }[] }).conditions.map((one) => one.type).join("");
}

/** Live conditions, the patch's, its directives, and the order that results; each row was compared with a real API server. */
const orders: readonly (readonly [string, readonly object[], Record<string, unknown>, string])[] = [
  ["ab", [{ type: "b", status: "False" }], {}, "ab"],
  ["ab", [{ type: "c" }], {}, "cab"],
  ["abc", [{ type: "b", $patch: "delete" }], {}, "ac"],
  ["abc", [{ type: "d" }, { $patch: "replace" }], {}, "d"],
  ["abc", [{ type: "c" }], { "$setElementOrder/conditions": [{ type: "c" }, { type: "a" }, { type: "b" }] }, "cab"],
  ["abc", [], { "$setElementOrder/conditions": [{ type: "b" }, { type: "a" }] }, "bac"],
];

describe("strategic merge", () => {
  for (const [before, patch, directives, after] of orders) {
    it(`makes ${after} of ${before} with ${JSON.stringify({ patch, ...directives })}`, () => {
      assert.equal(typesOf(merged(node, conditions(...before), { status: { conditions: patch, ...directives } })), after);
    });
  }

  it("merges the items it finds by key", () => {
    const object = merged(node, conditions("a"), { status: { conditions: [{ type: "a", reason: "r" }] } });
    assert.deepEqual(object["status"], { conditions: [{ type: "a", status: "True", reason: "r" }] });
  });

  it("replaces lists that have no merge key and removes what is null", () => {
    const spec = { tolerations: [{ key: "a" }], nodeName: "n" };
    assert.deepEqual(merged(pod, { spec }, { spec: { tolerations: [{ key: "b" }], nodeName: null } })["spec"], { tolerations: [{ key: "b" }] });
  });

  it("keeps, of a volume, only what the patch says to keep", () => {
    const spec = { volumes: [{ name: "v", emptyDir: {} }] };
    const patch = { spec: { volumes: [{ name: "v", configMap: { name: "c" }, $retainKeys: ["name", "configMap"] }] } };
    assert.deepEqual(merged(pod, { spec }, patch)["spec"], { volumes: [{ name: "v", configMap: { name: "c" } }] });
  });

  it("adds to sets and deletes from them", () => {
    const metadata = { name: "x", finalizers: ["a/1", "a/2"] };
    const result = merged(pod, { metadata }, { metadata: { finalizers: ["a/3"], "$deleteFromPrimitiveList/finalizers": ["a/1"] } });
    assert.deepEqual(result.metadata.finalizers, ["a/3", "a/2"]);
  });

  it("leaves no directive behind where there was nothing to merge with", () => {
    const patch = {
      spec: {
        volumes: [
          { name: "gone", $patch: "delete" },
          { name: "v", emptyDir: {}, $retainKeys: ["name", "emptyDir"] },
        ],
        "$setElementOrder/volumes": [{ name: "v" }],
      },
    };
    assert.deepEqual(merged(pod, {}, patch)["spec"], { volumes: [{ name: "v", emptyDir: {} }] });
  });

  it("refuses an order that forgets an item, an item without its key and an unknown directive", () => {
    const problem = (patch: unknown) => {
      const result = strategicMerge(node, live(conditions("a")), { status: patch });
      return result.kind === "invalid" ? result.message : result.kind;
    };
    assert.match(problem({ conditions: [{ type: "b" }], "$setElementOrder/conditions": [{ type: "a" }] }), /doesn't match \$setElementOrder list/);
    assert.match(problem({ conditions: [{ status: "True" }] }), /does not contain declared merge key: type/);
    assert.match(problem({ $patch: "shuffle" }), /unknown patch type found: shuffle/);
  });
});
