import assert from "node:assert/strict";
import { memoryLog } from "../storage/memory-log.ts";
import { ADMIN, DEFINITIONS, type Harness, harness, widget, widgetDefinition, WIDGETS } from "../testing/harness.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });

describe("watching", () => {
  let api: Harness;
  beforeEach(async () => {
    api = await harness();
  });
  afterEach(() => api.server.close());

  const version = async () => String((await api.call("GET", MAPS)).json.metadata?.resourceVersion);

  it("sends a bookmark every minute to who asked for them, and at the end", async () => {
    const start = await version();
    const watch = await api.watch(`${MAPS}?watch=1&allowWatchBookmarks=1&timeoutSeconds=90&resourceVersion=${start}`);
    await api.call("POST", "/api/v1/namespaces/default/secrets", map("elsewhere"));
    await api.clock.advance(60_000);
    const bookmark = await watch.next();
    assert.deepEqual([bookmark?.type, bookmark?.object.kind, bookmark?.object.metadata?.resourceVersion], ["BOOKMARK", "ConfigMap", String(Number(start) + 1)]);
    await api.clock.advance(30_000);
    assert.equal((await watch.next())?.type, "BOOKMARK");
    assert.equal(await watch.next(), undefined);
    assert.equal(api.clock.nextIn, undefined, "no timer outlives its watch");
  });

  it("ends after its timeout, and after an hour at most", async () => {
    const short = await api.watch(`${MAPS}?watch=1&timeoutSeconds=1`);
    const long = await api.watch(`${MAPS}?watch=1`);
    await api.clock.advance(1_000);
    assert.equal(await short.next(), undefined);
    await api.clock.advance(3_600_000);
    assert.equal(await long.next(), undefined);
  });

  it("ends when the caller has gone", async () => {
    const watch = await api.watch(`${MAPS}?watch=1`);
    watch.close();
    assert.equal(await watch.next(), undefined);
    assert.equal(api.clock.nextIn, undefined);
  });

  it("cuts off a reader that does not keep up, and nobody else", async function () {
    this.timeout(20_000);
    const start = await version();
    const slow = await api.watch(`${MAPS}?watch=1&resourceVersion=${start}`);
    const eager = await api.watch(`${MAPS}?watch=1&resourceVersion=${start}&fieldSelector=metadata.name=last`);
    await api.call("POST", MAPS, map("busy"));
    for (let round = 0; round < 17; round++) {
      const patches = Array.from({ length: 1_000 }, (_, index) => api.patch(`${MAPS}/busy`, { data: { n: `${round}-${index}` } }));
      assert.ok((await Promise.all(patches)).every(({ status }) => status === 200));
    }
    await api.call("POST", MAPS, map("last"));
    assert.equal((await eager.next())?.object.metadata?.name, "last");
    let seen = 0;
    while (await slow.next()) seen += 1;
    assert.ok(seen >= 16_384 && seen < 17_001, `${seen} events before the end`);
  });

  it("answers an ERROR event of code 410 for versions from before a restart", async () => {
    const log = memoryLog();
    const before = await harness({ log });
    await before.call("POST", MAPS, map("a"));
    const { json } = await before.call("POST", MAPS, map("b"));
    const last = Number(json.metadata?.resourceVersion);
    const after = await harness({ log });
    const watch = await after.watch(`${MAPS}?watch=1&resourceVersion=${last - 1}`);
    const event = await watch.next();
    assert.deepEqual([event?.type, event?.object.code, event?.object.reason], ["ERROR", 410, "Expired"]);
    assert.equal(await watch.next(), undefined);
    const resumed = await after.watch(`${MAPS}?watch=1&resourceVersion=${last}`);
    await after.call("POST", MAPS, map("c"));
    assert.equal((await resumed.next())?.object.metadata?.name, "c");
    await before.server.close();
    await after.server.close();
  });

  it("tells of an object that stops matching with its state before, at the version of the change", async () => {
    await api.call("POST", MAPS, map("m", { labels: { on: "yes" } }));
    const watch = await api.watch(`${MAPS}?watch=1&labelSelector=on=yes&resourceVersion=${await version()}`);
    const { json } = await api.patch(`${MAPS}/m`, { metadata: { labels: { on: "no" } } });
    const event = await watch.next();
    assert.equal(event?.type, "DELETED");
    assert.deepEqual(event?.object.metadata?.labels, { on: "yes" });
    assert.equal(event?.object.metadata?.resourceVersion, json.metadata?.resourceVersion);
  });

  it("shows tables and bare metadata as a list does", async () => {
    await api.call("POST", MAPS, map("t"));
    const open = async (as: string) => {
      const { body } = await api.server.handle({
        method: "GET",
        path: `${MAPS}?watch=1`,
        headers: { accept: `application/json;as=${as};v=v1;g=meta.k8s.io` },
        identity: ADMIN,
      });
      for await (const part of body as AsyncIterable<Uint8Array>) return JSON.parse(Buffer.from(part).toString()) as { object: Record<string, unknown> };
      throw new Error("no event");
    };
    const table = await open("Table");
    assert.equal(table.object["kind"], "Table");
    assert.deepEqual((table.object["rows"] as { cells: unknown[] }[])[0]?.cells.slice(0, 2), ["t", 0]);
    assert.deepEqual(Object.keys((await open("PartialObjectMetadata")).object), ["kind", "apiVersion", "metadata"]);
  });

  it("follows a kind from its first object to the end of its definition", async () => {
    await api.call("POST", DEFINITIONS, widgetDefinition());
    const watch = await api.watch(`${WIDGETS}?watch=1`);
    await api.call("POST", WIDGETS, widget("w"));
    assert.equal((await watch.next())?.object.metadata?.name, "w");
    await api.call("DELETE", `${DEFINITIONS}/widgets.test.dev`);
    assert.equal((await watch.next())?.type, "DELETED");
    assert.equal(await watch.next(), undefined);
  });
});
