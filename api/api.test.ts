import assert from "node:assert/strict";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { LABEL, RetryableFailure, seededRandom, silentLogger } from "../base/index.ts";
import { type Run, RunKind, type TaskAction, TaskActionKind, ProjectKind } from "../crds/index.ts";
import { informerSet, type KindRef, type KubeObject } from "../kube/index.ts";
import { ActionPhase, Filter_Function, ProjectService, RunService, Sort_Direction } from "../proto/services/index.ts";
import type { ArchivedRun, RunHistory } from "../records/index.ts";
import { testCluster, type TestCluster } from "../test/support/test-cluster.ts";
import { settle } from "../test/support/virtual-clock.ts";
import { apiReader, apiRoutes } from "./index.ts";

const NAMESPACE = "ml-development";
const id = (name: string) => ({ org: "", project: "ml", domain: "development", name });

/** An archive of these Runs. */
function historyOf(runs: readonly ArchivedRun[], away: () => boolean): RunHistory {
  return {
    async runs({ namespace, name, limit }) {
      if (away()) throw new RetryableFailure("RecordsUnavailable", "connection refused");
      return runs.filter((run) => (namespace ?? run.namespace) === run.namespace && (name ?? run.name) === run.name).slice(0, limit);
    },
    run: (uid) => Promise.resolve(runs.find((run) => run.uid === uid)),
    uidsOf: (manifests) => Promise.resolve(manifests.map(() => undefined)),
  };
}

const gone: ArchivedRun = {
  uid: "gone-uid",
  project: "ml",
  domain: "development",
  namespace: NAMESPACE,
  name: "gone",
  phase: "Failed",
  target: "iris",
  manifest: undefined,
  startedAt: "2025-01-01T00:00:00Z",
  endedAt: "2025-01-01T00:00:09Z",
  run: {
    apiVersion: "flyte.org/v1",
    kind: "Run",
    metadata: { name: "gone", namespace: NAMESPACE, uid: "gone-uid", resourceVersion: "1", creationTimestamp: "2025-01-01T00:00:00Z" },
    spec: { workflow: "iris" },
    status: { phase: "Failed", of: "iris", endTime: "2025-01-01T00:00:09Z", error: { code: "ExitCode", kind: "USER", message: "exit 7" } },
  },
  actions: [],
};

