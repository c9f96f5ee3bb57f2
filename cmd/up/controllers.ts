import { join } from "node:path";
import type { Clock, Logger, Random } from "../../base/index.ts";
import { type BlobStore, remoteDataOpener } from "../../blobs/index.ts";
import { workerEvaluator } from "../../cel/index.ts";
import { actionControllers } from "../../controllers/action/index.ts";
import { archiveController } from "../../controllers/archive/index.ts";
import { appController } from "../../controllers/app/index.ts";
import { definitionControllers } from "../../controllers/definition/index.ts";
import { projectController } from "../../controllers/project/index.ts";
import { quotaController } from "../../controllers/quota/index.ts";
import { runControllers } from "../../controllers/run/index.ts";
import { syncController } from "../../controllers/sync/index.ts";
import { triggerController } from "../../controllers/trigger/index.ts";
import { gitMirrors } from "../../gitops/index.ts";
import { type Controller, type InformerSet, podLogs, type Transport } from "../../kube/index.ts";
import { containerPlugin, defaultPluginConfig } from "../../plugins/index.ts";
import { openRecords, type RecordsConnection } from "../../records/index.ts";

export interface ControllerRoots {
  readonly informers: InformerSet;
  readonly transport: Transport;
  readonly blobs: BlobStore;
  readonly database: RecordsConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly stateDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where a bundle keeps the program of the expression thread. */
  readonly celWorker: URL | undefined;
}

/** Every controller of the product, the same here and in a cluster. */
export async function productControllers(roots: ControllerRoots): Promise<{ readonly controllers: readonly Controller[]; close(): Promise<void> }> {
  const { informers, transport, blobs, clock, random, logger } = roots;
  const deps = { informers, clock, random, logger };
  const records = await openRecords({ connection: roots.database, logger });
  const evaluator = workerEvaluator({ clock }, roots.celWorker ? { entry: roots.celWorker } : {});
  const remote = gitMirrors({ stateDir: join(roots.stateDirectory, "git"), allowFile: true, environment: roots.environment, clock, logger });
  const controllers = [
    syncController({ ...deps, remote, blobs, records }),
    projectController(deps),
    quotaController(deps),
    ...definitionControllers({ ...deps, blobs }),
    ...runControllers({ ...deps, blobs, evaluator, openRemote: remoteDataOpener({ clock, random, environment: roots.environment }) }),
    ...actionControllers({ ...deps, blobs, plugins: [containerPlugin()], config: { plugin: defaultPluginConfig }, podLogs: podLogs(transport) }),
    triggerController(deps),
    appController(deps),
    archiveController({ ...deps, records }),
  ];
  return {
    controllers,
    async close() {
      await Promise.all([evaluator.close(), remote.close(), records.close()]);
    },
  };
}
