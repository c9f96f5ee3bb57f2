import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonEqual } from "../base/index.ts";
import { virtualClock } from "../test/support/virtual-clock.ts";
import { apiClient, type ApiClientOptions } from "./api-client.ts";
import type { ApiRequest, ApiResponse, Transport, WatchEvent } from "./client.ts";
import { Kinds } from "./kinds.ts";
import { lines } from "./lines.ts";
import { mergePatch } from "./merge-patch.ts";
import type { KubeObject } from "./object.ts";
import { labelMatcher } from "./selectors.ts";

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks?: readonly (string | Uint8Array)[];
}

async function* bytes(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

/** A transport that gives these answers in turn, and remembers what was asked. */
function answering(...answers: (Answer | Error)[]): Transport & { readonly asked: ApiRequest[] } {
  const asked: ApiRequest[] = [];
  return {
    asked,
    async send(request): Promise<ApiResponse> {
      asked.push(request);
      const answer = answers[Math.min(asked.length, answers.length) - 1] ?? {};
      if (answer instanceof Error) throw answer;
      return { status: answer.status ?? 200, headers: answer.headers ?? {}, body: bytes(answer.chunks ?? ["{}"]) };
    },
  };
}

const json = (value: unknown): Answer => ({ chunks: [JSON.stringify(value)] });
const failure = (code: number, reason: string, more: object = {}): Answer => ({
  status: code,
  chunks: [JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code, reason, message: `said ${reason}`, ...more })],
});
const pod: KubeObject = { apiVersion: "v1", kind: "Pod", metadata: { namespace: "ns", name: "a" } };
const ref = { namespace: "ns", name: "a" };

describe("api client", () => {
  it("asks for objects where they are", async () => {
    const transport = answering();
    const client = apiClient(transport);
    await client.get(Kinds.Pod, ref);
    await client.get(Kinds.Node, { name: "n" });
    await client.list(Kinds.Pod, { labelSelector: "a in (b,c)", limit: 2 });
    await client.create(Kinds.Role, pod, { dryRun: true });
    await client.patch(Kinds.Pod, ref, { type: "merge", body: {} }, { subresource: "status" });
    await client.patch(Kinds.Pod, ref, { type: "apply", body: {}, force: true }, { fieldManager: "sync", fieldValidation: "Strict" });
    assert.deepEqual(
      transport.asked.map(({ method, path }) => `${method} ${path}`),
      [
        "GET /api/v1/namespaces/ns/pods/a",
        "GET /api/v1/nodes/n",
        "GET /api/v1/pods?labelSelector=a%20in%20(b%2Cc)&limit=2",
        "POST /apis/rbac.authorization.k8s.io/v1/namespaces/ns/roles?fieldManager=flyteops&dryRun=All",
        "PATCH /api/v1/namespaces/ns/pods/a/status?fieldManager=flyteops",
        "PATCH /api/v1/namespaces/ns/pods/a?fieldManager=sync&fieldValidation=Strict&force=true",
      ],
    );
    assert.equal(transport.asked[5]?.headers?.["content-type"], "application/apply-patch+yaml");
  });

  it("keeps integers that a double cannot hold, both ways", async () => {
    const transport = answering({ chunks: ['{"spec":{"count":9007199254740993}}'] });
    const object = await apiClient(transport).replace(Kinds.Pod, { ...pod, spec: { count: 9007199254740993n } });
    assert.deepEqual(object["spec"], { count: 9007199254740993n });
    assert.match(String(transport.asked[0]?.body), /"count":9007199254740993\b/);
  });

  it("escapes what a YAML parser would refuse in an apply patch", async () => {
    const transport = answering();
    await apiClient(transport).patch(Kinds.Pod, ref, { type: "apply", body: { text: "a\u2028\u007fé😀" } });
    assert.equal(transport.asked[0]?.body, '{"text":"a\\u2028\\u007fé😀"}');
  });

  it("names every item of a list", async () => {
    const {
      items,
      resourceVersion,
      continue: next,
    } = await apiClient(answering(json({ metadata: { resourceVersion: "7", continue: "more" }, items: [{ metadata: { name: "a" } }] }))).list(Kinds.Pod);
    assert.deepEqual([items[0]?.apiVersion, items[0]?.kind, resourceVersion, next], ["v1", "Pod", "7", "more"]);
  });

  it("rejects with the server's own words, and knows what may pass", async () => {
    const outcome = async (answer: Answer | Error) => {
      const thrown = (await apiClient(answering(answer))
        .get(Kinds.Pod, ref)
        .catch((error: unknown) => error)) as { code: number; reason: string; retry: string };
      return `${thrown.code} ${thrown.reason} ${thrown.retry}`;
    };
    assert.equal(await outcome(failure(409, "Conflict")), "409 Conflict retryable");
    assert.equal(await outcome(failure(422, "Invalid")), "422 Invalid terminal");
    assert.equal(await outcome(failure(503, "ServiceUnavailable")), "503 ServiceUnavailable retryable");
    assert.equal(await outcome({ status: 502, chunks: ["<html>bad gateway</html>"] }), "502 Unknown retryable");
    assert.equal(await outcome(new Error("ECONNREFUSED")), "0 Unreachable retryable");
  });

  it("repeats a request that was throttled, when the server says so", async () => {
    const clock = virtualClock();
    const transport = answering({ ...failure(429, "TooManyRequests"), headers: { "retry-after": "3" } }, json({ kind: "Pod" }));
    const options: ApiClientOptions = { clock };
    const asking = apiClient(transport, options).get(Kinds.Pod, ref);
    await clock.advance(2_900);
    assert.equal(transport.asked.length, 1);
    await clock.advance(200);
    await asking;
    assert.equal(transport.asked.length, 2);
  });

  it("reads a watch line by line, bookmarks and errors included", async () => {
    const text =
      '{"type":"ADDED","object":{"metadata":{"name":"é","resourceVersion":"1"}}}\n{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}\n' +
      '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n';
    const cut = Buffer.from(text);
    const chunks = Array.from({ length: Math.ceil(cut.length / 7) }, (_, index) => cut.subarray(index * 7, index * 7 + 7));
    const seen: WatchEvent[] = [];
    const watching = (async () => {
      for await (const event of apiClient(answering({ chunks })).watch(Kinds.Pod, { resourceVersion: "0", signal: new AbortController().signal }))
        seen.push(event);
    })();
    await assert.rejects(watching, { code: 410, reason: "Expired" });
    assert.deepEqual(
      seen.map((event) => (event.type === "BOOKMARK" ? `BOOKMARK ${event.resourceVersion}` : `${event.type} ${event.object.metadata.name}`)),
      ["ADDED é", "BOOKMARK 5"],
    );
  });

  it("tells of a deletion whether something is left", async () => {
    const deleted = (answer: Answer) => apiClient(answering(answer)).delete(Kinds.Pod, ref);
    assert.equal(await deleted(json({ kind: "Status", status: "Success" })), undefined);
    assert.equal(await deleted(failure(404, "NotFound")), undefined);
    assert.equal(await deleted(json({ kind: "Pod", metadata: { deletionTimestamp: "t", deletionGracePeriodSeconds: 0 } })), undefined);
    assert.ok(await deleted(json({ kind: "Pod", metadata: { deletionTimestamp: "t", deletionGracePeriodSeconds: 30 } })));
    assert.ok(await deleted(json({ kind: "Pod", metadata: { deletionTimestamp: "t", deletionGracePeriodSeconds: 0, finalizers: ["x"] } })));
  });

  it("refuses to write as nobody before any call", async () => {
    const transport = answering();
    await assert.rejects(apiClient(transport).create(Kinds.Pod, pod, { impersonate: { user: "" } }), { reason: "EmptyImpersonation" });
    assert.equal(transport.asked.length, 0);
  });
});

