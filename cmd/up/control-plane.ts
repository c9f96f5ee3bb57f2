import { accessSync, constants, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Clock, Logger, Random } from "../../base/index.ts";
import type { Transport } from "../../kube/index.ts";
import { createApiServer, memoryLog, type PodLogSource } from "../../local/apiserver/index.ts";

/** The kubelet needs the API and the API needs the kubelet's logs: whoever comes second is filled in here. */
export interface LateLogs {
  source: PodLogSource | undefined;
}

export interface ControlPlane {
  /** As administrator, without a socket. */
  readonly transport: Transport;
  readonly url: string;
  /** Path of the kubeconfig. */
  readonly kubeconfig: string;
  /** Whether kubectl is on PATH. */
  readonly kubectl: boolean;
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly directory: string;
  readonly port: string | undefined;
  readonly logs: LateLogs;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

function hasProgram(path: string | undefined, program: string): boolean {
  return (path ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, random, logger } = options;
  const podLogs: PodLogSource = {
    read: (...request) => {
      if (!options.logs.source) throw new Error("the kubelet has not started yet");
      return options.logs.source.read(...request);
    },
  };
  const server = await createApiServer({ clock, random, logger, log: memoryLog(), podLogs });
  const kubeconfig = join(options.directory, "kubeconfig");
  writeFileSync(kubeconfig, "");
  return { transport: server.transport(), url: "", kubeconfig, kubectl: hasProgram(options.environment["PATH"], "kubectl"), stop: () => server.close() };
}
