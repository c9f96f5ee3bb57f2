import assert from "node:assert/strict";
import { at, listAt, type Reply, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

const namesIn = (body: unknown): string =>
  listAt(body, "items")
    .map((item) => textAt(item, "metadata.name"))
    .join();
const read = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token, "base64url").toString()) as Record<string, unknown>;
const write = (token: Record<string, unknown>): string => Buffer.from(JSON.stringify(token)).toString("base64url");
/** A cluster forgets what is older than five or ten minutes. */
const FORGOTTEN_WITHIN_MS = 11 * 60_000;

describe("conformance: lists over time", function () {
  this.timeout(FORGOTTEN_WITHIN_MS + 30_000);
  const cluster = useCluster();
  const list = (query: Readonly<Record<string, string>>): Promise<Reply> => cluster.api.get(`${cluster.gadgets}?${new URLSearchParams(query).toString()}`);
  /** The version of four gadgets, of which one has gone since, one has changed, and one has come. */
  let then = "";

  before(async () => {
    const { api, gadgets } = cluster;
    for (const name of ["a", "b", "c", "d"]) ok(await api.create(gadgets, gadget(name, { size: 1 })));
    then = textAt(ok(await list({})), "metadata.resourceVersion");
    ok(await api.delete(`${gadgets}/c`));
    ok(await api.patch("merge", `${gadgets}/b`, { spec: { size: 2 } }));
    ok(await api.create(gadgets, gadget("bb")));
  });

  it("show just the moment that somebody names", async () => {
    const body = ok(await list({ resourceVersion: then, resourceVersionMatch: "Exact" }));
    assert.deepEqual([namesIn(body), at(body, "items.1.spec.size"), at(body, "metadata.resourceVersion")], ["a,b,c,d", 1, then]);
    assert.equal(namesIn(ok(await list({ resourceVersion: then, resourceVersionMatch: "NotOlderThan" }))), "a,b,bb,d");
    assert.equal(namesIn(ok(await list({ resourceVersion: then }))), "a,b,bb,d");
  });

  it("show that moment also in pages, where a limit stands beside a version", async () => {
    const page = ok(await list({ resourceVersion: then, limit: "3" }));
    assert.deepEqual([namesIn(page), at(page, "metadata.resourceVersion"), at(page, "metadata.remainingItemCount")], ["a,b,c", then, 1]);
    const rest = ok(await list({ limit: "3", continue: textAt(page, "metadata.continue") }));
    assert.deepEqual([namesIn(rest), at(rest, "metadata.resourceVersion"), textAt(rest, "metadata.continue")], ["d", then, ""]);
  });

  it("answer 410 when the moment of a token is forgotten, with a token that goes on from the latest one", async () => {
    const page = ok(await list({ limit: "1" }));
    const old = write({ ...read(textAt(page, "metadata.continue")), rv: 1 });
    const until = Date.now() + FORGOTTEN_WITHIN_MS;
    let reply = await list({ limit: "2", continue: old });
    for (; reply.status === 200 && Date.now() < until; reply = await list({ limit: "2", continue: old })) await new Promise((wake) => setTimeout(wake, 1_000));
    assert.deepEqual([reply.status, at(reply.body, "reason")], [410, "Expired"]);
    assert.match(textAt(reply.body, "message"), /^The provided continue parameter is too old to display a consistent list result\. .* inconsistent list /);
    const rest = ok(await list({ limit: "2", continue: textAt(reply.body, "metadata.continue") }));
    assert.equal(namesIn(rest), "b,bb");
    assert.equal(namesIn(ok(await list({ limit: "2", continue: textAt(rest, "metadata.continue") }))), "d");
    const exact = await list({ resourceVersion: "1", resourceVersionMatch: "Exact" });
    assert.deepEqual([exact.status, at(exact.body, "message")], [410, "The resourceVersion for the provided list is too old."]);
  });

  it("refuse tokens that nobody made, and what contradicts one", async () => {
    const page = ok(await list({ limit: "1" }));
    const token = read(textAt(page, "metadata.continue"));
    const refusal = async (changed: Record<string, unknown>, more: Readonly<Record<string, string>> = {}) => {
      const { status, body } = await list({ continue: write({ ...token, ...changed }), ...more });
      return `${status} ${textAt(body, "message").replace("invalid continue token: continue key is not valid: ", "")}`;
    };
    assert.equal(await refusal({ v: "x" }), "400 server does not recognize this encoded version x");
    assert.equal(await refusal({ start: "" }), "400 encoded start key empty (version meta.k8s.io/v1)");
    assert.equal(await refusal({ rv: 0 }), "400 incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
    assert.equal(await refusal({ start: "../x" }), "400 ../x");
    assert.match(await refusal({ rv: 999_999_999 }), /^504 Timeout: Too large resource version: 999999999, current: \d+$/);
    assert.equal(await refusal({}, { resourceVersion: "5" }), "400 specifying resource version is not allowed when using continue");
    assert.equal((await list({ limit: "x" })).status, 400);
  });
});
