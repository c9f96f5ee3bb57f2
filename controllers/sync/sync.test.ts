import assert from "node:assert/strict";
import { ANNOTATION, LABEL, RetryableFailure, sha256 } from "../../base/index.ts";
import { fileKey } from "../../blobs/index.ts";
import { type GitSync, GitSyncKind, RunKind, TaskKind, WorkflowKind } from "../../crds/index.ts";
import { Kinds, type KubeObject } from "../../kube/index.ts";
import { NAMESPACE, type SyncRig, syncRig } from "./testing/sync-rig.ts";

const PROJECT = "apiVersion: flyte.org/v1\nkind: Project\nmetadata: {name: ml}\nspec: {domains: [development]}\n";
const task = (name: string, more = "") => `apiVersion: flyte.org/v1
kind: Task
metadata: {name: ${name}, namespace: ${NAMESPACE}}
spec:
  type: container
  inputs: {data: file<csv>}
  container: {image: "node:22", command: [node, train.js]}
  code: {path: src}
${more}`;
const WORKFLOW = `apiVersion: flyte.org/v1
kind: Workflow
metadata: {name: iris, namespace: ${NAMESPACE}}
spec:
  inputs: {dataset: file<csv>}
  nodes:
    train: {task: train, inputs: {data: {from: inputs.dataset}}}
`;
const run = (more = "") => `apiVersion: flyte.org/v1
kind: Run
metadata: {name: first, namespace: ${NAMESPACE}}
spec:
  workflow: iris
  inputs: {dataset: {file: data.csv}}
${more}`;
const files = { "project.yaml": PROJECT, "train.yaml": task("train"), "iris.yaml": WORKFLOW, "first.yaml": run(), "src/train.js": "one", "data.csv": "a\n" };

