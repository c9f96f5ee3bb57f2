import assert from "node:assert/strict";
import fc from "fast-check";
import type { Attributes, PolicyRule } from "../../authorize.ts";
import { covered, uncovered } from "./covers.ts";
import { gatheredRules } from "./gathered-rules.ts";
import { ruleAllows } from "./policy-rule.ts";

const wanted = (verb: string, resource: string, more: Partial<Attributes> = {}): Attributes => {
  const [plain = "", subresource = ""] = resource.split("/");
  return { verb, group: "", resource: plain, subresource, namespace: "", name: "", path: "", ...more };
};

const word = (words: readonly string[]) => fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 });
const resourceRule = fc.record(
  {
    verbs: word(["get", "list", "create", "*"]),
    apiGroups: word(["", "apps", "*"]),
    resources: word(["pods", "pods/log", "pods/exec", "*/log", "secrets", "*"]),
    resourceNames: word(["a", "b"]),
  },
  { requiredKeys: ["verbs", "apiGroups", "resources"] },
);
const pathRule = fc.record({ verbs: word(["get", "*"]), nonResourceURLs: word(["/a", "/a/*", "/b", "*"]) });
const rules = fc.array(fc.oneof(resourceRule, pathRule), { maxLength: 4 }) as fc.Arbitrary<PolicyRule[]>;
const request = fc.record({
  verb: fc.constantFrom("get", "list", "create", "delete"),
  group: fc.constantFrom("", "apps", "other.dev"),
  resource: fc.constantFrom("pods", "secrets", "things"),
  subresource: fc.constantFrom("", "log", "exec"),
  namespace: fc.constant(""),
  name: fc.constantFrom("", "a", "b", "c"),
  path: fc.constantFrom("", "", "/a", "/a/x", "/b", "/c"),
});

const allows = (held: readonly PolicyRule[], asked: Attributes): boolean => held.some((rule) => ruleAllows(rule, asked));

describe("rules of roles", () => {
  it("take a subresource for a thing of its own", () => {
    const rule: PolicyRule = { verbs: ["get"], apiGroups: [""], resources: ["pods", "*/scale"] };
    assert.ok(ruleAllows(rule, wanted("get", "pods")));
    assert.ok(!ruleAllows(rule, wanted("get", "pods/log")));
    assert.ok(ruleAllows(rule, wanted("get", "things/scale")));
    assert.ok(!ruleAllows(rule, wanted("get", "scale")));
    assert.ok(ruleAllows({ ...rule, resources: ["*"] }, wanted("get", "pods/log")));
  });

  it("never allow, once they are covered, what the covering ones do not", () => {
    const holds = fc.property(rules, rules, request, (owner, granted, asked) => {
      if (covered(owner, granted) && allows(granted, asked)) assert.ok(allows(owner, asked));
    });
    fc.assert(holds, { numRuns: 3_000 });
  });

  it("cover themselves, and everything is covered by the administrator's", () => {
    const everything: PolicyRule[] = [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["*"], nonResourceURLs: ["*"] },
    ];
    fc.assert(
      fc.property(rules, (held) => {
        assert.deepEqual(uncovered(held, held), []);
        assert.deepEqual(uncovered(everything, held), []);
      }),
      { numRuns: 300 },
    );
  });

  it("are gathered once each, in the order of the roles that have them", () => {
    const [one, two] = [
      { verbs: ["get"], apiGroups: [""], resources: ["a"] },
      { verbs: ["get"], apiGroups: [""], resources: ["b"] },
    ];
    const role = (name: string, labels: Record<string, string>, own: object[]) => ({
      apiVersion: "v1",
      kind: "ClusterRole",
      metadata: { name, labels },
      rules: own,
    });
    const parts = [role("p1", { part: "x" }, [one]), role("p2", { part: "x" }, [two, one]), role("p3", { part: "y" }, [{ verbs: ["*"] }])];
    const whole = { ...role("whole", { part: "x" }, []), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: "x" } }] } };
    assert.deepEqual(gatheredRules(whole, [...parts, whole]), [one, two]);
    assert.equal(gatheredRules({ ...whole, rules: [one, two] }, parts), undefined);
    assert.equal(gatheredRules(parts[0]!, parts), undefined);
    const expressions = (operator: string, values: string[]) => ({
      ...whole,
      aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: "part", operator, values }] }] },
    });
    assert.deepEqual(gatheredRules(expressions("NotIn", ["x"]), parts), [{ verbs: ["*"] }]);
    assert.deepEqual(gatheredRules(expressions("In", ["x"]), parts), [one, two]);
  });
});
