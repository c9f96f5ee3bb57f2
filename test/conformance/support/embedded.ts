import { setMaxListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, seededRandom, silentLogger } from "../../../base/index.ts";
import { apiClient, type InformerSet, informerSet } from "../../../kube/index.ts";
import {
  ADMINISTRATOR,
  createApiServer,
  kubeconfig,
  listen,
  loadPki,
  memoryLog,
  type ObjectLog,
  type PodLogSource,
  type PodStreams,
} from "../../../local/apiserver/index.ts";
import { type Kubelet, kubelet, sandboxCapability } from "../../../local/kubelet/index.ts";
import { builtinControllers } from "../../../local/builtin/index.ts";

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(delayMs, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

/** The server is made first and asks the node once there is one. */
function reaching(late: { readonly node?: Kubelet }): { readonly podLogs: PodLogSource; readonly podStreams: PodStreams } {
  const found = () => {
    if (!late.node) throw new Error("this cluster has no node");
    return late.node;
  };
  return {
    podLogs: { read: (...asked) => found().logs.read(...asked) },
    podStreams: {
      exec: async (...asked) => found().streams.exec(...asked),
      attach: (...asked) => found().streams.attach(...asked),
      connect: async (...asked) => found().streams.connect(...asked),
    },
  };
}

async function node(informers: InformerSet, directory: string): Promise<Kubelet> {
  const hostPath = process.env["PATH"] ?? "";
  const capability = await sandboxCapability(hostPath);
  return kubelet({ informers, clock, logger: silentLogger, capability }, { stateDir: join(directory, "kubelet"), hostPath, shutdownGraceMs: 200 });
}

export interface EmbeddedCluster {
  /** Path of its kubeconfig. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** Nothing is in it, but it has a past that nobody remembers: like that of a server that was started again. */
function agedLog(): ObjectLog {
  return { ...memoryLog(), load: async () => ({ resourceVersion: 1_000, rows: [] }) };
}

/** The embedded control plane over TLS on a free port, in memory, with its built-in controllers and, where asked for, a node. */
export async function embeddedCluster(options: { readonly node?: boolean } = {}): Promise<EmbeddedCluster> {
  const directory = await mkdtemp(join(tmpdir(), "conformance-"));
  const pki = await loadPki(join(directory, "pki"), clock);
  const random = seededRandom(Date.now());
  const tokens = new Map([[pki.token, ADMINISTRATOR]]);
  const late: { node?: Kubelet } = {};
  const server = await createApiServer({ clock, random, logger: silentLogger, log: agedLog(), tokens, signingKey: pki.signingKey, ...reaching(late) });
  const listener = await listen({ handle: (request) => server.handle(request), pki, logger: silentLogger, port: 0 });
  const stop = new AbortController();
  // Every informer and controller listens to this one signal.
  setMaxListeners(0, stop.signal);
  const transport = server.transport();
  const informers = informerSet({ client: apiClient(transport), clock, random, logger: silentLogger });
  if (options.node) late.node = await node(informers, directory);
  const running = Promise.all([
    late.node?.run(stop.signal),
    informers.run(stop.signal),
    builtinControllers({ informers, transport, clock, random, logger: silentLogger, reachServices: false, rootCertificate: pki.ca }).run(stop.signal),
  ]);
  const path = join(directory, "kubeconfig");
  await writeFile(path, kubeconfig({ url: listener.url, ca: pki.ca, token: pki.token }), { mode: 0o600 });
  return {
    kubeconfig: path,
    async close() {
      stop.abort();
      await running;
      await listener.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
