import assert from "node:assert/strict";
import fc from "fast-check";
import { settle } from "../../../../test/support/virtual-clock.ts";
import { memoryLog } from "../../storage/memory-log.ts";
import { type Harness, harness } from "../../testing/harness.ts";
import { amountsObject, amountsOf, amountsText, minus, most, only, plus } from "./amounts.ts";
import { podRequests } from "./pod-amounts.ts";
import { inScopes } from "./scopes.ts";
import { collectionOf, unspecified } from "./usage.ts";

const PODS = "/api/v1/namespaces/default/pods";
const QUOTAS = "/api/v1/namespaces/default/resourcequotas";
const pod = (name: string, milli: number) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "x", resources: { requests: { cpu: `${milli}m` } } }] },
});

type Step = { readonly kind: "create" | "end" | "delete"; readonly name: string; readonly milli: number };
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step["kind"]>("create", "create", "end", "delete"),
    name: fc.constantFrom("a", "b", "c", "d"),
    milli: fc.integer({ min: 1, max: 900 }),
  }),
  { minLength: 1, maxLength: 12 },
);

async function take(api: Harness, { kind, name, milli }: Step): Promise<number> {
  if (kind === "create") return (await api.call("POST", PODS, pod(name, milli))).status;
  if (kind === "end") return (await api.patch(`${PODS}/${name}/status`, { status: { phase: "Failed" } })).status;
  return (await api.call("DELETE", `${PODS}/${name}`, { gracePeriodSeconds: 0 })).status;
}

interface Pod {
  readonly status: { readonly phase: string };
  readonly spec: { readonly containers: readonly { readonly resources: { readonly requests: { readonly cpu: string } } }[] };
}

/** What the pods that there are ask for, counted anew. */
async function counted(api: Harness): Promise<Record<string, string>> {
  const items = (await api.call("GET", PODS)).json.items as unknown as Pod[];
  const live = items.filter(({ status }) => status.phase !== "Failed");
  const cpu = live.reduce((total, one) => plus(total, amountsOf(one.spec.containers[0]?.resources.requests)), amountsOf({ cpu: "0" }));
  return { pods: String(live.length), "requests.cpu": amountsObject(cpu)["cpu"] ?? "0", "count/pods": String(items.length) };
}

const used = async (api: Harness) => (await api.call("GET", `${QUOTAS}/q`)).json.status?.used as unknown as Record<string, string>;

describe("quotas", () => {
  it("are never exceeded and always show what is used, whatever happens at once", async () => {
    const run = async (batches: Step[][]): Promise<void> => {
      const api = await harness();
      await api.call("POST", QUOTAS, { metadata: { name: "q" }, spec: { hard: { pods: "3", "requests.cpu": "1500m", "count/pods": "4" } } });
      for (const batch of batches) {
        await Promise.all(batch.map((step) => take(api, step)));
        await settle();
        const truth = await counted(api);
        assert.ok(Number(truth["pods"]) <= 3 && (amountsOf({ cpu: truth["requests.cpu"] }).get("cpu")?.nanos ?? 0n) <= 1_500_000_000n, JSON.stringify(truth));
        assert.deepEqual(await used(api), truth);
      }
      await api.server.close();
    };
    await fc.assert(fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 3 }), run), { numRuns: 25 });
  }).timeout(20_000);

  it("know after a restart what is used", async () => {
    const log = memoryLog();
    const before = await harness({ log });
    await before.call("POST", QUOTAS, { metadata: { name: "q" }, spec: { hard: { pods: "1" } } });
    await before.call("POST", PODS, pod("a", 1));
    await before.server.close();
    const after = await harness({ log });
    assert.equal((await after.call("POST", PODS, pod("b", 1))).status, 403);
    await after.call("DELETE", `${PODS}/a`, { gracePeriodSeconds: 0 });
    assert.equal((await after.call("POST", PODS, pod("b", 1))).status, 201);
    await after.server.close();
  });

  it("take nothing for a creation that failed", async () => {
    const api = await harness();
    await api.call("POST", QUOTAS, { metadata: { name: "q" }, spec: { hard: { pods: "2" } } });
    await api.call("POST", PODS, pod("a", 1));
    for (let tries = 0; tries < 3; tries++) assert.equal((await api.call("POST", PODS, pod("a", 1))).status, 409);
    const invalid = { metadata: { name: "bad" }, spec: { containers: [{ name: "C", image: "x" }] } };
    for (let tries = 0; tries < 3; tries++) assert.equal((await api.call("POST", PODS, invalid)).status, 422);
    assert.equal((await api.call("POST", PODS, pod("b", 1))).status, 201);
    await api.server.close();
  });
});

