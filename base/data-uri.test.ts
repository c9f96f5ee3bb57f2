import assert from "node:assert/strict";
import { dataUriProblem, isBelowPrefix, prefixProblem } from "./data-uri.ts";

describe("the URI of data that lies elsewhere", () => {
  const valid = [
    "file:///data/raw/x.csv",
    "file:///data/",
    "file:///a b/%20/ü#1",
    "s3://my.bucket-1/raw/%2e%2e/x",
    "s3://bucket",
    "gs://a_b/x",
    "abfs://raw@account1/x y",
  ];
  for (const uri of valid) it(`may be ${uri}`, () => assert.equal(dataUriProblem(uri), undefined));

  const refused: [string, RegExp][] = [
    ["data/x.csv", /no URI/],
    ["/data/x.csv", /no URI/],
    ["ftp://host/x.csv", /ftp:\/\/ cannot be read: only file:\/\/, s3:\/\//],
    ["https://host/x.csv", /https:\/\/ cannot be read/],
    ["s3://Bucket/x", /does not name a bucket/],
    ["s3:///x", /does not name a bucket/],
    ["s3://user:secret@bucket/x", /does not name a bucket/],
    ["s3://bucket/a/../x", /\. or \.\./],
    ["s3://bucket//x", /empty segment/],
    ["abfs://raw@account.dfs.core.windows.net/x", /does not name a bucket/],
    ["abfs://account/x", /does not name a bucket/],
    ["gs://bucket/\ud800", /no valid Unicode/],
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
    assert.ok(below("s3://bucket/raw/x", "s3://bucket/"));
    assert.ok(!below("s3://bucket2/raw/x", "s3://bucket"));
    assert.ok(!below("gs://bucket/raw/x", "s3://bucket"));
    assert.ok(!below("s3://bucket/Raw/x", "s3://bucket/raw"));
    assert.ok(!below("s3://bucket/raw%2f..%2fx/../y", "s3://bucket/raw"));
    assert.ok(!below("file:///etc/passwd", "file:///", "file://", "file:///data/..", ""));
  });

  it("is refused with the prefixes there are and the field to change", () => {
    assert.match(prefixProblem("file:///x/y", [], "ml") ?? "", /spec\.dataPrefixes of Project ml names no prefix/);
    assert.match(prefixProblem("file:///x/y", ["file:///data/raw"], "ml") ?? "", /allows only file:\/\/\/data\/raw/);
    assert.equal(prefixProblem("file:///data/raw/y", ["file:///data/raw/"], "ml"), undefined);
  });
});
