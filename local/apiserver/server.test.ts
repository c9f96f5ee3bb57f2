import assert from "node:assert/strict";
import { type Harness, harness } from "./testing/harness.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const map = (name: string, data: object = {}, metadata: object = {}) => ({ metadata: { name, ...metadata }, data });

describe("the embedded API server", () => {
  let api: Harness;
  beforeEach(async () => {
    api = await harness();
  });
  afterEach(() => api.server.close());

  describe("who asks", () => {
    const anonymous = { identity: undefined };

    it("lets anybody ask for its health and version, and for nothing else", async () => {
      for (const path of ["/healthz", "/livez", "/readyz", "/version"]) assert.equal((await api.call("GET", path, undefined, anonymous)).status, 200, path);
      for (const path of ["/api", "/apis", "/api/v1/pods", "/openapi/v3", "/readyz/log", "/nowhere"]) {
        const { status, json } = await api.call("GET", path, undefined, anonymous);
        assert.deepEqual([status, json.reason], [403, "Forbidden"], path);
      }
    });

    it("refuses a token it does not know, also for what anybody may ask", async () => {
      const { status } = await api.call("GET", "/version", undefined, { ...anonymous, headers: { authorization: "Bearer wrong" } });
      assert.equal(status, 401);
    });

    it("acts as the impersonated user", async () => {
      const headers = { "impersonate-user": "joe", "impersonate-group": "dev\nops, too", "impersonate-extra-reason%2fwhy": "because" };
      const { json } = await api.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, { headers });
      assert.deepEqual(json.status?.userInfo, { username: "joe", groups: ["dev", "ops, too", "system:authenticated"], extra: { "reason/why": ["because"] } });
    });

    it("refuses to impersonate nobody", async () => {
      for (const headers of [{ "impersonate-group": "system:masters" }, { "impersonate-uid": "1" }])
        assert.equal((await api.call("GET", MAPS, undefined, { headers })).status, 400, JSON.stringify(headers));
    });

    it("tells a service account's groups from its name", async () => {
      const { json } = await api.call(
        "POST",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        {},
        { headers: { "impersonate-user": "system:serviceaccount:ml:sync" } },
      );
      assert.deepEqual(json.status?.userInfo?.groups, ["system:serviceaccounts", "system:serviceaccounts:ml", "system:authenticated"]);
    });
  });

  describe("what is asked", () => {
    it("answers plain 404 where nothing is, and a Status where a resource could be", async () => {
      const nowhere = await api.call("GET", "/apis/nope.dev/v1/things");
      assert.deepEqual([nowhere.status, nowhere.text], [404, "404 page not found\n"]);
      const unserved = await api.call("GET", "/api/v1/namespaces/default/things");
      assert.deepEqual([unserved.status, unserved.json.message], [404, "the server could not find the requested resource"]);
    });

    it("refuses methods that make no sense", async () => {
      for (const [method, path] of [
        ["PUT", MAPS],
        ["POST", `${MAPS}/x`],
        ["POST", "/api/v1/configmaps"],
        ["DELETE", "/api/v1/namespaces/default/pods/x/status"],
      ] as const)
        assert.equal((await api.call(method, path, {})).status, 405, `${method} ${path}`);
    });

    it("refuses what it cannot read", async () => {
      const as = (type: string, body: string | Uint8Array) => api.call("POST", MAPS, body, { headers: { "content-type": type } });
      assert.equal((await as("text/plain", "x")).status, 415);
      assert.equal((await as("application/json", "{")).status, 400);
      assert.equal((await as("application/json", "[1]")).status, 400);
      assert.equal((await as("application/json", `{"a":${"[".repeat(100_000)}`)).status, 400);
      assert.equal((await as("application/yaml", "a: [")).status, 400);
      assert.equal((await as("application/vnd.kubernetes.protobuf", "not protobuf")).status, 400);
      assert.equal((await as("application/json", Buffer.alloc(3 * 1024 * 1024 + 1, 0x20))).status, 413);
      assert.equal((await api.call("GET", MAPS, undefined, { headers: { accept: "text/html" } })).status, 406);
    });

    it("reads and writes YAML", async () => {
      const body = "metadata:\n  name: from-yaml\ndata:\n  a: 'yes'\n";
      const { status, text } = await api.call("POST", MAPS, body, { headers: { "content-type": "application/yaml", accept: "application/yaml" } });
      assert.equal(status, 201);
      assert.match(text, /^data:\n {2}a: "yes"$/m);
    });

    it("refuses a bomb of YAML aliases", async () => {
      const levels = Array.from(
        { length: 9 },
        (_, index) =>
          `${String.fromCharCode(98 + index)}: &${String.fromCharCode(98 + index)} [${Array(9)
            .fill(`*${String.fromCharCode(97 + index)}`)
            .join(",")}]`,
      );
      const { status } = await api.call("POST", MAPS, `a: &a [x]\n${levels.join("\n")}\n`, { headers: { "content-type": "application/yaml" } });
      assert.equal(status, 400);
    });

    it("refuses an object that a cluster could not store", async () => {
      const { status, json } = await api.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", {
        metadata: { name: "big" },
        rules: [{ apiGroups: [""], verbs: ["get"], resources: Array.from({ length: 80_000 }, (_, index) => `resource-number-${index}`) }],
      });
      assert.deepEqual([status, json.reason], [413, "RequestEntityTooLarge"]);
    });

    it("does not let a short JSON patch grow without end", async () => {
      await api.call("POST", MAPS, map("bomb", { a: "x".repeat(1_000) }));
      const copies = Array.from({ length: 40 }, () => ({ op: "copy", from: "/data", path: "/data/x" }));
      assert.equal((await api.patch(`${MAPS}/bomb`, copies, "application/json-patch+json")).status, 422);
    });

    it("keeps a prototype a prototype", async () => {
      await api.call("POST", MAPS, map("proto"));
      await api.patch(`${MAPS}/proto`, '{"metadata":{"labels":{"__proto__":"x"}},"__proto__":{"polluted":"yes"}}');
      await api.patch(`${MAPS}/proto`, [{ op: "add", path: "/__proto__/polluted", value: "yes" }], "application/json-patch+json");
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    });
  });

  describe("lists", () => {
    it("gives pages of one moment, even when the collection changes in between", async () => {
      for (const name of ["a", "b", "c"]) await api.call("POST", MAPS, map(name));
      const first = await api.call("GET", `${MAPS}?limit=2`);
      await api.call("DELETE", `${MAPS}/c`);
      await api.call("POST", MAPS, map("bb"));
      const second = await api.call("GET", `${MAPS}?limit=2&continue=${String(first.json.metadata?.continue)}`);
      const names = [first, second].flatMap(({ json }) => (json.items as unknown as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name));
      assert.deepEqual(names, ["a", "b", "c"]);
      assert.equal(second.json.metadata?.resourceVersion, first.json.metadata?.resourceVersion);
      assert.equal(first.json.metadata?.remainingItemCount, 1);
    });

    it("shows an older moment to whoever names its version, whatever happened since", async () => {
      await api.call("POST", MAPS, map("kept"));
      await api.call("POST", MAPS, map("gone"));
      const { metadata } = (await api.call("GET", MAPS)).json;
      await api.call("DELETE", `${MAPS}/gone`);
      await api.call("PATCH", `${MAPS}/kept`, { data: { later: "yes" } });
      await api.call("POST", MAPS, map("come"));
      const { json } = await api.call("GET", `${MAPS}?resourceVersion=${String(metadata?.resourceVersion)}&resourceVersionMatch=Exact`);
      const items = json.items as unknown as { metadata: { name: string }; data?: object }[];
      assert.deepEqual(
        items.map((item) => [item.metadata.name, item.data]),
        [
          ["gone", undefined],
          ["kept", undefined],
        ],
      );
    });

    it("keeps namespaces apart that begin alike", async () => {
      for (const name of ["team", "team-a"]) await api.call("POST", "/api/v1/namespaces", { metadata: { name } });
      await api.call("POST", "/api/v1/namespaces/team-a/configmaps", map("other"));
      const { json } = await api.call("GET", "/api/v1/namespaces/team/configmaps");
      assert.deepEqual(json.items, []);
    });
  });

  describe("conditions of a write", () => {
    it("creates by PUT only what may be created so", async () => {
      const lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
      assert.equal((await api.call("PUT", lease, { metadata: { name: "l" } })).status, 201);
      assert.equal((await api.call("PUT", `${MAPS}/x`, map("x"))).status, 404);
    });

    it("gives every one of many simultaneous patches its turn", async () => {
      await api.call("POST", MAPS, map("busy"));
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => api.patch(`${MAPS}/busy`, { data: { [`k${index}`]: "v" } })));
      assert.ok(answers.every(({ status }) => status === 200));
      assert.equal(Object.keys((await api.call("GET", `${MAPS}/busy`)).json.data ?? {}).length, 50);
    });

    it("lets exactly one of many simultaneous creates of a name win", async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => api.call("POST", MAPS, map("once"))));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array<number>(19).fill(409)]);
    });

    it("lets exactly one of many simultaneous replaces of a state win", async () => {
      const { json } = await api.call("POST", MAPS, map("raced"));
      const body = (who: number) => map("raced", { who: String(who) }, { resourceVersion: json.metadata?.resourceVersion });
      const answers = await Promise.all(Array.from({ length: 10 }, (_, who) => api.call("PUT", `${MAPS}/raced`, body(who))));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array<number>(9).fill(409)]);
    });
  });

  describe("pods", () => {
    const PODS = "/api/v1/namespaces/default/pods";
    const pod = (name: string, spec: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: "main", image: "x" }], ...spec } });

    it("go at once when no node has them, and after their grace period when one has", async () => {
      await api.call("POST", PODS, pod("loose"));
      await api.call("DELETE", `${PODS}/loose`);
      assert.equal((await api.call("GET", `${PODS}/loose`)).status, 404);
      await api.call("POST", PODS, pod("placed", { nodeName: "n1", terminationGracePeriodSeconds: 7 }));
      const marked = await api.call("DELETE", `${PODS}/placed`);
      assert.equal(marked.json.metadata?.deletionGracePeriodSeconds, 7);
      const again = await api.call("DELETE", `${PODS}/placed`);
      assert.equal(again.json.metadata?.resourceVersion, marked.json.metadata?.resourceVersion);
      await api.call("DELETE", `${PODS}/placed?gracePeriodSeconds=0`);
      assert.equal((await api.call("GET", `${PODS}/placed`)).status, 404);
    });

    it("stay with their finalizer until it is removed, however short the grace", async () => {
      await api.call("POST", PODS, { ...pod("kept", { nodeName: "n1" }), metadata: { name: "kept", finalizers: ["test.dev/hold"] } });
      await api.call("DELETE", `${PODS}/kept?gracePeriodSeconds=0`);
      assert.equal((await api.call("GET", `${PODS}/kept`)).json.metadata?.deletionGracePeriodSeconds, 0);
      await api.patch(`${PODS}/kept`, { metadata: { finalizers: null } });
      assert.equal((await api.call("GET", `${PODS}/kept`)).status, 404);
    });

    it("have no logs without a node, and no exec at all", async () => {
      await api.call("POST", PODS, pod("p"));
      assert.equal((await api.call("GET", `${PODS}/p/log`)).status, 501);
      assert.equal((await api.call("GET", `${PODS}/none/log`)).status, 404);
      assert.equal((await api.call("POST", `${PODS}/p/exec?command=ls`)).status, 501);
    });
  });

  it("asks the node for the log of the container that is meant", async () => {
    const asked: unknown[] = [];
    const logs = await harness({
      podLogs: {
        async *read(namespace, name, container, { signal: _signal, ...options }) {
          asked.push([namespace, name, container, options]);
          yield Buffer.from("line\n");
        },
      },
    });
    const PODS = "/api/v1/namespaces/default/pods";
    await logs.call("POST", PODS, {
      metadata: { name: "p" },
      spec: {
        containers: [
          { name: "one", image: "x" },
          { name: "two", image: "x" },
        ],
      },
    });
    const vague = await logs.call("GET", `${PODS}/p/log`);
    assert.equal(vague.json.message, "a container name must be specified for pod p, choose one of: [one two]");
    assert.equal((await logs.call("GET", `${PODS}/p/log?container=three`)).status, 400);
    const { text } = await logs.call("GET", `${PODS}/p/log?container=two&tailLines=5&timestamps=true&sinceTime=2026-01-01T00:00:00Z`);
    assert.equal(text, "line\n");
    assert.deepEqual(asked, [["default", "p", "two", { follow: false, previous: false, timestamps: true, tailLines: 5, sinceTime: "2026-01-01T00:00:00Z" }]]);
    await logs.server.close();
  });

  it("shows core events and events.k8s.io events as one collection", async () => {
    const about = { kind: "Pod", name: "p", namespace: "default" };
    await api.call("POST", "/api/v1/namespaces/default/events", {
      metadata: { name: "e" },
      involvedObject: about,
      reason: "Started",
      message: "hello",
      count: 2,
    });
    const { json } = await api.call("GET", "/apis/events.k8s.io/v1/namespaces/default/events/e");
    assert.deepEqual([json.apiVersion, json.note, json.regarding?.name, json.deprecatedCount], ["events.k8s.io/v1", "hello", "p", 2]);
    const listed = await api.call("GET", "/apis/events.k8s.io/v1/events?fieldSelector=regarding.name=p,reason=Started");
    assert.equal((listed.json.items as unknown as unknown[]).length, 1);
  });
});
