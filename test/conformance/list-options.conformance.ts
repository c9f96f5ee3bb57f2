import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { at, listAt, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";

const AS = (kind: string) => `application/json;as=${kind};v=v1;g=meta.k8s.io`;

describe("conformance: options of lists and watches", () => {
  const cluster = useCluster();

  const list = (query: string) => cluster.api.get(`${cluster.configMaps}?${query}`);
  const names = (body: unknown) =>
    listAt(body, "items")
      .map((item) => textAt(item, "metadata.name"))
      .filter((name) => name.startsWith("o-"));
  const selected = async (query: string) => names(ok(await list(query))).join();
  const refusal = async (query: string) => {
    const { status, body } = await list(query);
    return [status, ...listAt(body, "details.causes").map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`)];
  };

  before(async () => {
    for (const name of ["o-a", "o-b", "o-c"]) ok(await cluster.api.create(cluster.configMaps, { metadata: { name, labels: { own: name } } }));
  });

  it("select by labels, by name and by what is not", async () => {
    assert.equal(await selected("labelSelector=own%20in%20(o-a,o-b)"), "o-a,o-b");
    assert.equal(await selected("labelSelector=own%20notin%20(o-a),own"), "o-b,o-c");
    assert.equal(await selected("labelSelector=!own"), "");
    assert.equal(await selected("fieldSelector=metadata.name%3Do-b"), "o-b");
    assert.equal(await selected("fieldSelector=metadata.name!%3Do-b"), "o-a,o-c");
    assert.equal(await selected("fieldSelector=metadata.namespace%3Dnowhere"), "");
  });

  it("refuse selectors that are none, and fields that nobody selects by", async () => {
    for (const selector of ["own%3Da%3Db", "own%20in%20("]) assert.equal((await list(`labelSelector=${selector}`)).status, 400);
    const { status, body } = await list("fieldSelector=data.x%3D1");
    assert.deepEqual([status, at(body, "message")], [400, '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"']);
  });

  it("take any version whole, and the latest in pages", async () => {
    const page = ok(await list("limit=1&labelSelector=own"));
    assert.deepEqual([names(page), textAt(page, "metadata.continue") === ""], [["o-a"], false]);
    const rest = ok(await list(`labelSelector=own&continue=${encodeURIComponent(textAt(page, "metadata.continue"))}`));
    assert.deepEqual([names(rest), textAt(rest, "metadata.continue")], [["o-b", "o-c"], ""]);
    const whole = ok(await list("limit=1&resourceVersion=0&labelSelector=own"));
    assert.deepEqual([names(whole).length, textAt(whole, "metadata.continue")], [3, ""]);
  });

  it("say how many are left when nothing is selected", async () => {
    const page = ok(await list("limit=1"));
    const all = listAt(ok(await list("")), "items").length;
    assert.equal(at(page, "metadata.remainingItemCount"), all - 1);
  });

  it("match versions only as they can", async () => {
    assert.deepEqual(await refusal("resourceVersionMatch=Exact"), [
      422,
      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
    ]);
    assert.deepEqual(await refusal("resourceVersion=0&resourceVersionMatch=Exact"), [
      422,
      'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ]);
    assert.deepEqual(await refusal("resourceVersion=1&resourceVersionMatch=Nearly"), [
      422,
      'resourceVersionMatch: Unsupported value: "Nearly": supported values: "Exact", "NotOlderThan", ""',
    ]);
    assert.deepEqual(await refusal("sendInitialEvents=true"), [422, "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"]);
    assert.deepEqual(await refusal("watch=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"), [
      422,
      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    ]);
    assert.deepEqual(await refusal("watch=true&sendInitialEvents=true&timeoutSeconds=1"), [
      422,
      "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    ]);
    const version = textAt(ok(await list("")), "metadata.resourceVersion");
    assert.equal((await list(`resourceVersion=${version}&resourceVersionMatch=NotOlderThan`)).status, 200);
  });

  it("refuse versions and numbers that are none, a version from the future, and a token that is none", async () => {
    assert.equal((await list("resourceVersion=x")).status, 400);
    assert.equal((await list("timeoutSeconds=x")).status, 400);
    assert.equal((await list("continue=abc")).status, 400);
    const { status, body } = await cluster.api.get(`${cluster.configMaps}/o-a?resourceVersion=999999999`);
    assert.deepEqual([status, at(body, "reason"), at(body, "details.causes.0.reason")], [504, "Timeout", "ResourceVersionTooLarge"]);
  }).timeout(20_000);

  it("show tables and bare metadata, each in its own form for one and for many", async () => {
    const { api, configMaps } = cluster;
    const kindOf = async (path: string, kind: string) => {
      const { status, body } = await api.getAs(path, AS(kind));
      return status === 200 ? at(body, "kind") : status;
    };
    assert.equal(await kindOf(configMaps, "Table"), "Table");
    assert.equal(await kindOf(`${configMaps}/o-a`, "Table"), "Table");
    assert.equal(await kindOf(configMaps, "PartialObjectMetadataList"), "PartialObjectMetadataList");
    assert.equal(await kindOf(`${configMaps}/o-a`, "PartialObjectMetadata"), "PartialObjectMetadata");
    assert.equal(await kindOf(configMaps, "PartialObjectMetadata"), 406);
    assert.equal(await kindOf(`${configMaps}/o-a`, "PartialObjectMetadataList"), 406);
    assert.equal((await api.getAs(configMaps, "text/html")).status, 406);
    assert.equal(at((await api.getAs(configMaps, "text/html, application/json")).body, "kind"), "ConfigMapList");
  });

  it("compress what is large for whoever can read it, and nothing else", async () => {
    const { api, configMaps } = cluster;
    const text = "long ".repeat(40_000);
    ok(await api.create(configMaps, { metadata: { name: "o-large", labels: { large: "yes" } }, data: { text } }));
    const packed = await api.getRaw(`${configMaps}/o-large`, { "accept-encoding": "gzip" });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.ok(packed.bytes.length < text.length / 10);
    assert.equal(at(JSON.parse(gunzipSync(packed.bytes).toString()), "data.text"), text);
    assert.equal((await api.getRaw(`${configMaps}?labelSelector=large`, { "accept-encoding": "gzip" })).headers["content-encoding"], "gzip");
    assert.equal((await api.getRaw(`${configMaps}/o-large`, {})).headers["content-encoding"], undefined);
    assert.equal((await api.getRaw(`${configMaps}/o-a`, { "accept-encoding": "gzip" })).headers["content-encoding"], undefined);
    ok(await api.delete(`${configMaps}/o-large`));
  });

  it("remove what a selector selects, and nothing else", async () => {
    ok(await cluster.api.create(cluster.configMaps, { metadata: { name: "o-z", labels: { gone: "yes" } } }));
    ok(await cluster.api.delete(`${cluster.configMaps}?labelSelector=gone`));
    assert.equal(await selected("labelSelector=gone"), "");
    assert.equal(await selected("labelSelector=own"), "o-a,o-b,o-c");
  });
});
