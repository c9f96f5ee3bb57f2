import { setMaxListeners } from "node:events";
import { type ApiReader, apiReader } from "../../api/index.ts";
import { seededRandom, silentLogger } from "../../base/index.ts";
import { memoryStore } from "../../blobs/index.ts";
import { inlineEvaluator } from "../../cel/index.ts";
import { installationNeeds } from "../../cmd/installation-needs.ts";
import { actionControllers } from "../../controllers/action/index.ts";
import { appController } from "../../controllers/app/index.ts";
import { archiveController } from "../../controllers/archive/index.ts";
import { definitionControllers } from "../../controllers/definition/index.ts";
import { projectController } from "../../controllers/project/index.ts";
import { quotaController } from "../../controllers/quota/index.ts";
import { runControllers } from "../../controllers/run/index.ts";
import { syncController } from "../../controllers/sync/index.ts";
import { triggerController } from "../../controllers/trigger/index.ts";
import { type MemoryRemote, memoryRemote } from "../../gitops/testing/memory-remote.ts";
import {
  apiClient,
  type Controller,
  type ControllerDeps,
  informerSet,
  Kinds,
  type KindRef,
  type KubeObject,
  type ObjectClient,
  type Transport,
} from "../../kube/index.ts";
import { type ApiServer, memoryApiServer } from "../../local/apiserver/index.ts";
import { containerPlugin, defaultPluginConfig } from "../../plugins/index.ts";
import { ACCOUNT, accountsOf, controllersOf, type Flavour, installation, parseValues, SYSTEM_NAMESPACE } from "../../synth/index.ts";
import { integerLiteral } from "../../values/index.ts";
import { fakeKubelet } from "../support/fake-kubelet.ts";
import { type MemoryArchive, memoryArchive } from "../support/memory-archive.ts";
import { settle, virtualClock, type VirtualClock } from "../support/virtual-clock.ts";

const CONFIG = { storage: { container: "b" }, database: { embedded: false, postgres: { host: "db" } } };

/** An API server in memory with an installation applied, and every controller of it, each as its own account. */
export interface ClusterOfRoles {
  /** As administrator. */
  readonly client: ObjectClient;
  /** As one of the installation's accounts. */
  as(account: string): ObjectClient;
  readonly remote: MemoryRemote;
  readonly archive: MemoryArchive;
  /** What the read-only API answers from, as its own account. */
  readonly api: ApiReader;
  /** Requests that were answered with 403, with the account that made them. */
  readonly refused: readonly string[];
  /** Until nothing moves for a minute. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

const KINDS: readonly KindRef[] = Object.values(Kinds);

/** Applies those objects of an installation that the embedded API knows; the others grant nothing. */
async function apply(client: ObjectClient, flavour: Flavour, clock: VirtualClock): Promise<void> {
  const { values } = parseValues(flavour, { config: CONFIG });
  for (const manifest of installation({ flavour, values, needs: installationNeeds, version: "1.2.3" })) {
    const kind = KINDS.find(
      (each) => each.kind === manifest.kind && manifest.apiVersion === (each.group === "" ? each.version : `${each.group}/${each.version}`),
    );
    if (!kind) continue;
    const { name, namespace } = manifest.metadata;
    await client.patch(kind, { name, namespace }, { type: "apply", body: manifest as KubeObject, force: true }, { fieldManager: "installer" });
    if (manifest.kind === "CustomResourceDefinition") await clock.advance(20);
  }
}

/** Speaks as an account, and notes what it is refused. */
function accountTransport(server: ApiServer, account: string, refused: string[]): Transport {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${SYSTEM_NAMESPACE}`, "system:authenticated"];
  const transport = server.transport({ name: `system:serviceaccount:${SYSTEM_NAMESPACE}:${account}`, groups });
  return {
    async send(request) {
      const answer = await transport.send(request);
      if (answer.status === 403) refused.push(`${account}: ${request.method} ${request.path}`);
      return answer;
    },
  };
}

export async function clusterOfRoles(flavour: Flavour): Promise<ClusterOfRoles> {
  const clock = virtualClock();
  const server = await memoryApiServer({ clock, random: seededRandom(1) });
  const client = apiClient(server.transport());
  const [remote, archive, blobs, refused] = [memoryRemote(), memoryArchive(), memoryStore("memory://store"), [] as string[]];
  await apply(client, flavour, clock);
  const makers: Readonly<Record<string, (deps: ControllerDeps) => Controller | readonly Controller[]>> = {
    sync: (deps) => syncController({ ...deps, remote, blobs, records: archive }),
    trigger: triggerController,
    project: projectController,
    quota: quotaController,
    definition: (deps) => definitionControllers({ ...deps, blobs }),
    run: (deps) => runControllers({ ...deps, blobs, evaluator: inlineEvaluator }),
    action: (deps) => actionControllers({ ...deps, blobs, plugins: [containerPlugin()], config: { plugin: defaultPluginConfig, progressIntervalMs: 0 } }),
    app: appController,
    archive: (deps) => archiveController({ ...deps, records: archive }),
  };
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const running: Promise<unknown>[] = [];
  const controllers: Controller[] = [];
  for (const account of accountsOf(flavour)) {
    const common = { clock, random: seededRandom(2), logger: silentLogger };
    const informers = informerSet({ ...common, client: apiClient(accountTransport(server, account, refused)) });
    const own = controllersOf(account, flavour, installationNeeds).flatMap((name) => makers[name]?.({ ...common, informers }) ?? []);
    controllers.push(...own);
    running.push(informers.run(stop.signal), ...own.map((each) => each.run(stop.signal)));
  }
  const follows = informerSet({ clock, random: seededRandom(4), logger: silentLogger, client: apiClient(accountTransport(server, ACCOUNT.api, refused)) });
  const history = { runs: async () => [], run: async () => undefined, uidsOf: async () => [] };
  const api = apiReader(follows, history);
  running.push(follows.run(stop.signal));
  const kubelet = fakeKubelet(
    client,
    () => blobs,
    () => ({ outputs: { count: integerLiteral(7n) } }),
    () => clock.now(),
  );
  return {
    client,
    as: (account) => apiClient(accountTransport(server, account, [])),
    remote,
    archive,
    api,
    refused,
    async quiet() {
      const end = clock.now() + 60_000;
      for (let rounds = 0; clock.now() < end && rounds < 2_000; rounds += 1) {
        await settle(30);
        const moved = await kubelet.step();
        if (!moved && controllers.every(({ idle }) => idle)) await clock.advance(Math.min(clock.nextIn ?? 1_000, 1_000));
      }
    },
    async close() {
      stop.abort();
      await clock.advance(1);
      await Promise.all(running);
      await server.close();
    },
  };
}
