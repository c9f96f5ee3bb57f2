import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { type LogFields, silentLogger, spanIdOf, traceIdOf } from "../../base/index.ts";
import { apiCallMetrics } from "../../kube/index.ts";
import type { Run, TaskAction } from "../../crds/index.ts";
import type { Stored } from "../../kube/index.ts";
import { healthPage, remembered } from "./health.ts";
import { liveLogger, type LogSettings } from "./logger.ts";
import { keepsTrace, openTracing } from "./otel.ts";
import { plainServer } from "./plain-server.ts";
import { combinations, prometheusMetrics } from "./prometheus.ts";
import { runSpans } from "./traces.ts";

const RUN_UID = "5f0c1c0e-7a53-4e5e-9c55-4b7a3e0f9b01";

const run = {
  metadata: { uid: RUN_UID, name: "first", namespace: "ml-development", creationTimestamp: "2026-01-01T00:00:00Z" },
  status: { phase: "Failed", endTime: "2026-01-01T00:01:00Z", error: { message: "train failed" } },
} as unknown as Stored<Run>;

const action = {
  metadata: {
    uid: "a-uid",
    name: "first-train",
    namespace: "ml-development",
    creationTimestamp: "2026-01-01T00:00:01Z",
    labels: { "flyte.org/action": "train" },
  },
  spec: { runUid: RUN_UID, task: "fit" },
  status: {
    phase: "Failed",
    endTime: "2026-01-01T00:00:50Z",
    errorState: { message: "exit 1" },
    phaseHistory: [
      { phase: "Queued", occurredAt: "2026-01-01T00:00:01Z" },
      { phase: "Running", occurredAt: "2026-01-01T00:00:05Z" },
      { phase: "Queued", occurredAt: "2026-01-01T00:00:20Z", message: "again" },
      { phase: "Running", occurredAt: "2026-01-01T00:00:30Z" },
      { phase: "Failed", occurredAt: "2026-01-01T00:00:50Z" },
    ],
  },
} as unknown as Stored<TaskAction>;

