import { type PolicyRule, seededRandom, silentLogger } from "../../base/index.ts";
import { type Controller, type ControllerDeps, informerSet, type ObjectClient } from "../../kube/index.ts";
import { testCluster, type TestCluster } from "./test-cluster.ts";
import { settle } from "./virtual-clock.ts";
import { type NeedsGuard, withinNeeds } from "./within-needs.ts";

export interface GuardedController {
  readonly cluster: TestCluster;
  readonly client: ObjectClient;
  readonly guard: NeedsGuard;
  /** Lets everything happen that happens within this time. */
  quiet(ms?: number): Promise<void>;
  close(): Promise<void>;
}

/** The controllers of one folder alone over an API server in memory, what it asks held against its needs. */
export async function controllerWithinNeeds(
  needs: readonly PolicyRule[],
  make: (deps: ControllerDeps) => Controller | readonly Controller[],
  namespaces: readonly string[] = [],
): Promise<GuardedController> {
  const guard = withinNeeds(needs);
  const cluster = await testCluster({ namespaces });
  const stop = new AbortController();
  const deps = { clock: cluster.clock, random: seededRandom(3), logger: silentLogger };
  const informers = informerSet({ ...deps, client: guard.client(cluster.client) });
  const controllers = [make({ ...deps, informers })].flat();
  const running = Promise.all([informers.run(stop.signal), ...controllers.map((each) => each.run(stop.signal))]);
  await settle(100);
  return {
    cluster,
    client: cluster.client,
    guard,
    async quiet(ms = 6_000) {
      await settle(200);
      await cluster.clock.advance(ms);
      await settle(200);
    },
    async close() {
      stop.abort();
      await cluster.clock.advance(1);
      await running;
      await cluster.close();
    },
  };
}