describe("the API that Flyte's clients read", function () {
  this.timeout(10_000);
  let cluster: TestCluster;
  let away = false;
  const stop = { signal: new AbortController() };
  let running: Promise<unknown>;
  let runs: ReturnType<typeof createClient<typeof RunService>>;
  let projects: ReturnType<typeof createClient<typeof ProjectService>>;

  beforeEach(async () => {
    away = false;
    cluster = await testCluster({ namespaces: [NAMESPACE, "other-staging"] });
    stop.signal = new AbortController();
    const informers = informerSet({ client: cluster.client, clock: cluster.clock, random: seededRandom(1), logger: silentLogger });
    const reader = apiReader(
      informers,
      historyOf([gone], () => away),
    );
    running = informers.run(stop.signal.signal);
    const transport = createRouterTransport(apiRoutes(reader));
    runs = createClient(RunService, transport);
    projects = createClient(ProjectService, transport);
    await settle(100);
  });
  afterEach(async () => {
    stop.signal.abort();
    await running;
    await cluster.close();
  });

  const make = async (kind: KindRef, name: string, object: object, namespace = NAMESPACE): Promise<KubeObject> => {
    const { labels, status, ...rest } = object as { labels?: Record<string, string>; status?: object };
    const metadata = { name, ...(kind.namespaced === false ? {} : { namespace }), ...(labels ? { labels } : {}) };
    const made = await cluster.client.create(kind, { apiVersion: "flyte.org/v1", kind: kind.kind, metadata, ...rest } as KubeObject);
    if (status) await cluster.client.patch(kind, made.metadata, { type: "merge", body: { status } }, { subresource: "status" });
    await settle(20);
    return made;
  };
  const makeRun = (name: string, status: Run["status"] = { phase: "Running", of: "iris" }, namespace = NAMESPACE) =>
    make(RunKind, name, { spec: { workflow: "iris" }, status }, namespace);
  const makeAction = (run: KubeObject, node: string, status: TaskAction["status"]) => {
    const { name = "", uid = "" } = run.metadata;
    const spec = {
      runName: name,
      runUid: uid,
      project: "ml",
      domain: "development",
      actionName: node,
      node,
      task: "train",
      taskType: "container",
      inputUri: `file:///x/${node}`,
    };
    return make(TaskActionKind, `${name}-${node}`, { labels: { [LABEL.runUid]: uid }, spec, status });
  };
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "answered",
      (thrown: unknown) => `${Code[ConnectError.from(thrown).code]}: ${ConnectError.from(thrown).rawMessage}`,
    );

  it("lists live runs and those that only the archive has, newest first, page by page", async () => {
    await makeRun("a");
    await cluster.clock.advance(2_000);
    await makeRun("b", { phase: "Succeeded", of: "other", endTime: "2030-01-01T00:00:00Z" });
    await makeRun("c", { phase: "Queued" }, "other-staging");
    const scopeBy = { case: "projectId" as const, value: { organization: "", name: "ml", domain: "development" } };
    const first = await runs.listRuns({ scopeBy, request: { limit: 2 } });
    assert.deepEqual([first.runs.map(({ action }) => action?.id?.run?.name), first.token], [["b", "a"], "2"]);
    const second = await runs.listRuns({ scopeBy, request: { limit: 2, token: first.token } });
    assert.deepEqual([second.runs.map(({ action }) => action?.id?.run?.name), second.token], [["gone"], ""]);
    const everywhere = await runs.listRuns({ scopeBy: { case: "org", value: "any" } });
    assert.equal(everywhere.runs.length, 4);
    const named = await runs.listRuns({ scopeBy: { case: "taskName", value: id("other") } });
    assert.deepEqual(
      named.runs.map(({ action }) => [action?.id?.name, action?.status?.phase]),
      [["a0", ActionPhase.SUCCEEDED]],
    );
  });

  it("filters and orders lists, and refuses fields that there are not", async () => {
    await makeRun("a", { phase: "Failed" });
    await makeRun("b", { phase: "Running" });
    const request = (field: string, ...values: string[]) => ({ filters: [{ function: Filter_Function.VALUE_IN, field, values }] });
    const scopeBy = { case: "org" as const, value: "" };
    const failed = await runs.listRuns({ scopeBy, request: request("phase", "FAILED") });
    assert.deepEqual(
      failed.runs.map(({ action }) => action?.id?.run?.name),
      ["a", "gone"],
    );
    const sorted = await runs.listRuns({ scopeBy, request: { sortByFields: [{ key: "run_name", direction: Sort_Direction.ASCENDING }] } });
    assert.deepEqual(
      sorted.runs.map(({ action }) => action?.id?.run?.name),
      ["a", "b", "gone"],
    );
    assert.match(
      await codeOf(runs.listRuns({ scopeBy, request: request("colour", "red") })),
      /^InvalidArgument: there is no field "colour" here; there are project,/,
    );
    assert.match(await codeOf(runs.listRuns({ scopeBy, request: { token: "-1" } })), /^InvalidArgument/);
  });

  it("shows a run, its actions with attempts and errors, and where their data is", async () => {
    const run = await makeRun("a", {
      phase: "Failed",
      of: "iris",
      error: { code: "ExitCode", kind: "USER", message: "exit 7" },
      endTime: "2030-01-01T00:00:00Z",
    });
    const at = (phase: string, second: number) => ({ phase, occurredAt: `2025-01-01T00:00:0${second}Z` });
    await makeAction(run, "train", {
      phase: "Failed",
      attempts: 2,
      phaseHistory: [at("Queued", 0), at("Running", 1), at("Queued", 2), at("Running", 3), at("Failed", 4)],
      errorState: { code: "ExitCode", kind: "USER", message: "exit 7" },
      endTime: "2025-01-01T00:00:04Z",
    });
    await makeAction(run, "split", { phase: "Succeeded", outputs: { uri: "file:///x/split/outputs.pb" } });
    const { details } = await runs.getRunDetails({ runId: id("a") });
    assert.deepEqual(
      [details?.action?.status?.phase, details?.action?.result.value],
      [ActionPhase.FAILED, { ...details?.action?.result.value, message: "ExitCode: exit 7" }],
    );
    const { actions } = await runs.listActions({ runId: id("a") });
    assert.deepEqual(actions.map((action) => [action.id?.name, action.metadata?.parent]).sort(), [
      ["split", "a0"],
      ["train", "a0"],
    ]);
    const train = (await runs.getActionDetails({ actionId: { run: id("a"), name: "train" } })).details;
    assert.deepEqual(
      train?.attempts.map(({ attempt, phase, errorInfo, phaseTransitions }) => [attempt, phase, errorInfo?.message ?? "", phaseTransitions.length]),
      [
        [1, ActionPhase.RUNNING, "", 2],
        [2, ActionPhase.FAILED, "ExitCode: exit 7", 3],
      ],
    );
    const uris = await runs.getActionDataURIs({ actionId: { run: id("a"), name: "split" } });
    assert.deepEqual([uris.inputsUri, uris.outputsUri], ["file:///x/split", "file:///x/split/outputs.pb"]);
    assert.match(await codeOf(runs.getActionDetails({ actionId: { run: id("a"), name: "nope" } })), /^NotFound: run a has no action nope/);
    assert.match(await codeOf(runs.getRunDetails({ runId: id("nope") })), /^NotFound/);
    assert.match(await codeOf(runs.getRunDetails({})), /^InvalidArgument/);
  });

  it("shows a run that only the archive has", async () => {
    const { details } = await runs.getRunDetails({ runId: id("gone") });
    assert.deepEqual([details?.action?.status?.phase, details?.action?.status?.durationMs], [ActionPhase.FAILED, 9_000n]);
  });

  it("shows live runs while the archive is away, and says so where a list would be incomplete", async () => {
    await makeRun("a");
    away = true;
    assert.ok((await runs.getRunDetails({ runId: id("a") })).details);
    assert.match(
      await codeOf(runs.listRuns({ scopeBy: { case: "org", value: "" } })),
      /^Unavailable: the archive of runs cannot be read now: connection refused/,
    );
  });

  it("streams a run and its tree until it has ended, without losing what happens while it sends", async () => {
    const run = await makeRun("a", { phase: "Running", of: "iris" });
    const phases: (ActionPhase | undefined)[] = [];
    const trees: number[] = [];
    const watching = (async () => {
      for await (const { details } of runs.watchRunDetails({ runId: id("a") })) phases.push(details?.action?.status?.phase);
    })();
    const drawing = (async () => {
      const filter = [{ function: Filter_Function.VALUE_IN, field: "PHASE", values: ["SUCCEEDED"] }];
      for await (const { enrichedActions } of runs.watchActions({ runId: id("a"), filter }))
        trees.push(enrichedActions.filter(({ meetsFilter }) => meetsFilter).length);
    })();
    await settle(50);
    await makeAction(run, "split", { phase: "Running" });
    await cluster.client.patch(
      TaskActionKind,
      { namespace: NAMESPACE, name: "a-split" },
      { type: "merge", body: { status: { phase: "Succeeded" } } },
      { subresource: "status" },
    );
    await settle(20);
    const body = { status: { phase: "Succeeded", endTime: "2030-01-01T00:00:00Z" } };
    await cluster.client.patch(RunKind, { namespace: NAMESPACE, name: "a" }, { type: "merge", body }, { subresource: "status" });
    await Promise.all([watching, drawing]);
    assert.deepEqual([phases[0], phases.at(-1)], [ActionPhase.RUNNING, ActionPhase.SUCCEEDED]);
    assert.deepEqual([trees[0], trees.at(-1)], [1, 2]);
  });

  it("lists projects, and says of every call that writes what to do instead", async () => {
    await make({ ...ProjectKind, namespaced: false }, "ml", { spec: { domains: ["development"], displayName: "Machine learning" } });
    assert.deepEqual(
      (await projects.listProjects({})).projects?.projects.map(({ id: name, domains }) => [name, domains.map((domain) => domain.id)]),
      [["ml", ["development"]]],
    );
    assert.match(await codeOf(runs.abortRun({ runId: id("a") })), /^FailedPrecondition: this API only reads; flyteops abort RUN/);
    assert.match(await codeOf(projects.createProject({})), /^FailedPrecondition: this API only reads; put a Project/);
    assert.match(await codeOf(runs.getActionLogContext({})), /^Unimplemented: getActionLogContext does not work yet/);
  });
});
