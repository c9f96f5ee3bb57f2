import assert from "node:assert/strict";
import { dataUriProblem, isBelowPrefix, prefixProblem } from "./data-uri.ts";

describe("the URI of data that lies elsewhere", () => {
  for (const uri of ["file:///data/raw/x.csv", "file:///data/", "file:///a b/%20/ü#1"]) it(`may be ${uri}`, () => assert.equal(dataUriProblem(uri), undefined));

  const refused: [string, RegExp][] = [
    ["data/x.csv", /no URI/],
    ["/data/x.csv", /no URI/],
    ["s3://bucket/x.csv", /s3:\/\/ cannot be read yet: only file:\/\//],
    ["FILE:///data/x", /no URI/],
    ["file://host/data", /names a host/],
    ["file:///", /whole machine/],
    ["file:///data/../etc/passwd", /\. or \.\./],
    ["file:///data/./x", /\. or \.\./],
    ["file:///data//x", /empty segment/],
    ["file:////data/x", /empty segment/],
    ["file:///data\\x", /backslash/],
    ["file:///data/\0x", /control/],
    [`file:///${"a/".repeat(600)}x`, /longer/],
  ];
  for (const [uri, message] of refused) it(`may not be ${JSON.stringify(uri.slice(0, 40))}`, () => assert.match(dataUriProblem(uri)?.message ?? "", message));

  it("lies below a prefix segment by segment", () => {
    const below = (uri: string, ...prefixes: string[]) => isBelowPrefix(uri, prefixes);
    assert.ok(below("file:///data/raw/x", "file:///other", "file:///data/raw"));
    assert.ok(below("file:///data/raw/", "file:///data/raw//"));
    assert.ok(!below("file:///data/rawer/x", "file:///data/raw"));
    assert.ok(!below("file:///data", "file:///data/raw"));
    assert.ok(!below("file:///data/raw/../etc", "file:///data/raw"));
    assert.ok(!below("file:///data/raw/x"));
    assert.ok(!below("file:///etc/passwd", "file:///", "file://", "file:///data/..", ""));
  });

  it("is refused with the prefixes there are and the field to change", () => {
    assert.match(prefixProblem("file:///x/y", [], "ml") ?? "", /spec\.dataPrefixes of Project ml names no prefix/);
    assert.match(prefixProblem("file:///x/y", ["file:///data/raw"], "ml") ?? "", /allows only file:\/\/\/data\/raw/);
    assert.equal(prefixProblem("file:///data/raw/y", ["file:///data/raw/"], "ml"), undefined);
  });
});