/** RFC 7386, as a server does it. */
function applied(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === "object" && target !== null && !Array.isArray(target) ? (target as Record<string, unknown>) : {};
  const result: Record<string, unknown> = { ...base };
  for (const [field, change] of Object.entries(patch)) {
    if (change === null) delete result[field];
    else result[field] = applied(base[field], change);
  }
  return result;
}

describe("merge patch", () => {
  const leaf = fc.oneof(fc.integer(), fc.string({ maxLength: 3 }), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 }));
  const fields = fc.letrec<{ object: unknown; value: unknown }>((tie) => ({
    object: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    value: fc.oneof({ maxDepth: 3 }, leaf, tie("object")),
  })).object;

  it("turns the one into the other, and is nothing between equals", () => {
    fc.assert(
      fc.property(fields, fields, (before, after) => {
        const patch = mergePatch(before, after);
        assert.equal(patch === undefined, jsonEqual(before, after));
        assert.ok(jsonEqual(applied(before, patch ?? {}), after), JSON.stringify({ before, after, patch }));
      }),
      { numRuns: 300 },
    );
  });
});

describe("label selector", () => {
  const labels = { app: "web", tier: "front", "flyte.org/run": "x" };
  const cases: Record<string, boolean> = {
    "": true,
    "app=web": true,
    "app==web,tier!=back": true,
    "app=db": false,
    tier: true,
    "!tier": false,
    "app in (web, db)": true,
    "app notin (web,db)": false,
    "missing notin (a)": true,
    "missing in (a)": false,
    "flyte.org/run=x,app in (web),!missing": true,
  };
  for (const [selector, expected] of Object.entries(cases))
    it(`"${selector}" ${expected ? "matches" : "does not match"}`, () => assert.equal(labelMatcher(selector)(labels), expected));
  it("is refused when malformed", () => assert.throws(() => labelMatcher("a=b=c"), { reason: "InvalidSelector" }));
});

describe("lines", () => {
  it("are the same however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom("a", "é", "😀", "\n"), maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (text, size) => {
        const whole = Buffer.from(text);
        const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) => whole.subarray(index * size, (index + 1) * size));
        const read: string[] = [];
        for await (const line of lines(bytes(chunks))) read.push(line);
        assert.deepEqual(read, (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n").slice(0, text === "" ? 0 : undefined));
      }),
      { numRuns: 200 },
    );
  });
});
