import { dirname, join } from "node:path";
import { CONTROL_PLANE_PROGRAMS, startControlPlane } from "./control-plane/start.ts";
import { freePorts } from "./machine/ports.ts";
import { ensurePrograms, type ProgramDeps, programOf } from "./programs/build.ts";
import type { Ground, Tier } from "./tier.ts";

/** etcd, API server, controller manager and scheduler on ports of 127.0.0.1, as whoever runs the tests. No node: suites bring their own. */
export async function startApiTier(ground: Ground, deps: ProgramDeps): Promise<Tier> {
  const programs = await ensurePrograms([...CONTROL_PLANE_PROGRAMS, "helm"], deps);
  const [api = 0, etcd = 0, etcdPeers = 0] = await freePorts(3);
  const plane = await startControlPlane({
    directory: join(ground.directory, "control-plane"),
    programs,
    daemons: ground.daemons,
    address: "127.0.0.1",
    ports: { api, etcd, etcdPeers },
  });
  return {
    name: "api",
    kubeconfig: plane.kubeconfig,
    environment: { FLYTEOPS_CLUSTER_LOGS: ground.logs, FLYTEOPS_CLUSTER_AUDIT: plane.auditLog },
    path: [dirname(programOf(programs, "kubectl")), dirname(programOf(programs, "helm"))],
    stop: () => ground.daemons.stop(),
  };
}
