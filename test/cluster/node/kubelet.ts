import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { ControlPlane } from "../control-plane/start.ts";
import type { Daemons, Wrap } from "../machine/processes.ts";
import { programOf, type Programs } from "../programs/build.ts";

export interface KubeletOptions {
  readonly name: string;
  readonly directory: string;
  readonly programs: Programs;
  readonly daemons: Daemons;
  readonly wrap: Wrap;
  readonly plane: ControlPlane;
  readonly address: string;
  readonly socket: string;
  /** Made before, and only this kubelet's. */
  readonly cgroup: string;
}

function configuration({ plane, socket, cgroup, directory }: KubeletOptions): string {
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    // Version 1 of cgroups still runs most build machines.
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: `unix://${socket}`,
    podLogsDir: join(directory, "pod-logs"),
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: plane.pki.ca.certificate } },
    authorization: { mode: "Webhook" },
    healthzPort: 0,
    // A build machine's disk may be fuller than a kubelet likes, and its images are loaded once.
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    maxPods: 110,
    registerWithTaints: [],
    shutdownGracePeriod: "0s",
    // Tests wait for pods: not at the leisurely pace of a production node.
    nodeStatusUpdateFrequency: "5s",
    serializeImagePulls: false,
    // Small requests let many pods onto a small node; held to them as limits, a program of a second would take a minute.
    cpuCFSQuota: false,
  });
}

/** Starts a kubelet. Its node becomes Ready in its own time. */
export async function startKubelet(options: KubeletOptions): Promise<void> {
  const { name, directory, programs, daemons, wrap, plane, address } = options;
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "config.yaml");
  writeFileSync(file, configuration(options));
  const kubeconfig = await plane.kubeconfigFor("node", `system:node:${name}`, ["system:nodes"]);
  daemons.start(
    "kubelet",
    programOf(programs, "kubelet"),
    [
      `--kubeconfig=${kubeconfig}`,
      `--config=${file}`,
      `--hostname-override=${name}`,
      `--node-ip=${address}`,
      `--root-dir=${join(directory, "root")}`,
      `--cert-dir=${join(directory, "pki")}`,
    ],
    { wrap },
  );
}
