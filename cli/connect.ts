import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { messageOf } from "../base/index.ts";
import { apiClient, clusterTransport, type ClusterSource } from "../kube/index.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "./context.ts";
import { checkFoundKubeconfig } from "./found-kubeconfig.ts";

/** What every command that talks to the cluster understands. */
export interface ConnectOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** `.flyteops/kubeconfig` of this directory or the nearest one above it: what `flyteops up` wrote. */
function nearestState(cwd: string): string | undefined {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const candidate = join(directory, ".flyteops", "kubeconfig");
    if (existsSync(candidate)) return candidate;
    if (dirname(directory) === directory) return undefined;
  }
}

/** `--kubeconfig`, else $KUBECONFIG, else the laptop control plane of this directory, else ~/.kube/config, else the pod's own account. */
function sourceOf(deps: CliDeps, options: ConnectOptions): { source: ClusterSource; said: string } {
  const named = options.kubeconfig ?? deps.env["KUBECONFIG"];
  const context = options.context;
  if (named) return { source: { kubeconfig: named.split(delimiter).filter(Boolean), context }, said: named };
  const state = nearestState(deps.cwd);
  if (state !== undefined) checkFoundKubeconfig(state);
  const found = state ?? join(homedir(), ".kube", "config");
  if (existsSync(found)) return { source: { kubeconfig: [found], context }, said: found };
  const host = deps.env["KUBERNETES_SERVICE_HOST"];
  if (host) return { source: { inCluster: { host, port: deps.env["KUBERNETES_SERVICE_PORT"] ?? "443" } }, said: "this pod's ServiceAccount" };
  throw new UserError("no cluster: KUBECONFIG is not set, and neither .flyteops/kubeconfig nor ~/.kube/config exists", {
    exitCode: EXIT.unreachable,
    hint: "start one on this machine: flyteops up",
  });
}

/** Opens the connection that the options, the environment and the current directory name. Rejects with UserError. */
export async function connect(deps: CliDeps, options: ConnectOptions): Promise<Connection & { close(): Promise<void> }> {
  const { source, said } = sourceOf(deps, options);
  try {
    const access = await clusterTransport(source);
    // A server that is busy, or that begins to serve a kind, asks to be asked again.
    const client = apiClient(access.transport, { userAgent: `flyteops/${deps.version}`, clock: deps.clock, random: deps.random });
    return {
      client,
      transport: access.transport,
      namespace: options.namespace ?? access.namespace ?? "default",
      namespaceGiven: options.namespace !== undefined,
      source: said,
      close: () => access.close(),
    };
  } catch (thrown) {
    throw new UserError(`${said}: ${messageOf(thrown)}`, { exitCode: EXIT.unreachable, cause: thrown });
  }
}