describe("traces", () => {
  it("tell a run as one trace: itself, its actions, their attempts, their phases", () => {
    const spans = runSpans(run, [action]);
    assert.deepEqual(
      spans.map(({ name }) => name),
      ["run first", "action train", "attempt 1", "Queued", "Running", "attempt 2", "Queued", "Running"],
    );
    assert.ok(spans.every(({ traceId }) => traceId === RUN_UID.replaceAll("-", "")));
    const ids = new Map(spans.map((span) => [span.spanId, span.name]));
    assert.deepEqual(
      spans.map(({ parentId }) => (parentId === undefined ? undefined : ids.get(parentId))),
      [undefined, "run first", "action train", "attempt 1", "attempt 1", "action train", "attempt 2", "attempt 2"],
    );
    assert.deepEqual([spans[0]?.error, spans[1]?.error, spans[2]?.error], ["train failed", "exit 1", undefined]);
    assert.equal((spans[5]?.endMs ?? 0) - (spans[5]?.startMs ?? 0), 30_000);
  });

  it("say nothing of a run without an end", () => {
    assert.deepEqual(runSpans({ ...run, status: { phase: "Running" } } as Stored<Run>, []), []);
  });

  it("keep the asked share, the same everywhere", () => {
    const ids = Array.from({ length: 2_000 }, (_, index) => traceIdOf(`run ${index}`));
    const kept = ids.filter(keepsTrace({ parentSampler: "traceid", traceIdRatio: 0.25 }));
    assert.ok(kept.length > 400 && kept.length < 600, String(kept.length));
    assert.ok(ids.every(keepsTrace({ parentSampler: "always", traceIdRatio: 0 })));
    assert.ok(!ids.some(keepsTrace({ parentSampler: "traceid", traceIdRatio: 0 })));
  });

  it("reach a collector with their identities, times and errors", async () => {
    const bodies: { path: string | undefined; text: string }[] = [];
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        bodies.push({ path: request.url, text: (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString() });
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
    try {
      const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
      const otel = { type: "otlphttp", otlphttp: { endpoint }, sampler: { parentSampler: "always", traceIdRatio: 0 } } as const;
      const tracing = await openTracing(otel, { version: "1.2.3", instance: "pod-0" }, silentLogger);
      for (const span of runSpans(run, [action])) tracing?.tracer.record(span);
      await tracing?.close();
    } finally {
      collector.closeAllConnections();
      collector.close();
    }
    assert.equal(bodies.length, 1);
    assert.equal(bodies[0]?.path, "/v1/traces");
    interface Sent {
      resourceSpans: {
        scopeSpans: { spans: { name: string; traceId: string; spanId: string; parentSpanId?: string; startTimeUnixNano: string; status: object }[] }[];
      }[];
    }
    const spans = (JSON.parse(bodies[0]?.text ?? "{}") as Sent).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    assert.equal(spans.length, 8);
    assert.ok(spans.every(({ traceId }) => traceId === RUN_UID.replaceAll("-", "")));
    assert.equal(spans[0]?.spanId, spanIdOf(RUN_UID));
    assert.equal(spans[1]?.parentSpanId, spanIdOf(RUN_UID));
    assert.equal(spans[0]?.startTimeUnixNano, String(BigInt(Date.parse("2026-01-01T00:00:00Z")) * 1_000_000n));
    assert.deepEqual(spans[0]?.status, { code: 2, message: "train failed" });
    assert.match(bodies[0]?.text ?? "", /"service.version","value":\{"stringValue":"1.2.3"/);
  });

  it("cost nothing where they go nowhere", async () => {
    const otel = { type: "noop", otlphttp: { endpoint: "http://127.0.0.1:1" }, sampler: { parentSampler: "always", traceIdRatio: 1 } } as const;
    assert.equal(await openTracing(otel, { version: "", instance: "" }, silentLogger), undefined);
  });
});

describe("metrics", () => {
  it("are there at zero before anything has happened", async () => {
    const { meter, page } = await prometheusMetrics();
    meter.counter({ name: "flyteops_test_total", help: "A test.", labels: { kind: ["Run"], result: ["settled", "bug"] } });
    meter.histogram({ name: "flyteops_test_seconds", help: "A test.", labels: { kind: ["Run"] }, buckets: [1, 2] });
    const { text, type } = await page();
    assert.match(type, /^text\/plain/);
    for (const line of [
      'flyteops_test_total{kind="Run",result="settled"} 0',
      'flyteops_test_total{kind="Run",result="bug"} 0',
      'flyteops_test_seconds_bucket{le="2",kind="Run"} 0',
      'flyteops_test_seconds_count{kind="Run"} 0',
    ])
      assert.ok(text.split("\n").includes(line), line);
  });

  it("are one metric when many ask for the same name, and gauges of one series are added", async () => {
    const { meter, page } = await prometheusMetrics();
    const counters = ["Run", "Task"].map((kind) => meter.counter({ name: "flyteops_test_total", help: "A test.", labels: { kind: [kind] } }));
    counters[0]?.add({ kind: "Run" });
    counters[1]?.add({ kind: "Task" }, 3);
    const gauge = { name: "flyteops_test_depth", help: "A test.", labels: { kind: ["Run"] } };
    meter.gauge(gauge, { kind: "Run" }, () => 4);
    meter.gauge(gauge, { kind: "Run" }, () => 5);
    const { text } = await page();
    assert.match(text, /^flyteops_test_total\{kind="Run"\} 1$/m);
    assert.match(text, /^flyteops_test_total\{kind="Task"\} 3$/m);
    assert.match(text, /^flyteops_test_depth\{kind="Run"\} 9$/m);
  });

  it("count requests by verb, kind and answer", async () => {
    const { meter, page } = await prometheusMetrics();
    const calls = apiCallMetrics(meter, ["Run"]);
    for (const code of [200, 409, 429, 404, 503, 0]) calls.called("patch", "Run", code, 20);
    const { text } = await page();
    assert.match(text, /^flyteops_kube_api_calls_total\{verb="patch",kind="Run"\} 6$/m);
    for (const answer of ["2xx", "4xx", "409", "429", "5xx", "none"])
      assert.ok(text.includes(`flyteops_kube_api_answers_total{verb="patch",code="${answer}"} 1\n`), answer);
  });

  it("name every combination of labels once", () => {
    assert.deepEqual(combinations({}), [{}]);
    assert.equal(combinations({ a: ["1", "2"], b: ["x", "y", "z"] }).length, 6);
  });
});

describe("log lines", () => {
  const lines: string[] = [];
  let settings: LogSettings = { level: "info", format: "json" };
  const logger = liveLogger(
    (line) => lines.push(line),
    () => 0,
    () => settings,
  );
  const logged = (message: string, fields: LogFields = {}): string => {
    lines.length = 0;
    logger.with({ kind: "Run" }).info(message, fields);
    return lines.join("");
  };

  it("are JSON or for people, as the settings say at that moment", () => {
    assert.deepEqual(JSON.parse(logged("began", { key: "a/b" })), { time: "1970-01-01T00:00:00.000Z", level: "info", msg: "began", kind: "Run", key: "a/b" });
    settings = { level: "info", format: "text" };
    assert.equal(logged("began", { key: "a/b", why: "two words" }), '1970-01-01T00:00:00.000Z INFO  began kind=Run key=a/b why="two words"\n');
    settings = { level: "error", format: "text" };
    assert.equal(logged("began"), "");
  });

  it("never show credentials of an address", () => {
    for (const format of ["json", "text"] as const) {
      settings = { level: "debug", format };
      assert.ok(!logged("fetched", { url: "https://me:hunter2@host/x", error: new Error("no https://me:hunter2@host/x") }).includes("hunter2"));
    }
  });
});

describe("health", () => {
  it("names each check, and is bad when one is", async () => {
    const page = await healthPage({ ping: () => undefined, database: () => Promise.reject(new Error("no answer")), leases: () => "not read yet" });
    assert.deepEqual(page, { status: 503, text: "[+] ping ok\n[-] database: Error: no answer\n[-] leases: not read yet\n" });
    assert.equal((await healthPage({ ping: () => undefined })).status, 200);
  });

  it("does not ask others for every probe", async () => {
    let [now, asked] = [0, 0];
    const check = remembered(
      () => {
        asked += 1;
        return asked === 1 ? "first" : undefined;
      },
      10_000,
      () => now,
    );
    assert.equal(await check(), "first");
    now = 9_000;
    assert.equal(await check(), "first");
    now = 11_000;
    assert.equal(await check(), undefined);
    assert.equal(asked, 2);
  });

  it("is served with GET and HEAD only, and other paths say what there is", async () => {
    const server = await plainServer("127.0.0.1:0", {
      "/healthz": () => ({ status: 200, text: "ok\n" }),
      "/broken": () => Promise.reject(new Error("broken")),
    });
    try {
      const ask = async (path: string, method = "GET") => {
        const answer = await fetch(`http://${server.address}${path}`, { method });
        return [answer.status, await answer.text()];
      };
      assert.deepEqual(await ask("/healthz?verbose"), [200, "ok\n"]);
      assert.deepEqual(await ask("/healthz", "HEAD"), [200, ""]);
      assert.deepEqual(await ask("/healthz", "POST"), [405, "only GET and HEAD\n"]);
      assert.deepEqual(await ask("/"), [404, "known: /healthz, /broken\n"]);
      assert.deepEqual(await ask("/broken"), [500, "Error: broken\n"]);
    } finally {
      await server.close();
    }
  });

  it("says which address cannot be used", async () => {
    const first = await plainServer("127.0.0.1:0", {});
    await assert.rejects(plainServer(first.address, {}), /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
    await first.close();
  });
});
