import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Daemons, Wrap } from "../machine/processes.ts";
import { directly } from "../machine/processes.ts";
import { programOf, type Programs } from "../programs/build.ts";
import { auditOf } from "./audit.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { clusterPki, type ClusterPki } from "./pki.ts";

/** etcd, API server, controller manager and scheduler. */
export const CONTROL_PLANE_PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"] as const;
export const SERVICE_CIDR = "10.96.0.0/16";
/** The first address of the range is the Service `kubernetes`. */
export const SERVICE_ADDRESS = "10.96.0.1";
export const POD_CIDR = "10.244.0.0/16";

export interface ControlPlaneOptions {
  /** Everything it writes lies below. */
  readonly directory: string;
  readonly programs: Programs;
  readonly daemons: Daemons;
  /** Where it listens, as seen by its clients. */
  readonly address: string;
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeers: number };
  readonly wrap?: Wrap;
}

export interface ControlPlane {
  readonly url: string;
  /** Of the administrator. */
  readonly kubeconfig: string;
  readonly pki: ClusterPki;
  /** What the API server wrote down of requests that change something. */
  readonly auditLog: string;
  /** A kubeconfig for a client certificate of this user. */
  kubeconfigFor(name: string, user: string, groups?: readonly string[]): Promise<string>;
}

function etcdArguments(directory: string, { etcd, etcdPeers }: ControlPlaneOptions["ports"]): string[] {
  const [clients, peers] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${etcdPeers}`];
  return [
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    // Nothing here has to survive a power cut.
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

async function apiServerArguments({ address, ports }: ControlPlaneOptions, pki: ClusterPki): Promise<string[]> {
  const kubelets = await pki.client("kubelet-client", "kube-apiserver-kubelet-client", ["system:masters"]);
  const front = await pki.client("front-proxy", "front-proxy");
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    // Old states are forgotten early, so that suites meet the answers for them, as in a cluster that has run for a while.
    "--etcd-compaction-interval=10s",
    `--secure-port=${ports.api}`,
    `--bind-address=${address === "127.0.0.1" ? address : "0.0.0.0"}`,
    // A loopback address cannot be advertised; where it is the only one, nobody reads what is.
    `--advertise-address=${address === "127.0.0.1" ? "192.0.2.1" : address}`,
    `--tls-cert-file=${pki.server.certificate}`,
    `--tls-private-key-file=${pki.server.key}`,
    `--client-ca-file=${pki.ca.certificate}`,
    `--service-account-key-file=${pki.serviceAccounts.publicKey}`,
    `--service-account-signing-key-file=${pki.serviceAccounts.key}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-cluster-ip-range=${SERVICE_CIDR}`,
    "--authorization-mode=Node,RBAC",
    "--allow-privileged=true",
    "--enable-admission-plugins=NodeRestriction",
    `--kubelet-client-certificate=${kubelets.certificate}`,
    `--kubelet-client-key=${kubelets.key}`,
    "--kubelet-preferred-address-types=InternalIP",
    `--requestheader-client-ca-file=${pki.ca.certificate}`,
    "--requestheader-allowed-names=front-proxy",
    `--proxy-client-cert-file=${front.certificate}`,
    `--proxy-client-key-file=${front.key}`,
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
  ];
}

function controllerManagerArguments(kubeconfig: string, pki: ClusterPki): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--use-service-account-credentials",
    `--service-account-private-key-file=${pki.serviceAccounts.key}`,
    `--root-ca-file=${pki.ca.certificate}`,
    `--cluster-signing-cert-file=${pki.ca.certificate}`,
    `--cluster-signing-key-file=${pki.ca.key}`,
    `--cluster-cidr=${POD_CIDR}`,
    "--allocate-node-cidrs=true",
  ];
}

const run = promisify(execFile);

/** Starts a control plane and waits until it serves, its controllers make service accounts, and the scheduler runs. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { directory, programs, daemons, address, ports, wrap = directly } = options;
  mkdirSync(directory, { recursive: true });
  const pki = await clusterPki(join(directory, "pki"), [...new Set(["127.0.0.1", address, SERVICE_ADDRESS])]);
  const url = `https://${address}:${ports.api}`;
  const kubeconfigFor = async (name: string, user: string, groups?: readonly string[]) => {
    const path = join(directory, `${name}.kubeconfig`);
    writeKubeconfig(path, url, pki, await pki.client(name, user, groups));
    return path;
  };
  const start = (name: string, args: readonly string[]) => daemons.start(name, programOf(programs, name), args, { wrap });
  const admin = await kubeconfigFor("admin", "admin", ["system:masters"]);
  const asks = (...args: readonly string[]) =>
    run(programOf(programs, "kubectl"), ["--kubeconfig", admin, ...args]).then(
      () => true,
      () => false,
    );
  start("etcd", etcdArguments(directory, ports));
  const audit = auditOf(directory);
  start("kube-apiserver", [...(await apiServerArguments(options, pki)), ...audit.flags]);
  await daemons.wait("the API server is ready", () => asks("get", "--raw", "/readyz"));
  start("kube-controller-manager", controllerManagerArguments(await kubeconfigFor("controller-manager", "system:kube-controller-manager"), pki));
  start("kube-scheduler", [`--kubeconfig=${await kubeconfigFor("scheduler", "system:kube-scheduler")}`, "--secure-port=0", "--leader-elect=false"]);
  await daemons.wait("the controller manager makes service accounts", () => asks("get", "serviceaccount", "default"));
  return { url, kubeconfig: admin, pki, auditLog: audit.log, kubeconfigFor };
}