describe("what quotas count", () => {
  it("is the larger of what runs together and what starts before it, beside what stays", () => {
    const container = (cpu: string, more: object = {}) => ({ name: "c", resources: { requests: { cpu } }, ...more });
    const cpu = (spec: object) => amountsText(podRequests({ spec }));
    assert.equal(cpu({ containers: [container("1"), container("500m")] }), "cpu=1500m");
    assert.equal(cpu({ containers: [container("1")], initContainers: [container("3"), container("2")] }), "cpu=3");
    const stays = container("1", { restartPolicy: "Always" });
    assert.equal(cpu({ containers: [container("1")], initContainers: [stays, container("3")] }), "cpu=4");
    assert.equal(cpu({ containers: [container("1")], initContainers: [container("3"), stays] }), "cpu=3");
    assert.equal(cpu({ containers: [container("1")], resources: { requests: { cpu: "7" } } }), "cpu=7");
  });

  it("is found by the name of the resource", () => {
    const known = { pods: "/pods", "requests.cpu": "/pods", "limits.ephemeral-storage": "/pods", "requests.a.dev/gpu": "/pods", "hugepages-2Mi": "/pods" };
    for (const [name, collection] of Object.entries(known)) assert.equal(collectionOf(name), collection, name);
    assert.equal(collectionOf("count/runs.flyte.org"), "flyte.org/runs");
    assert.equal(collectionOf("services.nodeports"), "/services");
    assert.equal(collectionOf("secrets"), "/secrets");
    for (const name of ["limits.a.dev/gpu", "requests.storage", "nonsense"]) assert.equal(collectionOf(name), undefined, name);
  });

  it("has to be said by every container, unless the pod says it for them", () => {
    const containers = [{ name: "b" }, { name: "a", resources: { limits: { memory: "1Gi" } } }];
    assert.equal(unspecified({ spec: { containers } }, ["limits.memory", "pods"]), "must specify limits.memory for: b");
    assert.equal(unspecified({ spec: { containers, resources: { limits: { memory: "1Gi" } } } }, ["limits.memory"]), undefined);
  });

  it("depends on the scopes of the quota", () => {
    const priority = (operator: string, values?: string[]) => [{ scopeName: "PriorityClass", operator, ...(values ? { values } : {}) }];
    const important = { spec: { priorityClassName: "high" } };
    assert.deepEqual(
      [priority("In", ["high"]), priority("NotIn", ["high"]), priority("Exists"), priority("DoesNotExist")].map((scopes) => inScopes(scopes, important)),
      [true, false, true, false],
    );
    const far = { spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ["x"] }] } } } };
    assert.deepEqual(
      [far, important].map((one) => inScopes([{ scopeName: "CrossNamespacePodAffinity", operator: "Exists" }], one)),
      [true, false],
    );
    assert.equal(inScopes(priority("Exists"), undefined), false, "only pods are in a scope");
  });

  it("adds up in the spelling of its parts", () => {
    const [left, right] = [amountsOf({ memory: "512Mi", cpu: "500m" }), amountsOf({ memory: "512Mi", cpu: 1, pods: 1 })];
    assert.equal(amountsText(plus(left, right)), "cpu=1500m,memory=1Gi,pods=1");
    assert.equal(amountsText(minus(plus(left, right), left)), "cpu=1,memory=512Mi,pods=1");
    assert.equal(amountsText(most(left, right)), "cpu=1,memory=512Mi,pods=1");
    assert.equal(amountsText(only(right, new Set(["pods"]))), "pods=1");
  });
});
