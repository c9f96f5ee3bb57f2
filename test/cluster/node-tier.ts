import { execFile, execFileSync } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { CONTROL_PLANE_PROGRAMS, type ControlPlane, SERVICE_ADDRESS, startControlPlane } from "./control-plane/start.ts";
import { innerMachine } from "./machine/namespaces.ts";
import { makeCgroup, removeCgroup } from "./node/cgroups.ts";
import { CONTAINERD_PROGRAMS, startContainerd } from "./node/containerd.ts";
import { makeImages, NODE_IMAGE, PRODUCT_IMAGE, SHELL_IMAGE } from "./node/images.ts";
import { startKubelet } from "./node/kubelet.ts";
import { startServices } from "./node/services.ts";
import { CannotStart, ensurePrograms, onPath, type ProgramDeps, programOf, type Programs } from "./programs/build.ts";
import type { Ground, Tier } from "./tier.ts";

const NODE_NAME = "node-1";
const POD_CIDR = "10.244.0.0/24";
const run = promisify(execFile);

async function nodeIsReady(programs: Programs, { kubeconfig }: ControlPlane): Promise<boolean> {
  const { stdout } = await run(programOf(programs, "kubectl"), [
    `--kubeconfig=${kubeconfig}`,
    "get",
    "node",
    NODE_NAME,
    "-o",
    'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
  ]);
  return stdout === "True";
}

/**
 * A control plane and one node with real containers, in namespaces of their own: nothing of this machine is changed but for a
 * virtual cable and a cgroup, and both are gone at the end. Pods reach the API server at the address of the Service `kubernetes`, which is a
 * local address of the inner machine; there is no kube-proxy and no DNS, so other Services have no address that answers.
 */
export async function startNodeTier(ground: Ground, deps: ProgramDeps): Promise<Tier> {
  const { directory, daemons } = ground;
  if (!onPath("runc")) throw new CannotStart("runc is not installed (Debian: apt-get install runc)");
  const programs = await ensurePrograms([...CONTROL_PLANE_PROGRAMS, ...CONTAINERD_PROGRAMS, "kubelet", "helm"], deps);
  const machine = await innerMachine(daemons);
  const { wrap, network, address } = machine;
  const cgroup = basename(directory);
  makeCgroup(cgroup);
  ground.defer(() => removeCgroup(cgroup));
  const [ip, arguments_] = network("ip", ["address", "add", `${SERVICE_ADDRESS}/32`, "dev", "lo"]);
  execFileSync(ip, [...arguments_]);
  const archives = makeImages(join(directory, "images"), programOf(programs, "pause"), deps.say);
  // Whoever awaits it below learns of its failure.
  archives.catch(() => undefined);
  const plane = await startControlPlane({
    directory: join(directory, "control-plane"),
    programs,
    daemons,
    address,
    ports: { api: 443, etcd: 2379, etcdPeers: 2380 },
    wrap: network,
  });
  const containerd = await startContainerd({ directory: join(directory, "containerd"), programs, daemons, wrap, podCidr: POD_CIDR });
  for (const archive of await archives) await containerd.load(archive);
  const node = { name: NODE_NAME, directory: join(directory, "kubelet"), programs, daemons, wrap, plane, address, socket: containerd.socket, cgroup };
  await startKubelet(node);
  const services = await startServices({ directory: join(directory, "services"), daemons, network, address, pki: plane.pki });
  await daemons.wait("the node is ready", () => nodeIsReady(programs, plane));
  return {
    name: "node",
    kubeconfig: plane.kubeconfig,
    environment: {
      ...services,
      FLYTEOPS_CLUSTER_LOGS: ground.logs,
      FLYTEOPS_CLUSTER_AUDIT: plane.auditLog,
      FLYTEOPS_CLUSTER_ADDRESS: address,
      FLYTEOPS_CLUSTER_PID: String(machine.pid),
      FLYTEOPS_CLUSTER_DIRECTORY: directory,
      FLYTEOPS_CLUSTER_IMAGE: PRODUCT_IMAGE,
      FLYTEOPS_CLUSTER_SHELL_IMAGE: SHELL_IMAGE,
      FLYTEOPS_CLUSTER_NODE_IMAGE: NODE_IMAGE,
    },
    path: [dirname(programOf(programs, "kubectl")), dirname(programOf(programs, "helm"))],
    stop: () => daemons.stop(),
  };
}
