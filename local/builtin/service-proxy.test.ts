import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { seededRandom, silentLogger } from "../../base/index.ts";
import { informerSet, Kinds, type KubeObject } from "../../kube/index.ts";
import { type TestApi, testApi } from "../kubelet/fixtures/test-api.ts";
import { realClock } from "../kubelet/fixtures/world.ts";
import { builtinControllers } from "./builtins.ts";
import { type Service, SERVICE } from "./workload-shapes.ts";

/** What a server says to whoever connects; "" when the connection is cut. */
function heard(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host, port });
    socket.on("data", (data) => (text += data.toString()));
    socket.on("error", () => resolve(""));
    socket.on("close", () => resolve(text));
  });
}

describe("the way to a Service", () => {
  let api: TestApi;
  let program: Server;
  const stop = new AbortController();
  let running: Promise<unknown>;

  before(async () => {
    api = await testApi(realClock);
    program = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => program.listen(0, "127.0.0.1", resolve));
    setMaxListeners(0, stop.signal);
    const deps = { clock: realClock, random: seededRandom(Date.now()), logger: silentLogger };
    const informers = informerSet({ client: api.client, ...deps });
    running = Promise.all([builtinControllers({ informers, transport: api.server.transport(), ...deps }).run(stop.signal), informers.run(stop.signal)]);
  });
  after(async () => {
    stop.abort();
    await running;
    program.close();
    await api.close();
  });

  const portOf = () => (program.address() as AddressInfo).port;
  const object = (kind: string, name: string, labels = {}): KubeObject => ({ apiVersion: "v1", kind, metadata: { name, namespace: "default", labels } });

  async function doorOf(name: string): Promise<[string, number]> {
    const spec = { type: "NodePort", selector: { app: name }, ports: [{ port: 8_443, targetPort: portOf() }] };
    const service = await api.client.create<Service>(SERVICE, { ...object("Service", name), spec } as unknown as Service);
    // Only Linux answers for all of 127.0.0.0/8; a node port is there everywhere.
    if (process.platform === "linux") return [service.spec.clusterIP ?? "", 8_443];
    return ["127.0.0.1", Number(service.spec.ports?.[0]?.nodePort)];
  }

  async function eventually(ask: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + 5_000;
    while (!(await ask())) {
      assert.ok(Date.now() < until, "not within five seconds");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it("hands connections to a ready pod, and refuses them while there is none", async () => {
    const [host, port] = await doorOf("web");
    assert.equal(await heard(host, port), "");
    const spec = { nodeName: "n", containers: [{ name: "main", image: "x" }] };
    await api.client.create(Kinds.Pod, { ...object("Pod", "web", { app: "web" }), spec });
    const status = { phase: "Running", podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] };
    await api.client.patch(Kinds.Pod, { namespace: "default", name: "web" }, { type: "merge", body: { status } }, { subresource: "status" });
    await eventually(async () => (await heard(host, port)) === "hello");
    await api.client.delete(SERVICE, { namespace: "default", name: "web" });
    await eventually(async () => (await heard(host, port)) === "");
  });

  it("says so when a port cannot be opened", async () => {
    const [host, port] = await doorOf("taken");
    await eventually(async () => (await heard(host, port)) === "");
    const used = portOf();
    const service = { ...object("Service", "blocked"), spec: { type: "NodePort", selector: { app: "x" }, ports: [{ port: used }] } };
    const blocker = createServer();
    const taken = 30_000 + (process.pid % 2_700);
    await new Promise<void>((resolve) => blocker.listen(taken, "127.0.0.1", resolve));
    try {
      const spec = { ...service.spec, ports: [{ port: used, nodePort: taken }] };
      await api.client.create(SERVICE, { ...service, spec });
      await eventually(async () => (await api.all(Kinds.Event)).some((event) => event["reason"] === "PortNotOpened"));
    } finally {
      blocker.close();
    }
  });
});
