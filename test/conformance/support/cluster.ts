import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Api, listAt, openApi, type Reply, textAt } from "./api.ts";
import { embeddedCluster } from "./embedded.ts";
import { GADGETS, gadgetDefinition } from "./gadget.ts";

/** The cluster under test and a place in it that belongs to one suite. */
export interface Cluster {
  readonly api: Api;
  readonly kubeconfig: string;
  /** Namespace of this suite. */
  readonly namespace: string;
  /** `/apis/conformance.flyteops.dev/v1/namespaces/<ns>/gadgets` */
  readonly gadgets: string;
  readonly configMaps: string;
  readonly pods: string;
}

interface Running {
  readonly api: Api;
  readonly kubeconfig: string;
  close(): Promise<void>;
}

let running: Promise<Running> | undefined;
let withNode: Promise<Running> | undefined;
const POLL_MS = 25;

/** How one promise ended. */
export interface Outcome {
  readonly title: string;
  readonly fullTitle: string;
  readonly mark: "kept" | "broken" | "not run";
  readonly why?: string | undefined;
}

function outcomesIn(suite: Mocha.Suite): Outcome[] {
  const mark = ({ state }: Mocha.Test) => (state === "passed" ? "kept" : state === "failed" ? "broken" : "not run");
  const own = suite.tests.map((test) => ({ title: test.title, fullTitle: test.fullTitle(), mark: mark(test), why: test.err?.message }) as const);
  return [...own, ...suite.suites.flatMap(outcomesIn)];
}

/** Asks again until `done` says so. For what a controller does in its own time: a garbage collector may take half a minute to hear of a new kind. */
export async function eventually(what: string, ask: () => Promise<boolean>, withinMs = 45_000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await ask())) {
    if (Date.now() > until) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The reply's body when it is a success; otherwise an error that shows the Status. */
export function ok(reply: Reply): unknown {
  if (reply.status >= 300) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

async function install(api: Api): Promise<void> {
  const reply = await api.create(DEFINITIONS, gadgetDefinition);
  if (reply.status !== 409) ok(reply);
  await eventually("the definition is served", async () => (await api.get(`${GADGETS}`)).status === 200);
}

async function start(node = false): Promise<Running> {
  const given = process.env["KUBECONFIG"] || undefined;
  const embedded = given ? undefined : await embeddedCluster({ node });
  const kubeconfig = given ?? embedded?.kubeconfig ?? "";
  const api = openApi(kubeconfig);
  await install(api);
  return {
    api,
    kubeconfig,
    async close() {
      if (!embedded) await api.delete(`${DEFINITIONS}/gadgets.conformance.flyteops.dev`);
      await api.close();
      await embedded?.close();
    },
  };
}

/** Like `useCluster` for what needs a node that runs pods. A cluster that has none is passed over, and the suite says so. */
export function useNode(): Cluster {
  const cluster = useCluster(() => (process.env["KUBECONFIG"] ? (running ??= start()) : (withNode ??= start(true))));
  before(async function () {
    const nodes = (): Promise<unknown[]> => cluster.api.get("/api/v1/nodes").then((reply) => listAt(ok(reply), "items"));
    const ready = (node: unknown) => listAt(node, "status.conditions").some((each) => textAt(each, "type") === "Ready" && textAt(each, "status") === "True");
    if (!process.env["KUBECONFIG"]) return eventually("the node is ready", async () => (await nodes()).some(ready));
    if ((await nodes()).some(ready)) return;
    process.stdout.write("    skipped: no node of this cluster is ready\n");
    this.skip();
  });
  return cluster;
}

/** Call inside `describe`: a namespace of its own before the suite, gone after it. Fields may be read from the first hook on. */
export function useCluster(begin: () => Promise<Running> = () => (running ??= start())): Cluster {
  const namespace = `conf-${Math.random().toString(36).slice(2, 8)}`;
  let current: Running | undefined;
  const now = (): Running => {
    if (!current) throw new Error("the cluster is not there before the suite's hooks");
    return current;
  };
  before(async function () {
    this.timeout(60_000);
    current = await begin();
    ok(await current.api.create("/api/v1/namespaces", { metadata: { name: namespace } }));
  });
  after(async () => {
    await current?.api.delete(`/api/v1/namespaces/${namespace}`);
  });
  return {
    get api() {
      return now().api;
    },
    get kubeconfig() {
      return now().kubeconfig;
    },
    namespace,
    gadgets: `/apis/conformance.flyteops.dev/v1/namespaces/${namespace}/gadgets`,
    configMaps: `/api/v1/namespaces/${namespace}/configmaps`,
    pods: `/api/v1/namespaces/${namespace}/pods`,
  };
}

// A root hook: what the first suite started, the last one leaves.
after(async function () {
  this.timeout(30_000);
  await Promise.all([running, withNode].map(async (cluster) => (await cluster)?.close()));
  const file = process.env["CONFORMANCE_RESULTS"];
  if (!file || !this.test?.parent) return;
  // A tier asks some promises in a process of their own: what those before it wrote stays.
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Outcome[]) : [];
  writeFileSync(file, JSON.stringify([...before, ...outcomesIn(this.test.parent)]));
});