describe("the sync controller", function () {
  this.timeout(20_000);
  let rig: SyncRig;
  beforeEach(async () => {
    rig = await syncRig();
  });
  afterEach(() => rig.close());

  const push = async (changed: Record<string, string | undefined>) => {
    const merged = Object.entries({ ...files, ...changed }).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const commit = rig.remote.commit(Object.fromEntries(merged));
    await rig.quiet();
    return commit;
  };
  const problems = async () => ((await rig.sync()).status?.problems ?? []).map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
  const spec = (object: unknown) => (object as { spec: Record<string, unknown> }).spec;

  it("brings a repository into the cluster, from the Project to the Run", async () => {
    const commit = await push({});
    const { status } = await rig.sync();
    assert.deepEqual(await problems(), []);
    assert.equal(await rig.condition("Ready"), "Ready=True/Succeeded");
    assert.equal(status?.revision, `main@sha1:${commit}`);
    assert.deepEqual([status?.objects?.total, status?.objects?.failed, status?.inventory?.objects], [4, 0, 4]);
    const made = await rig.find("Task", "train");
    assert.equal(made?.metadata.labels?.[LABEL.sync], "flyteops-system.main");
    assert.equal(made?.metadata.annotations?.[ANNOTATION.source], "train.yaml:1");
    assert.match(JSON.stringify(spec(made)["code"]), /"path":"src".*"digest":"sha256:[0-9a-f]{64}"/);
    const first = await rig.find("Run", "first");
    assert.deepEqual(spec(first)["inputs"], { dataset: { file: "data.csv", digest: sha256("a\n"), revision: `main@sha1:${commit}` } });
    assert.ok(first?.metadata.annotations?.[ANNOTATION.expects]);
    assert.ok(await rig.blobs.stat(fileKey(sha256("a\n"), "data.csv")));
  });

  it("writes nothing when nothing changed, and touches only what a commit changed", async () => {
    await push({});
    rig.writes.length = 0;
    await rig.cluster.clock.advance(300_000);
    await rig.quiet();
    assert.deepEqual(rig.writes, []);
    await push({ "README.md": "words" });
    assert.deepEqual([...new Set(rig.writes)], ["patch/status GitSync main"]);
    rig.writes.length = 0;
    await push({ "README.md": "words", "src/train.js": "two" });
    assert.deepEqual(
      Array.from<string>(rig.writes).filter((write) => !write.includes("GitSync")),
      ["patch Task train", "patch ConfigMap main-inventory-0"],
    );
  });

  it("survives a restart without a write", async () => {
    await push({});
    rig.writes.length = 0;
    await rig.restart();
    await rig.quiet();
    assert.deepEqual(rig.writes, []);
  });

  it("writes its inventory again when somebody deleted it", async () => {
    await push({});
    const ref = { namespace: "flyteops-system", name: "main-inventory-0" };
    await rig.cluster.client.delete(Kinds.ConfigMap, ref);
    await push({ "src/train.js": "two" });
    await rig.restart();
    await push({ "src/train.js": "two", "iris.yaml": undefined, "first.yaml": undefined });
    assert.equal(await rig.find("Workflow", "iris"), undefined);
  });

  it("shows every problem with file and line, applies the valid siblings, and leaves what runs", async () => {
    await push({});
    await push({
      "train.yaml": task("train", "  retries: {limit: many}\n"),
      "other.yaml": task("other"),
      "broken.yaml": "apiVersion: flyte.org/v1\nkind: [\n",
    });
    assert.deepEqual(
      (await problems()).filter((each) => !each.startsWith("iris.yaml")),
      ["broken.yaml:3:1 InvalidYaml", "first.yaml:5:13 WorkflowInvalid", "train.yaml:9:20 WrongType"],
    );
    assert.equal(await rig.condition("Ready"), "Ready=False/ValidationFailed");
    assert.equal(await rig.condition("Validated"), "Validated=False/ValidationFailed");
    const { status } = await rig.sync();
    assert.notEqual(status?.revision, status?.attemptedRevision);
    assert.match(status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "", /broken\.yaml:3:1/);
    assert.ok(await rig.find("Task", "train"));
    assert.ok(await rig.find("Task", "other"));
    const events = (await rig.cluster.client.list(Kinds.Event, { namespace: "flyteops-system" })).items;
    assert.ok(
      events.some((event) => String(event["message"]).startsWith("train.yaml:9:20: ")),
      JSON.stringify(events.map((event) => event["message"])),
    );
    await push({});
    assert.equal(await rig.condition("Ready"), "Ready=True/Succeeded");
    assert.equal(await rig.condition("Stalled"), "Stalled absent");
  });

  it("prunes what left the repository, and nothing else", async () => {
    await push({ "other.yaml": task("other") });
    const mine = {
      apiVersion: "flyte.org/v1",
      kind: "Task",
      metadata: { name: "mine", namespace: NAMESPACE },
      spec: { type: "container", container: { image: "x" } },
    };
    await rig.cluster.client.create(TaskKind, mine);
    await push({});
    assert.equal(await rig.find("Task", "other"), undefined);
    assert.ok(await rig.find("Task", "mine"));
    assert.equal((await rig.sync()).status?.objects?.pruned, 1);
  });

  it("repairs what somebody changed or deleted", async () => {
    await push({});
    await rig.cluster.client.patch(
      TaskKind,
      { namespace: NAMESPACE, name: "train" },
      { type: "merge", body: { spec: { timeout: "1s" } } },
      { fieldManager: "kubectl" },
    );
    await rig.cluster.client.patch(
      TaskKind,
      { namespace: NAMESPACE, name: "train" },
      { type: "merge", body: { spec: { container: { image: "other" } } } },
      { fieldManager: "kubectl" },
    );
    await rig.cluster.client.delete(WorkflowKind, { namespace: NAMESPACE, name: "iris" });
    await rig.quiet();
    assert.equal((spec(await rig.find("Task", "train"))["container"] as { image: string }).image, "node:22");
    assert.equal(spec(await rig.find("Task", "train"))["timeout"], undefined);
    assert.ok(await rig.find("Workflow", "iris"));
  });

  it("never runs a Run again: not for a new data file, not after it was deleted", async () => {
    await push({});
    const before = await rig.find("Run", "first");
    await push({ "data.csv": "changed\n" });
    assert.deepEqual(spec(await rig.find("Run", "first"))["inputs"], spec(before)["inputs"]);
    await rig.cluster.client.delete(RunKind, { namespace: NAMESPACE, name: "first" });
    await rig.quiet();
    assert.equal(await rig.find("Run", "first"), undefined);
    assert.deepEqual(await problems(), ["first.yaml:1:1 RunGone"]);
    assert.equal(await rig.condition("Ready"), "Ready=True/Succeeded");
  });

  it("keeps a person's abort", async () => {
    await push({});
    await rig.cluster.client.patch(
      RunKind,
      { namespace: NAMESPACE, name: "first" },
      { type: "merge", body: { spec: { desiredState: "Aborted" } } },
      { fieldManager: "kubectl" },
    );
    await push({ "README.md": "x" });
    assert.equal(spec(await rig.find("Run", "first"))["desiredState"], "Aborted");
    assert.equal(await rig.condition("Ready"), "Ready=True/Succeeded");
  });

  it("says who overrode a field, and gives it back to git with the next commit that changes it", async () => {
    await push({ "first.yaml": run("  maxParallelism: 5\n") });
    await rig.cluster.client.patch(
      RunKind,
      { namespace: NAMESPACE, name: "first" },
      { type: "merge", body: { spec: { maxParallelism: 1 } } },
      { fieldManager: "kubectl-edit" },
    );
    await rig.quiet();
    assert.equal(spec(await rig.find("Run", "first"))["maxParallelism"], 1);
    assert.equal(await rig.condition("Overridden"), "Overridden=True/ChangedInCluster");
    await push({ "first.yaml": run("  maxParallelism: 7\n") });
    assert.equal(spec(await rig.find("Run", "first"))["maxParallelism"], 7);
    assert.equal(await rig.condition("Overridden"), "Overridden absent");
  });

  it("refuses to change a Run that ran", async () => {
    await push({});
    await push({ "first.yaml": run("  timeout: 1h\n") });
    assert.deepEqual(await problems(), ["first.yaml:1:1 RunImmutable"]);
    assert.equal(spec(await rig.find("Run", "first"))["timeout"], undefined);
  });

  it("lets go of an unfinished Run whose manifest was removed", async () => {
    await push({});
    await push({ "first.yaml": undefined });
    const released = await rig.find("Run", "first");
    assert.ok(released);
    assert.equal(released.metadata.labels?.[LABEL.syncUid], undefined);
    assert.equal((await rig.sync()).status?.inventory?.objects, 3);
  });

  it("keeps the last good revision while the repository is away, and says why", async () => {
    const commit = await push({});
    rig.remote.fail(new RetryableFailure("RefNotFound", "branch main does not exist in the repository"));
    await rig.cluster.clock.advance(61_000);
    await rig.quiet();
    assert.equal(await rig.condition("Ready"), "Ready=False/RefNotFound");
    assert.equal(await rig.condition("SourceReady"), "SourceReady=False/RefNotFound");
    assert.equal((await rig.sync()).status?.revision, `main@sha1:${commit}`);
    assert.ok(await rig.find("Task", "train"));
    rig.remote.fail(undefined);
    await rig.cluster.clock.advance(600_000);
    await rig.quiet();
    assert.equal(await rig.condition("Ready"), "Ready=True/Succeeded");
  });

  it("answers a request to look now, rests while suspended, and refuses what does not work yet", async () => {
    await push({});
    const patch = (body: unknown) => rig.cluster.client.patch<GitSync>(GitSyncKind, { namespace: "flyteops-system", name: "main" }, { type: "merge", body });
    await patch({ metadata: { annotations: { [ANNOTATION.requestedAt]: "now" } } });
    await rig.quiet();
    assert.equal((await rig.sync()).status?.lastHandledReconcileAt, "now");
    await patch({ spec: { suspend: true } });
    await push({ "other.yaml": task("other") });
    assert.equal(await rig.find("Task", "other"), undefined);
    await patch({ spec: { suspend: false, params: { a: "b" } } });
    await rig.quiet();
    assert.equal(await rig.condition("NotImplemented"), "NotImplemented=True/NotImplemented");
    assert.equal(await rig.find("Task", "other"), undefined);
    await patch({ spec: { params: null } });
    await rig.quiet();
    assert.ok(await rig.find("Task", "other"));
    assert.equal(await rig.condition("NotImplemented"), "NotImplemented absent");
  });

  it("fetches with what its Secret says, read anew each time, and says what is missing without repeating it", async () => {
    await rig.close();
    rig = await syncRig({ url: "https://git.example.org/flows.git", secretRef: { name: "git" } });
    rig.remote.commit(files);
    await rig.quiet();
    assert.equal(await rig.condition("Ready"), "Ready=False/SecretMissing");
    const { namespace } = (await rig.sync()).metadata;
    const data = (password: string) => ({ username: "YWRh", password: Buffer.from(password).toString("base64") });
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "git", namespace } };
    let asked = 0;
    const lookAgain = async () => {
      const body = { metadata: { annotations: { [ANNOTATION.requestedAt]: String((asked += 1)) } } };
      await rig.cluster.client.patch(GitSyncKind, { namespace, name: "main" }, { type: "merge", body });
      await rig.quiet();
    };
    await rig.cluster.client.create(Kinds.Secret, { ...secret, data: { token: "eA==" } } as KubeObject);
    await lookAgain();
    assert.equal(await rig.condition("Ready"), "Ready=False/CredentialsUnusable");
    for (const password of ["one", "two"]) {
      await rig.cluster.client.patch(Kinds.Secret, { namespace, name: "git" }, { type: "merge", body: { data: data(password) } });
      await lookAgain();
      assert.equal(await rig.condition("Ready"), "Ready=True/Succeeded");
      assert.equal(rig.remote.asked?.credentials?.password, password);
    }
    assert.equal(rig.remote.asked?.scope, (await rig.sync()).metadata.uid);
    assert.doesNotMatch(JSON.stringify(await rig.sync()), /one|b25l/);
  });

  it("takes everything with it when it is deleted, but lets Runs finish", async () => {
    await push({});
    await rig.cluster.client.delete(GitSyncKind, { namespace: "flyteops-system", name: "main" });
    await rig.quiet();
    await assert.rejects(rig.sync());
    assert.deepEqual([await rig.find("Task", "train"), await rig.find("Workflow", "iris")], [undefined, undefined]);
    assert.ok(await rig.find("Run", "first"));
  });
});

