import assert from "node:assert/strict";
import { LABEL } from "../../base/index.ts";
import type { BlobStore } from "../../blobs/index.ts";
import { ProjectKind, type TaskAction } from "../../crds/index.ts";
import { Kinds } from "../../kube/index.ts";
import { fromBinary, LiteralMapSchema } from "../../proto/index.ts";
import { unwrap } from "../../values/index.ts";
import { memoryRemoteData } from "../../test/support/memory-remote-data.ts";
import { faultLine, type FaultLine } from "../../test/support/faults.ts";
import { type ActionScript, NAMESPACE, type RunRig, runRig } from "../../test/support/run-rig.ts";
import { testCluster, type TestCluster } from "../../test/support/test-cluster.ts";

describe("a run of data that lies elsewhere", function () {
  this.timeout(60_000);

  let files: Map<string, string>;
  let cluster: TestCluster;
  let rig: RunRig;
  let script: (action: TaskAction) => ActionScript;
  const uri = (path: string) => `file:///data/${path}`;

  beforeEach(async () => {
    files = new Map([[uri("raw/x.csv"), "1"], [uri("raw/tree/b"), "b"], [uri("raw/tree/sub/a"), "a"], [uri("secret"), "s"]]); // prettier-ignore
    cluster = await testCluster({ namespaces: [NAMESPACE] });
    script = () => ({ outputs: {} });
    rig = runRig(cluster, (action) => script(action), { openRemote: memoryRemoteData(files) });
    await rig.task("read", { f: "file | none", d: "directory | none" }, {});
    await project([uri("raw/")]);
  });
  afterEach(async () => {
    await rig.stop();
    await cluster.close();
  });

  async function project(dataPrefixes: string[], uid?: string): Promise<void> {
    await rig.client.create(ProjectKind, {
      apiVersion: "flyte.org/v1",
      kind: "Project",
      metadata: { name: "ml" },
      spec: { domains: ["development"], dataPrefixes },
    });
    await label({ [LABEL.project]: "ml", [LABEL.projectUid]: uid ?? (await rig.client.get(ProjectKind, { name: "ml" })).metadata.uid });
  }
  const label = (labels: Record<string, string | null>) =>
    rig.client.patch(Kinds.Namespace, { name: NAMESPACE }, { type: "merge", body: { metadata: { labels } } });
  const end = async () => {
    await rig.quiet();
    const { phase, error } = await rig.status("r1");
    return `${phase} ${error?.code ?? ""} ${(await rig.actions()).length}`;
  };
  const literal = async (action: string, input: string) => {
    const { literals } = fromBinary(LiteralMapSchema, await rig.blobs.read(rig.blobs.keyOf(uriOf(await rig.actions(), action))!, 1 << 20));
    return unwrap(literals[input] ?? assert.fail(`${action} has no ${input}`));
  };
  const uriOf = (actions: readonly TaskAction[], node: string) => actions.find(({ spec }) => spec.node === node)?.spec.inputUri ?? "";

  it("passes it on where it lies, with a digest of what was there, and tells each action the prefixes of the start", async () => {
    await rig.workflow("wf", {
      inputs: { f: "file" },
      nodes: { a: { task: "read", inputs: { f: { from: "inputs.f" } } }, b: { task: "read", inputs: { d: { uri: uri("raw/tree/") } } } },
    });
    await rig.run("r1", { workflow: "wf", inputs: { f: { uri: uri("raw/x.csv") } } });
    assert.equal(await end(), "Succeeded  2", JSON.stringify(await rig.status("r1")));
    assert.deepEqual((await rig.status("r1")).dataPrefixes, [uri("raw/")]);
    assert.deepEqual((await rig.actions()).map(({ spec }) => spec.dataPrefixes), [[uri("raw/")], [uri("raw/")]]); // prettier-ignore
    assert.deepEqual([await rig.inputs("r1-a"), (await rig.inputs("r1-b"))["d"]], [{ f: uri("raw/x.csv"), d: null }, uri("raw/tree")]);
    assert.match((await literal("a", "f")).hash, /^sha256:[0-9a-f]{64}$/);
    assert.match((await literal("b", "d")).hash, /^sha256:[0-9a-f]{64}$/);
  });

  it("looks at it once, when it starts: neither a change nor a restart gives another value", async () => {
    await rig.task("each", { f: "file" }, {});
    await rig.workflow("wf", {
      inputs: { f: "file", d: "directory" },
      nodes: {
        a: { task: "read", inputs: { f: { from: "inputs.f" } } },
        b: { task: "read", inputs: { f: { uri: uri("raw/x.csv") } }, after: ["a"] },
        m: { task: "each", map: { over: { f: { from: "inputs.d" } } }, after: ["a"] },
      },
    });
    let held = true;
    script = ({ spec }) => (held && spec.node === "a" ? "running" : { outputs: {} });
    await rig.run("r1", { workflow: "wf", inputs: { f: { uri: uri("raw/x.csv") }, d: { uri: uri("raw/tree") } } });
    await rig.quiet();
    files.set(uri("raw/x.csv"), "changed").set(uri("raw/tree/new"), "new");
    await rig.client.patch(ProjectKind, { name: "ml" }, { type: "merge", body: { spec: { dataPrefixes: null } } });
    await rig.restart();
    held = false;
    assert.equal(await end(), "Succeeded  3", JSON.stringify(await rig.status("r1")));
    assert.equal((await literal("b", "f")).hash, (await literal("a", "f")).hash);
    assert.equal((await rig.actions()).find(({ spec }) => spec.node === "m")?.spec.map?.count, 2);
    const mapped = await literal("m", "f");
    assert.deepEqual(mapped.value.case === "map" && Object.keys(mapped.value.value.literals).sort(), ["b", "sub/a"]);
  });

  it("comes to one view of data that never rests, wherever it is interrupted", async () => {
    /** The data changes after everything that the run stores, and the program dies once. */
    async function play(at?: number): Promise<{ readonly calls: number; readonly end: string; readonly hashes: number }> {
      const own = await testCluster({ namespaces: [NAMESPACE] });
      const stir = () => void files.set(uri("raw/x.csv"), `${files.get(uri("raw/x.csv"))}.`);
      const line = faultLine(at, at === undefined ? undefined : "crash after");
      const restless = (store: BlobStore): BlobStore => ({
        ...store,
        async writeIfAbsent(key, data) {
          stir();
          return store.writeIfAbsent(key, data).finally(stir);
        },
      });
      const shaken = Object.create(line, { blobs: { value: (store: BlobStore) => line.blobs(restless(store)) } }) as FaultLine;
      [cluster, rig] = [own, runRig(own, () => ({ outputs: {} }), { line: shaken, openRemote: memoryRemoteData(files) })];
      await rig.task("read", { f: "file | none" }, {});
      await project([uri("raw")]);
      await rig.workflow("wf", {
        inputs: { f: "file" },
        nodes: { a: { task: "read", inputs: { f: { from: "inputs.f" } } }, b: { task: "read", inputs: { f: { uri: uri("raw/x.csv") } }, after: ["a"] } },
      });
      await rig.run("r1", { workflow: "wf", inputs: { f: { uri: uri("raw/x.csv") } } });
      const ended = await end();
      const hashes = new Set([(await literal("a", "f")).hash, (await literal("b", "f")).hash]);
      return { calls: line.calls.length, end: ended, hashes: hashes.size };
    }
    await rig.stop();
    await cluster.close();
    const clean = await play();
    assert.deepEqual([clean.end, clean.hashes], ["Succeeded  2", 1]);
    for (let at = 0; at < clean.calls; at++) {
      await rig.stop();
      await cluster.close();
      const { end: ended, hashes } = await play(at);
      assert.deepEqual([ended, hashes], ["Succeeded  2", 1], `crash after call ${at}`);
    }
  });

  const refused: Record<string, [path: string, code: string, message: RegExp]> = {
    "outside the prefixes": ["secret", "UriNotAllowed", /spec\.dataPrefixes of Project ml allows only file:/],
    "beside a prefix with the same beginning": ["rawer/x", "UriNotAllowed", /spec\.dataPrefixes/],
    "behind dots": ["raw/../secret", "InvalidValue", /write the path in full/],
    "that is not there": ["raw/none", "DataNotFound", /there is no file at/],
    "that is a directory": ["raw/tree", "DataNotFound", /there is no file at/],
  };
  for (const [about, [path, code, message]] of Object.entries(refused)) {
    it(`fails before any action on a file ${about}`, async () => {
      await rig.run("r1", { task: "read", inputs: { f: { uri: uri(path) } } });
      assert.equal(await end(), `Failed ${code} 0`);
      assert.match((await rig.status("r1")).error?.message ?? "", message);
      assert.equal((await rig.status("r1")).error?.kind, "USER");
    });
  }

  it("names every problem, in the Run and in its workflow", async () => {
    await rig.workflow("wf", { inputs: { f: "file" }, nodes: { a: { task: "read", inputs: { d: { uri: uri("gone") }, f: { from: "inputs.f" } } } } });
    await rig.run("r1", { workflow: "wf", inputs: { f: { uri: "ftp://bucket/x" } } });
    assert.equal(await end(), "Failed UnsupportedStore 0");
    const { message } = (await rig.status("r1")).error ?? {};
    assert.match(
      message ?? "",
      /input f: data at ftp:\/\/ cannot be read: only file:\/\/, s3:\/\/, gs:\/\/, abfs:\/\/ can; a\.inputs\.d: .*gone may not be read/,
    );
  });

  it("takes no prefixes for a namespace that is only called like one of the Project's", async () => {
    await label({ [LABEL.projectUid]: "another" });
    await rig.quiet();
    await rig.run("r1", { task: "read", inputs: { f: { uri: uri("raw/x.csv") } } });
    assert.equal(await end(), "Failed UriNotAllowed 0");
    assert.match((await rig.status("r1")).error?.message ?? "", /Project ml names no prefix/);
  });
});
