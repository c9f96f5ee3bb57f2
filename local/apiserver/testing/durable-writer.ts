// Child process of the durability test: writes through a whole API server and prints what was acknowledged, until it is killed.
import { systemClock, systemRandom } from "../../../cmd/system.ts";
import { silentLogger } from "../../../base/index.ts";
import { apiClient, Kinds } from "../../../kube/index.ts";
import { startPostgres } from "../../postgres/index.ts";
import { createApiServer } from "../server.ts";
import { postgresLog } from "../storage/postgres-log.ts";

const [directory = ""] = process.argv.slice(2);
const clock = systemClock;
const logger = silentLogger;
const database = await startPostgres({ clock, logger, directory });
const log = await postgresLog({ connection: database.connection, clock, logger });
const server = await createApiServer({ clock, random: systemRandom, logger, log });
const client = apiClient(server.transport());

let count = 0;
async function write(): Promise<never> {
  for (;;) {
    const name = `written-${process.pid}-${(count += 1)}`;
    const object = await client.create(Kinds.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { name } });
    process.stdout.write(`${name} ${object.metadata.resourceVersion}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, write));