describe("a GitSync of a project", function () {
  this.timeout(20_000);

  it("writes into its namespace only, and refuses what belongs to the platform", async () => {
    const rig = await syncRig({ project: "ml", domain: "development" }, { namespace: NAMESPACE, account: "ml-sync" });
    const labels = { [LABEL.project]: "ml", [LABEL.domain]: "development" };
    rig.remote.commit({
      "train.yaml": task("train").replace(`, namespace: ${NAMESPACE}`, ""),
      "src/train.js": "",
      "project.yaml": PROJECT,
      "x.yaml": task("x").replace(NAMESPACE, "ml-staging"),
    });
    await rig.quiet();
    assert.equal(await rig.condition("Ready"), "Ready=False/NotAllowed");
    await rig.cluster.client.patch(Kinds.Namespace, { name: NAMESPACE }, { type: "merge", body: { metadata: { labels } } });
    await rig.cluster.clock.advance(61_000);
    await rig.quiet();
    const { status } = await rig.sync();
    assert.deepEqual(
      status?.problems?.map(({ code }) => code),
      ["KindNotAllowed", "ForeignNamespace"],
    );
    assert.ok(await rig.find("Task", "train"));
    assert.equal(await rig.find("Project", "ml"), undefined);
    await rig.close();
  });

  it("writes nothing without its account", async () => {
    const rig = await syncRig({ serviceAccountName: "absent" });
    rig.remote.commit({ "project.yaml": PROJECT });
    await rig.quiet();
    assert.equal(await rig.condition("ServiceAccountMissing"), "ServiceAccountMissing=True/ServiceAccountMissing");
    assert.equal(await rig.find("Project", "ml"), undefined);
    await rig.close();
  });
});
