/**
 * All controllers of the product on whatever cluster KUBECONFIG names, as whoever it names, with an embedded database and a store in a directory.
 * `own-controllers.ts --state DIR`; ends on SIGTERM.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { openBlobStore } from "../../../../blobs/index.ts";
import { lineWriter } from "./line-writer.ts";
import { jsonLogger, systemClock, systemRandom } from "../../../../cmd/system.ts";
import { productControllers } from "../../../../cmd/product-controllers.ts";
import { apiClient, clusterTransport, informerSet } from "../../../../kube/index.ts";
import { startPostgres } from "../../../../local/postgres/index.ts";

const { values } = parseArgs({ options: { state: { type: "string", default: "" } } });
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());

const [clock, random] = [systemClock, systemRandom];
const logger = jsonLogger(lineWriter("own-controllers"), "info");
const database = await startPostgres({ clock, logger, directory: join(values.state, "postgres") });
const access = await clusterTransport({ kubeconfig: [process.env["KUBECONFIG"] ?? ""] });
const { transport } = access;
const client = apiClient(transport, { clock, random });
const informers = informerSet({ client, clock, random, logger });
const objects = join(values.state, "objects");
mkdirSync(objects, { recursive: true });
const blobs = openBlobStore(pathToFileURL(objects).href);
const product = await productControllers({
  ...{ informers, transport, blobs, clock, random, logger },
  database: database.connection,
  stateDirectory: values.state,
  environment: process.env,
  celWorker: undefined,
});
process.stderr.write("controllers: started\n");
await Promise.all([informers, ...product.controllers].map((root) => root.run(stop.signal)));
await product.close();
await database.stop();
await access.close();
