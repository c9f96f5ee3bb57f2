import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BlobStore, remoteDataOpener } from "../blobs/index.ts";
import { workerEvaluator } from "../cel/index.ts";
import { actionControllers } from "../controllers/action/index.ts";
import { archiveController } from "../controllers/archive/index.ts";
import { appController } from "../controllers/app/index.ts";
import { definitionControllers } from "../controllers/definition/index.ts";
import { projectController, type StorageSecret } from "../controllers/project/index.ts";
import { quotaController } from "../controllers/quota/index.ts";
import { runControllers } from "../controllers/run/index.ts";
import { syncController } from "../controllers/sync/index.ts";
import { triggerController } from "../controllers/trigger/index.ts";
import { gitMirrors } from "../gitops/index.ts";
import { type Controller, type ControllerDeps, podLogs, type Transport } from "../kube/index.ts";
import { containerPlugin, defaultPluginConfig, type PluginConfig } from "../plugins/index.ts";
import { openRecords, type Records, type RecordsConnection } from "../records/index.ts";

/** The controllers by name, as `--controllers` takes them. */
export const CONTROLLERS = ["sync", "project", "quota", "definition", "run", "action", "trigger", "app", "archive"] as const;
export type ControllerName = (typeof CONTROLLERS)[number];

export interface ControllerRoots extends ControllerDeps {
  readonly transport: Transport;
  readonly blobs: BlobStore;
  /** Where the records are, or the records themselves. Those are not closed here. */
  readonly database: RecordsConnection | Records;
  readonly stateDirectory: string;
  /** PATH and the like for git, and the credentials for data that lies elsewhere. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where a bundle keeps the program of the expression thread. */
  readonly celWorker: URL | undefined;
  /** Which of them; absent: all. */
  readonly names?: readonly ControllerName[];
  /** How pods look; absent: as on a laptop. */
  readonly plugin?: PluginConfig;
  /** Copied into the namespaces of Projects; absent: none is. */
  readonly storageSecret?: StorageSecret | undefined;
  /** Whether repositories of this machine may be followed. Default true: a laptop's. */
  readonly allowFile?: boolean;
}

interface Made {
  readonly controllers: readonly Controller[];
  readonly closers: readonly (() => Promise<void>)[];
}

const alone = (...controllers: readonly Controller[]): Made => ({ controllers, closers: [] });

/** How each is made. What only one of them needs (mirrors, the expression thread) is made with it. */
function makers(roots: ControllerRoots, deps: ControllerDeps, records: Records): Readonly<Record<ControllerName, () => Made>> {
  const { transport, blobs, clock, logger, environment } = roots;
  const plugin = roots.plugin ?? defaultPluginConfig;
  return {
    sync() {
      const remote = gitMirrors({ stateDir: join(roots.stateDirectory, "git"), allowFile: roots.allowFile ?? true, environment, clock, logger });
      return { controllers: [syncController({ ...deps, remote, blobs, records })], closers: [() => remote.close()] };
    },
    project: () => alone(projectController({ ...deps, storageSecret: roots.storageSecret })),
    quota: () => alone(quotaController(deps)),
    definition: () => alone(...definitionControllers({ ...deps, blobs })),
    run() {
      const evaluator = workerEvaluator({ clock }, roots.celWorker ? { entry: roots.celWorker } : {});
      const openRemote = remoteDataOpener({ clock, random: deps.random, environment });
      return { controllers: runControllers({ ...deps, blobs, evaluator, openRemote }), closers: [() => evaluator.close()] };
    },
    action: () => alone(...actionControllers({ ...deps, blobs, plugins: [containerPlugin()], config: { plugin }, podLogs: podLogs(transport) })),
    trigger: () => alone(triggerController(deps)),
    app: () => alone(appController(deps)),
    archive: () => alone(archiveController({ ...deps, records })),
  };
}

/** The controllers of the product, the same on a laptop and in a cluster. */
export async function productControllers(roots: ControllerRoots): Promise<{ readonly controllers: readonly Controller[]; close(): Promise<void> }> {
  const { informers, clock, random, logger, shards, meter, workers, onPass, database } = roots;
  const deps: ControllerDeps = { informers, clock, random, logger, shards, meter, workers, onPass };
  const ownRecords = "host" in database ? await openRecords({ connection: database, logger }) : undefined;
  const records = ownRecords ?? (database as Records);
  const made = makers(roots, deps, records);
  const chosen = (roots.names ?? CONTROLLERS).map((name) => made[name]());
  return {
    controllers: chosen.flatMap(({ controllers }) => controllers),
    async close() {
      await Promise.all([...chosen.flatMap(({ closers }) => closers.map((end) => end())), ownRecords?.close()]);
    },
  };
}

/** The program of the expression thread beside a bundle; undefined where the sources run as they are. */
export function celWorker(): URL | undefined {
  const bundled = new URL("./cel-worker.js", import.meta.url);
  return existsSync(fileURLToPath(bundled)) ? bundled : undefined;
}
