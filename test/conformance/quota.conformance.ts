import assert from "node:assert/strict";
import { at, type Reply, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";
import { GADGETS, gadget } from "./support/gadget.ts";

const message = (reply: Reply): string => textAt(reply.body, "message");

interface Resources {
  readonly requests?: Readonly<Record<string, unknown>>;
  readonly limits?: Readonly<Record<string, unknown>>;
}

const container = (name: string, resources: Resources = {}) => ({ name, image: "x", resources });
const pod = (name: string, ...containers: readonly object[]) => ({ metadata: { name }, spec: { nodeName: "no-such-node", containers } });
const small = (name: string) => pod(name, container("c", { requests: { cpu: "100m" }, limits: { memory: "64Mi" } }));

describe("conformance: resource quotas", function () {
  this.timeout(40_000);
  const cluster = useCluster();
  const quotas = () => `/api/v1/namespaces/${cluster.namespace}/resourcequotas`;
  const status = async (name: string) => at((await cluster.api.get(`${quotas()}/${name}`)).body, "status");
  const used = async (name: string) => (at(await status(name), "used") ?? {}) as Record<string, string>;

  async function quota(name: string, spec: unknown): Promise<void> {
    ok(await cluster.api.create(quotas(), { metadata: { name }, spec }));
    await eventually("the quota is counted", async () => at(await status(name), "used") !== undefined);
  }

  async function clear(): Promise<void> {
    ok(await cluster.api.delete(quotas()));
    ok(await cluster.api.delete(cluster.pods, { gracePeriodSeconds: 0 }));
    await eventually("the pods are gone", async () => (at((await cluster.api.get(cluster.pods)).body, "items") as unknown[]).length === 0);
  }

  afterEach(clear);

  it("count what pods ask for, and let go what ended", async () => {
    const { api, pods } = cluster;
    await quota("total", { hard: { pods: "4", "requests.cpu": "2", "limits.memory": "1Gi", "requests.example.dev/gpu": "1" } });
    assert.deepEqual(await status("total"), {
      hard: { pods: "4", "requests.cpu": "2", "limits.memory": "1Gi", "requests.example.dev/gpu": "1" },
      used: { pods: "0", "requests.cpu": "0", "limits.memory": "0", "requests.example.dev/gpu": "0" },
    });
    const init = [container("i", { requests: { cpu: "700m" }, limits: { memory: "10Mi" } })];
    const two = pod(
      "two",
      container("a", { requests: { cpu: "250m" }, limits: { memory: "100Mi" } }),
      container("b", { requests: { cpu: "250m" }, limits: { memory: "100Mi" } }),
    );
    ok(await api.create(pods, { ...two, spec: { ...two.spec, initContainers: init } }));
    const gpu = { requests: { cpu: "100m" }, limits: { memory: "64Mi", "example.dev/gpu": 1 } };
    ok(await api.create(pods, pod("gpu", container("c", gpu))));
    const full = { pods: "2", "requests.cpu": "800m", "limits.memory": "264Mi", "requests.example.dev/gpu": "1" };
    await eventually(
      "both are counted",
      async () => JSON.stringify(Object.entries(await used("total")).sort()) === JSON.stringify(Object.entries(full).sort()),
    );
    ok(await api.patch("merge", `${pods}/gpu/status`, { status: { phase: "Succeeded" } }));
    await eventually(
      "the one that ended is not",
      async () => (await used("total"))["requests.example.dev/gpu"] === "0" && (await used("total"))["pods"] === "1",
    );
    ok(await api.delete(`${pods}/two`, { gracePeriodSeconds: 0 }));
    await eventually("the one that is gone is not", async () => (await used("total"))["pods"] === "0" && (await used("total"))["requests.cpu"] === "0");
  });

  it("refuse what is too much, and say what was asked, is used and is allowed", async () => {
    const { api, pods } = cluster;
    await quota("small", { hard: { pods: "2", "requests.cpu": "1", "limits.memory": "1Gi" } });
    ok(await api.create(pods, pod("first", container("c", { requests: { cpu: "500m" }, limits: { memory: "512Mi" } }))));
    const reply = await api.create(pods, pod("second", container("c", { requests: { cpu: "900m" }, limits: { memory: "600Mi" } })));
    assert.deepEqual([reply.status, at(reply.body, "reason"), at(reply.body, "details")], [403, "Forbidden", { name: "second", kind: "pods" }]);
    assert.equal(
      message(reply),
      'pods "second" is forbidden: exceeded quota: small, requested: limits.memory=600Mi,requests.cpu=900m, used: limits.memory=512Mi,requests.cpu=500m, limited: limits.memory=1Gi,requests.cpu=1',
    );
    const only = await api.create(pods, pod("third", container("c", { requests: { cpu: "10m" }, limits: { memory: "600Mi" } })));
    assert.match(message(only), /exceeded quota: small, requested: limits.memory=600Mi, used: limits.memory=512Mi, limited: limits.memory=1Gi$/);
    assert.equal((await api.create(`${pods}?dryRun=All`, pod("fourth", container("c", { requests: { cpu: "900m" }, limits: { memory: "1Mi" } })))).status, 403);
    ok(await api.create(`${pods}?dryRun=All`, small("imagined")));
    ok(await api.create(pods, small("fits")));
    assert.match(message(await api.create(pods, small("one-more"))), /requested: pods=1, used: pods=2, limited: pods=2$/);
    assert.match(message(await api.create(pods, small("fits"))), /exceeded quota/, "room is asked for before the name is");
  });

  it("want every container to say what is counted", async () => {
    await quota("strict", { hard: { "requests.cpu": "1", "limits.memory": "1Gi", pods: "5" } });
    const reply = await cluster.api.create(cluster.pods, pod("silent", container("c"), container("b", { limits: { memory: "1Mi" } })));
    assert.equal(message(reply), 'pods "silent" is forbidden: failed quota: strict: must specify limits.memory for: c; requests.cpu for: b,c');
  });

  it("never give the same room twice", async () => {
    await quota("three", { hard: { pods: "3" } });
    const replies = await Promise.all(Array.from({ length: 12 }, (_, index) => cluster.api.create(cluster.pods, small(`racer-${index}`))));
    assert.equal(replies.filter((reply) => reply.status === 201).length, 3);
    assert.ok(replies.every((reply) => reply.status === 201 || reply.status === 403));
    await eventually("three are used", async () => (await used("three"))["pods"] === "3");
  });

  it("let others in when room is made", async () => {
    const { api, pods } = cluster;
    await quota("one", { hard: { pods: "1" } });
    ok(await api.create(pods, small("first")));
    assert.equal((await api.create(pods, small("second"))).status, 403);
    ok(await api.delete(`${pods}/first`, { gracePeriodSeconds: 0 }));
    await eventually("the second fits", async () => (await api.create(pods, small("second"))).status === 201);
    ok(await api.patch("merge", `${quotas()}/one`, { spec: { hard: { pods: "2" } } }));
    await eventually("the third fits", async () => (await api.create(pods, small("third"))).status === 201);
  });

  it("count objects of any kind", async () => {
    const { api, configMaps, gadgets } = cluster;
    await eventually("the namespace is furnished", async () => (await api.get(`${configMaps}/kube-root-ca.crt`)).status === 200);
    await quota("counts", { hard: { "count/configmaps": "2", "count/gadgets.conformance.flyteops.dev": "1", secrets: "1" } });
    ok(await api.create(configMaps, { metadata: { name: "counted" } }));
    const refused = await api.create(configMaps, { metadata: { name: "refused" } });
    assert.equal(
      message(refused),
      'configmaps "refused" is forbidden: exceeded quota: counts, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2',
    );
    ok(await api.create(gadgets, gadget("counted", { size: 1 })));
    await eventually("gadgets are counted", async () => (await api.create(`${gadgets}?dryRun=All`, gadget("refused", { size: 1 }))).status === 403);
    ok(await api.create(`/api/v1/namespaces/${cluster.namespace}/secrets`, { metadata: { name: "counted" } }));
    assert.equal((await api.create(`/api/v1/namespaces/${cluster.namespace}/secrets`, { metadata: { name: "refused" } })).status, 403);
    assert.equal((await api.get(GADGETS)).status, 200);
  });

  it("count only the pods in their scopes", async () => {
    const { api, pods } = cluster;
    await quota("careless", { hard: { pods: "0" }, scopes: ["BestEffort"] });
    await quota("limited", { hard: { pods: "1" }, scopes: ["NotBestEffort", "Terminating"] });
    assert.match(
      message(await api.create(pods, pod("careless", container("c")))),
      /exceeded quota: careless, requested: pods=1, used: pods=0, limited: pods=0$/,
    );
    ok(await api.create(pods, small("lasting")));
    const ending = (name: string) => ({ ...small(name), spec: { ...small(name).spec, activeDeadlineSeconds: 60 } });
    ok(await api.create(pods, ending("ending")));
    assert.match(message(await api.create(pods, ending("other"))), /exceeded quota: limited/);
    await eventually("each counts its own", async () => (await used("limited"))["pods"] === "1" && (await used("careless"))["pods"] === "0");
  });

  it("keep their status true, whoever writes into it", async () => {
    ok(await cluster.api.create(cluster.pods, small("counted")));
    await quota("true", { hard: { pods: "5" } });
    await eventually("what was there before is counted", async () => (await used("true"))["pods"] === "1");
    ok(await cluster.api.patch("merge", `${quotas()}/true`, { spec: { hard: { pods: "6", secrets: "9" } } }));
    await eventually("the status follows", async () => JSON.stringify(at(await status("true"), "hard")) === JSON.stringify({ pods: "6", secrets: "9" }));
  });
});

describe("conformance: limit ranges", function () {
  this.timeout(40_000);
  const cluster = useCluster();

  before(async () => {
    const limits = [
      {
        type: "Container",
        min: { cpu: "100m" },
        max: { cpu: "1", memory: "1Gi" },
        default: { cpu: "500m", memory: "512Mi" },
        defaultRequest: { cpu: "200m" },
        maxLimitRequestRatio: { cpu: "4" },
      },
      { type: "Pod", max: { cpu: "2" } },
    ];
    ok(await cluster.api.create(`/api/v1/namespaces/${cluster.namespace}/limitranges`, { metadata: { name: "limits" }, spec: { limits } }));
    await eventually("the limits hold", async () => {
      const { body } = await cluster.api.create(`${cluster.pods}?dryRun=All`, pod("probe", container("c")));
      return at(body, "spec.containers.0.resources.limits") !== undefined;
    });
  });

  const create = (name: string, ...containers: readonly object[]) => cluster.api.create(cluster.pods, pod(name, ...containers));
  const why = async (resources: Resources) => message(await create("refused", container("c", resources))).replace('pods "refused" is forbidden: ', "");

  it("give containers what they leave open, and note it on the pod", async () => {
    const made = ok(await create("filled", container("c"), container("d", { requests: { cpu: "300m" } })));
    const resources = [0, 1].map((index) => at(made, `spec.containers.${index}.resources`));
    assert.deepEqual(resources, [
      { limits: { cpu: "500m", memory: "512Mi" }, requests: { cpu: "200m", memory: "512Mi" } },
      { limits: { cpu: "500m", memory: "512Mi" }, requests: { cpu: "300m", memory: "512Mi" } },
    ]);
    assert.equal(
      (at(made, "metadata.annotations") as Record<string, string>)["kubernetes.io/limit-ranger"],
      "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c; memory request for container d; cpu, memory limit for container d",
    );
    assert.equal(at(made, "status.qosClass"), "Burstable");
  });

  it("refuse a container that is too small, too large or too elastic", async () => {
    assert.equal(await why({ limits: { cpu: "3" } }), "[maximum cpu usage per Container is 1, but limit is 3, maximum cpu usage per Pod is 2, but limit is 3]");
    assert.equal(await why({ limits: { memory: "2Gi", cpu: "1" } }), "maximum memory usage per Container is 1Gi, but limit is 2Gi");
    assert.equal(
      await why({ limits: { cpu: "50m" }, requests: { cpu: "10m" } }),
      "[minimum cpu usage per Container is 100m, but request is 10m, cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000]",
    );
    assert.equal(
      await why({ limits: { cpu: "900m" }, requests: { cpu: "100m" } }),
      "cpu max limit to request ratio per Container is 4, but provided ratio is 9.000000",
    );
    assert.equal((await create("invalid", container("c", { requests: { cpu: "700m" } }))).status, 422, "more than the limit it was given");
  });

  it("refuse a pod whose containers are too large together", async () => {
    const reply = await create("large", ...["c", "d", "e"].map((name) => container(name, { limits: { cpu: "1" } })));
    assert.equal(message(reply), 'pods "large" is forbidden: maximum cpu usage per Pod is 2, but limit is 3');
  });
});
