import assert from "node:assert/strict";
import { parseLabelSelector } from "./label-selector.ts";

describe("label selectors", () => {
  const labels = { app: "web", tier: "front", "example.com/on": "", count: "7" };
  const cases: Readonly<Record<string, boolean>> = {
    "": true,
    "app=web": true,
    "app==web": true,
    "app=api": false,
    "app!=api": true,
    "app!=web": false,
    "missing!=x": true,
    app: true,
    missing: false,
    "!missing": true,
    "!app": false,
    "example.com/on": true,
    "example.com/on=": true,
    "app in (web, api)": true,
    "app in (api)": false,
    "missing in (web)": false,
    "app notin (api,db)": true,
    "missing notin (x)": true,
    "app in (web),tier=front,!missing": true,
    "app in (web),tier=back": false,
    "count>6": true,
    "count<7": false,
    "app>1": false,
    "in in (x)": false,
    "app = web , tier != back": true,
  };
  for (const [selector, expected] of Object.entries(cases))
    it(`${expected ? "matches" : "does not match"} ${selector || "everything"}`, () => assert.equal(parseLabelSelector(selector)(labels), expected));

  for (const selector of ["a=b,,c", "a=b,", "a in b", "a in (b", "!", "a=b c", "x>y", "-a=b", "a=-b", "a b", "/a", "a/b/c", "=x"])
    it(`refuses ${selector}`, () => assert.throws(() => parseLabelSelector(selector), { code: 400 }));

  it("does not find labels where only the prototype has something", () => {
    assert.equal(parseLabelSelector("constructor")({}), false);
    assert.equal(parseLabelSelector("toString notin (x)")({}), true);
  });
});
