import { seededRandom } from "../../base/index.ts";
import { allKinds } from "../../crds/index.ts";
import { apiClient, conditionOf, Kinds, type KubeObject, type ObjectClient, type Transport } from "../../kube/index.ts";
import { memoryApiServer } from "../../local/apiserver/index.ts";
import { settle, virtualClock, type VirtualClock } from "./virtual-clock.ts";

/** An API server in memory with our kinds installed, on a clock that stands still. */
export interface TestCluster {
  readonly clock: VirtualClock;
  readonly transport: Transport;
  readonly client: ObjectClient;
  /** The same server, spoken to as somebody else. */
  as(user: { readonly name: string; readonly groups: readonly string[] }): Transport;
  close(): Promise<void>;
}

async function install(client: ObjectClient, clock: VirtualClock): Promise<void> {
  for (const kind of allKinds) await client.create(Kinds.CustomResourceDefinition, kind.crd() as unknown as KubeObject);
  for (const kind of allKinds) {
    const name = `${kind.plural}.${kind.group}`;
    for (let tries = 0; ; tries += 1) {
      const definition = await client.get(Kinds.CustomResourceDefinition, { name });
      if (conditionOf(definition, "Established")?.status === "True") break;
      if (tries > 100) throw new Error(`${name} is not established`);
      await clock.advance(10);
    }
  }
}

export async function testCluster(options: { readonly namespaces?: readonly string[]; readonly seed?: number } = {}): Promise<TestCluster> {
  const clock = virtualClock();
  const server = await memoryApiServer({ clock, random: seededRandom(options.seed ?? 1) });
  const transport = server.transport();
  const client = apiClient(transport);
  await install(client, clock);
  for (const name of options.namespaces ?? []) await client.create(Kinds.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await settle();
  return { clock, transport, client, as: (user) => server.transport(user), close: () => server.close() };
}
