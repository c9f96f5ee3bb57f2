import assert from "node:assert/strict";
import { at, listAt, type RawReply, textAt, type Watch, type WatchEvent } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

const eventsIn = ({ bytes }: RawReply): WatchEvent[] =>
  bytes
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as WatchEvent);

describe("conformance: lists and watches", () => {
  const cluster = useCluster();
  /** Runs while the others do. */
  let ended: Promise<RawReply>;

  before(async () => {
    ok(await cluster.api.create(cluster.gadgets, gadget("early", {}, { labels: { early: "yes" } })));
    ended = cluster.api.getRaw(`${cluster.gadgets}?watch=true&timeoutSeconds=3&allowWatchBookmarks=true&labelSelector=early`, {});
  });

  async function versionNow(): Promise<string> {
    return textAt(ok(await cluster.api.get(cluster.gadgets)), "metadata.resourceVersion");
  }

  async function watching<T>(query: string, look: (watch: Watch) => Promise<T>): Promise<T> {
    const watch = await cluster.api.watch(`${cluster.gadgets}?watch=true&${query}`);
    try {
      return await look(watch);
    } finally {
      watch.close();
    }
  }

  const shown = (event: { type: string; object: unknown }) => `${event.type} ${textAt(event.object, "metadata.name")}`;

  it("tells of every change after the version it starts from, in order", async () => {
    const { api, gadgets } = cluster;
    const from = await versionNow();
    ok(await api.create(gadgets, gadget("told", { size: 1 })));
    ok(await api.patch("merge", `${gadgets}/told`, { spec: { size: 2 } }));
    await watching(`resourceVersion=${from}`, async (watch) => {
      assert.equal(shown(await watch.next()), "ADDED told");
      const modified = await watch.next();
      assert.deepEqual([shown(modified), at(modified.object, "spec.size")], ["MODIFIED told", 2]);
      const { uid } = at(ok(await api.get(`${gadgets}/told`)), "metadata") as { uid: string };
      ok(await api.delete(`${gadgets}/told`));
      const deleted = await watch.next();
      assert.deepEqual([shown(deleted), at(deleted.object, "metadata.uid")], ["DELETED told", uid]);
      assert.ok(BigInt(textAt(deleted.object, "metadata.resourceVersion")) > BigInt(textAt(modified.object, "metadata.resourceVersion")));
    });
  });

  it("resumes after an event without repeating or missing one", async () => {
    const { api, gadgets } = cluster;
    const from = await versionNow();
    for (const name of ["r1", "r2", "r3"]) ok(await api.create(gadgets, gadget(name)));
    const seen = await watching(`resourceVersion=${from}`, (watch) => watch.next());
    await watching(`resourceVersion=${textAt(seen.object, "metadata.resourceVersion")}`, async (watch) => {
      assert.deepEqual([shown(await watch.next()), shown(await watch.next())], ["ADDED r2", "ADDED r3"]);
    });
  });

  it("starts with what exists when asked for any version", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("already", {}, { labels: { start: "here" } })));
    await watching("labelSelector=start&resourceVersion=0", async (watch) => assert.equal(shown(await watch.next()), "ADDED already"));
  });

  it("answers 410 for a version that is forgotten", async () => {
    const [first] = eventsIn(await cluster.api.getRaw(`${cluster.gadgets}?watch=true&resourceVersion=1`, {}));
    assert.deepEqual([first?.type, at(first?.object, "code"), at(first?.object, "reason")], ["ERROR", 410, "Expired"]);
    assert.match(textAt(first?.object, "message"), /^too old resource version: 1 \(\d+\)$/);
  });

  it("shows an object entering and leaving a label selector as added and deleted", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("moving", {}, { labels: { team: "a" } })));
    const from = await versionNow();
    await watching(`labelSelector=team%3Db&resourceVersion=${from}`, async (watch) => {
      ok(await api.patch("merge", `${gadgets}/moving`, { metadata: { labels: { team: "b" } } }));
      assert.equal(shown(await watch.next()), "ADDED moving");
      ok(await api.patch("merge", `${gadgets}/moving`, { spec: { size: 3 } }));
      assert.equal(shown(await watch.next()), "MODIFIED moving");
      ok(await api.patch("merge", `${gadgets}/moving`, { metadata: { labels: { team: "a" } } }));
      assert.equal(shown(await watch.next()), "DELETED moving");
    });
  });

  it("follows one object by name", async () => {
    const { api, gadgets } = cluster;
    const from = await versionNow();
    await watching(`fieldSelector=metadata.name%3Dnamed&resourceVersion=${from}`, async (watch) => {
      ok(await api.create(gadgets, gadget("unnamed")));
      ok(await api.create(gadgets, gadget("named")));
      assert.equal(shown(await watch.next()), "ADDED named");
    });
  });

  it("ends a list of initial events with a bookmark when asked to send them", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("initial", {}, { labels: { initial: "yes" } })));
    const query = "labelSelector=initial&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    await watching(query, async (watch) => {
      assert.equal(shown(await watch.next()), "ADDED initial");
      const mark = await watch.next();
      assert.equal(mark.type, "BOOKMARK");
      assert.equal((at(mark.object, "metadata.annotations") as Record<string, string>)["k8s.io/initial-events-end"], "true");
    });
  });

  it("sends no bookmark to whoever does not ask for bookmarks", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("unmarked", {}, { labels: { unmarked: "yes" } })));
    await watching("labelSelector=unmarked&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", async (watch) => {
      assert.equal(shown(await watch.next()), "ADDED unmarked");
      ok(await api.patch("merge", `${gadgets}/unmarked`, { spec: { size: 2 } }));
      assert.equal(shown(await watch.next()), "MODIFIED unmarked");
    });
  });

  it("shows tables and bare metadata also as they change, and nothing as YAML", async () => {
    const { api, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("formed", { size: 7 }, { labels: { formed: "yes" } })));
    const as = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` });
    const path = `${gadgets}?watch=true&timeoutSeconds=1&labelSelector=formed`;
    const [table, partial, yaml] = await Promise.all([
      api.getRaw(path, as("Table")),
      api.getRaw(path, as("PartialObjectMetadata")),
      api.getRaw(path, { accept: "application/yaml" }),
    ]);
    const [row] = eventsIn(table).map(({ object }) => object);
    assert.deepEqual(
      [at(row, "kind"), at(row, "rows.0.cells.0"), at(row, "rows.0.cells.1"), at(row, "columnDefinitions.1.name")],
      ["Table", "formed", 7, "Size"],
    );
    const [meta] = eventsIn(partial).map(({ object }) => object);
    assert.deepEqual([at(meta, "kind"), at(meta, "metadata.name"), at(meta, "spec")], ["PartialObjectMetadata", "formed", undefined]);
    assert.equal(yaml.status, 406);
  });

  it("lets a watcher that does not read hold up nobody, and shows it no gap when it does", async () => {
    const { api, gadgets } = cluster;
    const from = await versionNow();
    const names = Array.from({ length: 40 }, (_, index) => `slow-${index}`);
    await watching(`resourceVersion=${from}`, async (slow) =>
      watching(`resourceVersion=${from}`, async (quick) => {
        const large = "x".repeat(100_000);
        await Promise.all(names.map(async (name) => ok(await api.create(gadgets, gadget(name, { open: { large } })))));
        const seen = new Set<string>();
        while (seen.size < names.length) seen.add(textAt((await quick.next()).object, "metadata.name"));
        assert.deepEqual([...seen].sort(), [...names].sort());
        const [first, second] = [await slow.next(), await slow.next()];
        assert.deepEqual([textAt(first.object, "metadata.name"), textAt(second.object, "metadata.name")], [...seen].slice(0, 2));
      }),
    );
  }).timeout(30_000);

  it("ends after the time that was asked for, and says before where to go on from", async () => {
    const events = eventsIn(await ended);
    const last = events.at(-1);
    assert.deepEqual([shown(events[0] as WatchEvent), last?.type, at(last?.object, "kind")], ["ADDED early", "BOOKMARK", "Gadget"]);
    assert.ok(BigInt(textAt(last?.object, "metadata.resourceVersion")) >= BigInt(textAt(events[0]?.object, "metadata.resourceVersion")));
  }).timeout(20_000);

  it("selects by labels in every form", async () => {
    const { api, gadgets } = cluster;
    for (const [name, labels] of Object.entries({ s1: { tier: "web", env: "prod" }, s2: { tier: "db", env: "prod" }, s3: { tier: "web" } }))
      ok(await api.create(gadgets, gadget(name, {}, { labels })));
    const select = async (selector: string) =>
      listAt(ok(await api.get(`${gadgets}?labelSelector=${encodeURIComponent(selector)}`)), "items")
        .map((item) => textAt(item, "metadata.name"))
        .join();
    assert.equal(await select("tier=web"), "s1,s3");
    assert.equal(await select("tier in (web,db),env"), "s1,s2");
    assert.equal(await select("tier,!env"), "s3");
    assert.equal(await select("tier!=web,tier"), "s2");
    assert.equal((await api.get(`${gadgets}?labelSelector=${encodeURIComponent("a in (")}`)).status, 400);
  });

  it("gives a list in pages that show one state", async () => {
    const { api, gadgets } = cluster;
    for (const name of ["p1", "p2", "p3"]) ok(await api.create(gadgets, gadget(name, {}, { labels: { page: "yes" } })));
    const first = ok(await api.get(`${gadgets}?labelSelector=page&limit=2`));
    assert.equal(listAt(first, "items").length, 2);
    ok(await api.create(gadgets, gadget("p0", {}, { labels: { page: "yes" } })));
    const rest = ok(await api.get(`${gadgets}?labelSelector=page&limit=2&continue=${encodeURIComponent(textAt(first, "metadata.continue"))}`));
    assert.deepEqual(
      listAt(rest, "items").map((item) => textAt(item, "metadata.name")),
      ["p3"],
    );
    assert.equal(at(rest, "metadata.resourceVersion"), at(first, "metadata.resourceVersion"));
    assert.equal(at(rest, "metadata.continue") ?? "", "");
  });

  it("lists all namespaces together and leaves kind and apiVersion out of custom items", async () => {
    const body = ok(await cluster.api.get("/apis/conformance.flyteops.dev/v1/gadgets"));
    assert.equal(at(body, "kind"), "GadgetList");
    assert.ok(listAt(body, "items").some((item) => textAt(item, "metadata.namespace") === cluster.namespace));
  });
});
