import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { type BlobStore, BlobError, codeContent, fileContent, storeContent, treeContent } from "../blobs/index.ts";
import { equals, fromBinary, LiteralMapSchema } from "../proto/index.ts";
import {
  blobLiteral,
  encodeLiteral,
  encodeLiteralMap,
  listLiteral,
  literalMap,
  mapLiteral,
  offloadedLiteral,
  stringLiteral,
  unionLiteral,
  integerLiteral,
} from "../values/index.ts";
import { filesBelow, literalsOf, Pod } from "./fixture.ts";

const file = (path: string, text = path, mode = "100644") => ({ path, mode, bytes: Buffer.from(text) });

describe("copilot download", () => {
  let pod: Pod;
  beforeEach(async () => {
    pod = await Pod.make();
  });
  afterEach(() => pod.close());

  it("lays out every kind of value as the table says", async () => {
    const inputs = {
      count: "integer",
      rate: "float",
      nan: "float",
      text: "string",
      flag: "boolean",
      at: "datetime",
      wait: "duration",
      config: "struct",
      bytes: "binary",
      mode: "enum<fast|slow>",
      none: "integer | none",
      some: "integer | none",
      either: "integer | string",
      list: "list<integer | none>",
      empty: "list<string>",
      map: "map<string>",
      nested: "map<list<integer>>",
    };
    const values = {
      count: "9007199254740993",
      rate: 1e-7,
      nan: "NaN",
      text: "no newline",
      flag: true,
      at: "2026-01-31T10:00:00.120+02:00",
      wait: "3723.5s",
      config: { a: [1, null] },
      bytes: "AP8=",
      mode: "slow",
      none: null,
      some: 5,
      either: "5",
      list: [1, null, 3],
      empty: [],
      map: { "../x": "1", "a/b": "2", "50%": "3", ".h": "4", "nul\0": "5", plain: "6" },
      nested: { k: [1, 2] },
    };
    assert.equal(await pod.download(inputs, literalsOf(inputs, values)), 0, pod.complaints.join());
    const { "inputs.json": json, "inputs.pb": pb, ...files } = await filesBelow(pod.inputs);
    assert.deepEqual(files, {
      count: "644 9007199254740993",
      rate: "644 1e-7",
      nan: "644 NaN",
      text: "644 no newline",
      flag: "644 true",
      at: "644 2026-01-31T08:00:00.12Z",
      wait: "644 1h2m3.5s",
      config: '644 {"a":[1,null]}',
      bytes: "644 \0\ufffd",
      mode: "644 slow",
      some: "644 5",
      either: "644 5",
      list: "755/",
      "list/0": "644 1",
      "list/2": "644 3",
      empty: "755/",
      map: "755/",
      "map/%2E.%2Fx": "644 1",
      "map/a%2Fb": "644 2",
      "map/50%25": "644 3",
      "map/%2Eh": "644 4",
      "map/nul%00": "644 5",
      "map/plain": "644 6",
      nested: "755/",
      "nested/k": "755/",
      "nested/k/0": "644 1",
      "nested/k/1": "644 2",
    });
    assert.ok(pb !== undefined);
    assert.deepEqual(JSON.parse(json?.slice(4) ?? ""), {
      ...values,
      rate: 1e-7,
      at: "2026-01-31T08:00:00.12Z",
      wait: "1h2m3.5s",
      either: { type: "string", value: "5" },
    });
    assert.deepEqual(await readFile(join(pod.inputs, "inputs.pb")), Buffer.from(encodeLiteralMap(literalsOf(inputs, values))));
  });

  it("brings files and directories, and names their local paths in inputs.json", async () => {
    const csv = fileContent("data/iris.csv", Buffer.from("1,2\n"));
    const tree = treeContent([file("a.txt"), file("sub/b.txt")]);
    await storeContent(pod.store, csv);
    await storeContent(pod.store, tree);
    const iris = blobLiteral({ kind: "file", format: "csv" }, pod.store.uri(csv.key));
    const directory = blobLiteral({ kind: "directory" }, pod.store.uri(tree.key), { files: 2 });
    const inputs = { iris: "file<csv>", dir: "directory", list: "list<file>", remote: { type: "directory", download: "None" } };
    const literals = { iris, dir: directory, list: listLiteral([iris]), remote: directory };
    assert.equal(await pod.download(inputs, literals, "--layout", "NamedDir"), 0, pod.complaints.join());
    const { "inputs.json": json, "inputs.pb": pb, ...files } = await filesBelow(pod.inputs);
    assert.deepEqual(files, {
      iris: "755/",
      "iris/iris.csv": "644 1,2\n",
      dir: "755/",
      "dir/a.txt": "644 a.txt",
      "dir/sub": "755/",
      "dir/sub/b.txt": "644 sub/b.txt",
      list: "755/",
      "list/0": "755/",
      "list/0/iris.csv": "644 1,2\n",
      "remote.uri": `644 ${pod.store.uri(tree.key)}\n`,
    });
    assert.ok(pb !== undefined);
    const paths = JSON.parse(json?.slice(4) ?? "") as Record<string, unknown>;
    assert.deepEqual(paths, {
      iris: join(pod.inputs, "iris/iris.csv"),
      dir: join(pod.inputs, "dir"),
      list: [join(pod.inputs, "list/0/iris.csv")],
      remote: pod.store.uri(tree.key),
    });
    assert.equal(await pod.download({ iris: "file<csv>" }, { iris }), 1, "a file now stands where a folder was");
  });

  it("can be run again over what an interrupted run left", async () => {
    const inputs = { a: "string", list: "list<string>" };
    for (const text of ["first, longer", "second"]) assert.equal(await pod.download(inputs, literalsOf(inputs, { a: text, list: [text] })), 0);
    const files = await filesBelow(pod.inputs);
    assert.equal(files["a"], "644 second");
    assert.equal(files["list/0"], "644 second");
  });

  it("writes YAML that every YAML parser reads alike", async () => {
    const inputs = { y: "string", n: "float", no: "map<string>", v: "integer | none" };
    assert.equal(await pod.download(inputs, literalsOf(inputs, { y: "no", n: "NaN", no: { on: "1_000", "017": "~" } }), "--format", "YAML"), 0);
    const text = await readFile(join(pod.inputs, "inputs.yaml"), "utf8");
    for (const version of ["1.1", "1.2"] as const)
      assert.deepEqual(parseYaml(text, { version }), { y: "no", n: "NaN", no: { on: "1_000", "017": "~" }, v: null });
  });

  it("selects the item of a map, from lists, offloaded lists and maps in key order", async () => {
    const list = listLiteral(["a", "b", "c"].map(stringLiteral));
    await pod.store.write("big.pb", encodeLiteral(list));
    await pod.store.write("element.pb", encodeLiteral(stringLiteral("far away")));
    const offloaded = offloadedLiteral(pod.store.uri("big.pb"), 1, { kind: "list", of: { kind: "string" } });
    const nested = listLiteral([stringLiteral("0"), offloadedLiteral(pod.store.uri("element.pb"), 1, { kind: "string" })]);
    const map = mapLiteral([
      ["z", stringLiteral("last")],
      ["b", stringLiteral("second")],
      ["a", stringLiteral("first")],
    ]);
    const inputs = { list: "string", big: "string", nested: "string", map: "string | none", whole: "list<string>" };
    const literals = { list, big: offloaded, nested, map, whole: offloaded };
    assert.equal(await pod.download(inputs, literals, "--map-index", "1", "--over", "list,big,nested,map"), 0, pod.complaints.join());
    const files = await filesBelow(pod.inputs);
    assert.deepEqual([files["list"], files["big"], files["nested"], files["map"], files["whole/2"]], ["644 b", "644 b", "644 far away", "644 second", "644 c"]);
    const pb = fromBinary(LiteralMapSchema, await readFile(join(pod.inputs, "inputs.pb")));
    assert.ok(equals(LiteralMapSchema, pb, literalMap({ ...pb.literals, list: stringLiteral("b"), nested: stringLiteral("far away") })));
    assert.equal(await pod.download({ list: "string" }, { list }, "--map-index", "3", "--over", "list"), 1);
    assert.match(pod.complaints.join(), /InputMissing: the input list has no item 3/);
  });

  it("unpacks code read-only, with git's executable bit, and refuses other bytes than promised", async () => {
    const code = await codeContent([file("main.js"), file("bin/run", "#!/bin/sh\n", "100755")]);
    await storeContent(pod.store, code);
    const to = join(pod.root, "code");
    for (const again of [1, 2])
      assert.equal(await pod.download({}, {}, "--code", pod.store.uri(code.key), "--code-to", to), 0, `${again} ${pod.complaints.join()}`);
    assert.deepEqual(await filesBelow(to), { "main.js": "444 main.js", bin: "755/", "bin/run": "555 #!/bin/sh\n" });
    const other = await codeContent([file("main.js", "evil")]);
    await pod.store.write(code.key, other.objects[0]?.bytes ?? "");
    assert.equal(await pod.download({}, {}, "--code", pod.store.uri(code.key), "--code-to", to), 1);
    assert.match(pod.complaints.at(-1) ?? "", /BadCodeBundle/);
  });

  it("says what is missing, in the store and in one sentence, and fails", async () => {
    const gone = blobLiteral({ kind: "file" }, pod.store.uri("gone/x.csv"));
    assert.equal(await pod.download({ x: "file" }, { x: gone }), 1);
    assert.deepEqual((await pod.result()).error, {
      code: "InputDownloadFailed",
      message: "no object gone/x.csv",
      kind: "SYSTEM",
      retryable: false,
      skip: false,
    });
    assert.ok(await pod.has("error.pb"));
    assert.equal(await pod.download({ y: "string" }, {}), 1);
    assert.match(pod.complaints.at(-1) ?? "", /^flyteops copilot download: InputMissing: the input y \(string\) is not in /);
    const outside = blobLiteral({ kind: "file" }, "s3://elsewhere/x");
    assert.equal(await pod.download({ x: "file" }, { x: outside }), 1);
    assert.match(pod.complaints.at(-1) ?? "", /InputOutsideStore/);
    const tree = treeContent([file("a"), file("b")]);
    await storeContent(pod.store, tree);
    await pod.store.delete(`${tree.key}/a`);
    assert.equal(await pod.download({ d: "directory" }, { d: blobLiteral({ kind: "directory" }, pod.store.uri(tree.key), { files: 2 }) }), 1);
    assert.match(pod.complaints.at(-1) ?? "", /InputIncomplete: the input d has 1 of its 2 files/);
  });

  it("reads data below the prefixes it was told, and nowhere else, whatever the inputs name", async () => {
    const raw = join(pod.root, "raw");
    await mkdir(join(raw, "tree/sub"), { recursive: true });
    await writeFile(join(raw, "x.csv"), "1,2");
    await writeFile(join(raw, "tree/sub/a"), "a");
    await writeFile(join(pod.root, "secret"), "secret");
    await symlink("../secret", join(raw, "out"));
    const uri = (path: string) => `file://${raw}/${path}`;
    const told = ["--remote", `file://${raw}`];
    const at = (path: string) => ({ x: blobLiteral({ kind: "file" }, uri(path)) });
    const literals = { ...at("x.csv"), d: blobLiteral({ kind: "directory" }, uri("tree")), late: blobLiteral({ kind: "dataset" }, uri("x.csv")) };
    const inputs = { x: "file", d: "directory", late: { type: "dataset", download: "None" } };
    assert.equal(await pod.download(inputs, literals, ...told), 0, pod.complaints.join());
    const { "inputs.pb": _, "inputs.json": json, ...found } = await filesBelow(pod.inputs);
    assert.deepEqual(found, { x: "644 1,2", d: "755/", "d/sub": "755/", "d/sub/a": "644 a", "late.uri": `644 ${uri("x.csv")}\n` });
    assert.match(json ?? "", new RegExp(`"late": "${uri("x.csv")}"`));
    const refused: [string, string[], RegExp][] = [
      ["x.csv", [], /InputOutsideStore/],
      ["x.csv", ["--remote", `file://${raw}/tree`], /InputOutsideStore/],
      ["../secret", told, /InputOutsideStore/],
      ["out", told, /UriNotAllowed.*leads out/],
      ["none", told, /DataNotFound/],
    ];
    for (const [path, prefixes, message] of refused) {
      assert.equal(await pod.download({ x: "file" }, at(path), ...prefixes), 1, path);
      assert.match(pod.complaints.at(-1) ?? "", message);
    }
    assert.deepEqual((await pod.result()).error?.["kind"], "USER");
    assert.equal(await pod.download({ d: "directory" }, { d: blobLiteral({ kind: "directory" }, uri("none")) }, ...told), 1);
    assert.match(pod.complaints.at(-1) ?? "", /DataNotFound/);
  });

  it("tries again while the store is away, and gives up after a while", async () => {
    const csv = fileContent("x.csv", Buffer.from("x".repeat(3_000_000)));
    await storeContent(pod.store, csv);
    const literals = { x: blobLiteral({ kind: "file" }, pod.store.uri(csv.key)), n: unionLiteral({ kind: "integer" }, integerLiteral(1n)) };
    let failures = 3;
    pod.openStore = () => flaky(pod.store, () => failures-- > 0);
    assert.equal(await pod.download({ x: "file", n: "integer | none" }, literals), 0, pod.complaints.join());
    assert.equal((await readFile(join(pod.inputs, "x"))).length, 3_000_000);
    failures = Number.POSITIVE_INFINITY;
    assert.equal(await pod.download({ x: "file", n: "integer | none" }, literals), 1);
    assert.match(pod.complaints.at(-1) ?? "", /the store is away/);
    assert.equal((await pod.result()).error?.["retryable"], true);
  });

  it("stops when asked to, and at its deadline", async () => {
    let whileItReads = () => pod.clock.expire();
    const read = () => {
      setImmediate(() => whileItReads());
      return new Promise<never>(() => undefined);
    };
    pod.openStore = () => ({ ...pod.store, read });
    assert.equal(await pod.download({ s: "string" }, {}), 1);
    assert.match(pod.complaints.at(-1) ?? "", /DeadlineExceeded: not done after 3600 s/);
    whileItReads = () => pod.stop.abort();
    assert.equal(await pod.download({ s: "string" }, {}), 1);
    assert.match(pod.complaints.at(-1) ?? "", /Interrupted/);
  });

  it("exits 77 when the store does not let it in, and says so where a pod's status shows it", async () => {
    const denied = () => Promise.reject(new BlobError("BlobAccessDenied", "there are no AWS credentials"));
    pod.openStore = () => ({ ...pod.store, read: denied, readStream: denied, write: denied }) as unknown as BlobStore;
    assert.equal(await pod.download({ a: "integer" }, {}), 77);
    assert.match(pod.complaints.join("\n"), /StoreDenied: there are no AWS credentials/);
  });

  it("explains wrong arguments and exits 2", async () => {
    assert.equal(await pod.download({}, {}, "--format", "TOML"), 2);
    assert.match(pod.complaints.at(-1) ?? "", /--format is JSON or YAML, not TOML\nusage:/);
    assert.equal(await pod.download({}, {}, "--map-index", "1"), 2);
    assert.equal(await pod.download({}, {}, "--nonsense"), 2);
  });
});

/** Fails reads, half-way through streams too, while `fails` says so. */
function flaky(store: BlobStore, fails: () => boolean): BlobStore {
  const away = () => new BlobError("BlobStoreUnavailable", "the store is away");
  return {
    ...store,
    read: (key, maxBytes) => (fails() ? Promise.reject(away()) : store.read(key, maxBytes)),
    async *readStream(key) {
      for await (const chunk of store.readStream(key)) {
        yield chunk;
        if (fails()) throw away();
      }
    },
  };
}
