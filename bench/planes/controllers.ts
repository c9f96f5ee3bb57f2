// The controllers of the product against the API server that a kubeconfig names, with pods that end at once; controlled over IPC by its parent.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { silentLogger } from "../../base/index.ts";
import { openBlobStore } from "../../blobs/index.ts";
import { installKinds, installSystem } from "../../cmd/up/bootstrap.ts";
import { productControllers } from "../../cmd/product-controllers.ts";
import { systemClock as clock, systemRandom as random } from "../../cmd/system.ts";
import { apiClient, clusterTransport, informerSet } from "../../kube/index.ts";
import { startPostgres } from "../../local/postgres/index.ts";
import { pretendKubelet } from "./pretend-kubelet.ts";

const [kubeconfig = "", directory = "."] = process.argv.slice(2);
const logger = silentLogger;
const { transport, close } = await clusterTransport({ kubeconfig: [kubeconfig] });
const client = apiClient(transport, { clock, random });
const objects = join(directory, "objects");
mkdirSync(objects, { recursive: true });
const blobs = openBlobStore(pathToFileURL(objects).href);
const database = await startPostgres({ clock, logger, directory: join(directory, "postgres") });
await installKinds(client);
await installSystem(client, { storage: blobs.root, version: "bench", database: "", databasePassword: "" });

const informers = informerSet({ client, clock, random, logger });
const environment = process.env;
const shared = { informers, transport, blobs, clock, random, logger };
const product = await productControllers({ ...shared, database: database.connection, stateDirectory: directory, environment, celWorker: undefined });
pretendKubelet(informers, blobs);
const stop = new AbortController();
const running = [informers, ...product.controllers].map((root) => root.run(stop.signal));

async function end(): Promise<void> {
  stop.abort();
  await Promise.allSettled(running);
  await product.close();
  await database.stop();
  await close();
  process.exit(0);
}

process.on("message", () => void end());
process.on("disconnect", () => void end());
process.on("SIGINT", () => undefined);
process.send?.("ready");
