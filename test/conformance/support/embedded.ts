import { setMaxListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, seededRandom, silentLogger } from "../../../base/index.ts";
import { apiClient, informerSet } from "../../../kube/index.ts";
import { ADMINISTRATOR, createApiServer, kubeconfig, listen, loadPki, memoryLog } from "../../../local/apiserver/index.ts";
import { builtinControllers } from "../../../local/builtin/index.ts";

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(delayMs, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

export interface EmbeddedCluster {
  /** Path of its kubeconfig. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** The embedded control plane over TLS on a free port, in memory, with its built-in controllers. */
export async function embeddedCluster(): Promise<EmbeddedCluster> {
  const directory = await mkdtemp(join(tmpdir(), "conformance-"));
  const pki = await loadPki(join(directory, "pki"), clock);
  const random = seededRandom(Date.now());
  const tokens = new Map([[pki.token, ADMINISTRATOR]]);
  const server = await createApiServer({ clock, random, logger: silentLogger, log: memoryLog(), tokens, signingKey: pki.signingKey });
  const listener = await listen({ handle: (request) => server.handle(request), pki, logger: silentLogger, port: 0 });
  const stop = new AbortController();
  // Every informer and controller listens to this one signal.
  setMaxListeners(0, stop.signal);
  const transport = server.transport();
  const informers = informerSet({ client: apiClient(transport), clock, random, logger: silentLogger });
  const running = Promise.all([
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
