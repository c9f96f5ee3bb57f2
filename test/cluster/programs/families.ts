import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Programs that come from one Go module. Their version and those of everything they need stand in `modules/<name>/go.mod` and `go.sum`. */
export interface Family {
  readonly name: string;
  /** The module whose version is the family's; absent: the program is ours. */
  readonly module?: string;
  /** Program → its package. */
  readonly programs: Readonly<Record<string, string>>;
  readonly tags?: string;
  /** What the linker is told, by version such as `v1.36.3`. */
  readonly linkerFlags?: (version: string) => string;
}

const CONTAINERD = "github.com/containerd/containerd/v2/cmd";
const CNI = "github.com/containernetworking/plugins/plugins";

/** Without its version a server calls itself v0.0.0, and clients refuse it or misbehave. */
function kubernetesStamp(version: string): string {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const at = "k8s.io/component-base/version";
  return `-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
}

const kubernetes = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`]));

export const families: readonly Family[] = [
  {
    name: "kubernetes",
    module: "k8s.io/kubernetes",
    programs: kubernetes("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet", "kube-proxy"),
    linkerFlags: kubernetesStamp,
  },
  { name: "etcd", module: "go.etcd.io/etcd/server/v3", programs: { etcd: "go.etcd.io/etcd/server/v3" } },
  {
    name: "containerd",
    module: "github.com/containerd/containerd/v2",
    programs: {
      containerd: `${CONTAINERD}/containerd`,
      "containerd-shim-runc-v2": `${CONTAINERD}/containerd-shim-runc-v2`,
      ctr: `${CONTAINERD}/ctr`,
    },
    tags: "no_btrfs",
  },
  {
    name: "cni",
    module: "github.com/containernetworking/plugins",
    programs: { bridge: `${CNI}/main/bridge`, loopback: `${CNI}/main/loopback`, "host-local": `${CNI}/ipam/host-local`, portmap: `${CNI}/meta/portmap` },
  },
  { name: "helm", module: "helm.sh/helm/v3", programs: { helm: "helm.sh/helm/v3/cmd/helm" } },
  { name: "pause", programs: { pause: "." } },
];

/** The root of this checkout, from the sources as from dist/. */
export const checkout = (() => {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory))
    if (existsSync(join(directory, "package.json"))) return directory;
})();

export const moduleDirectory = (family: Family): string => join(checkout, "test/cluster/programs/modules", family.name);

/** The version of a family as its go.mod pins it; `local` for our own programs. */
export function versionOf(family: Family): string {
  if (family.module === undefined) return "local";
  const text = readFileSync(join(moduleDirectory(family), "go.mod"), "utf8");
  const name = family.module.replaceAll(".", "\\.");
  const version = new RegExp(`^(?:require )?\\s*${name} (v[^\\s]+)`, "m").exec(text)?.[1];
  if (version === undefined) throw new Error(`${family.name}/go.mod requires no version of ${family.module}`);
  return version;
}

export function familyOf(program: string): Family {
  const family = families.find(({ programs }) => program in programs);
  if (!family) throw new Error(`no module of test/cluster builds ${program}`);
  return family;
}
