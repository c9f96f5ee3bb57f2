import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Daemons, Wrap } from "../machine/processes.ts";
import { programOf, type Programs } from "../programs/build.ts";
import { PAUSE_IMAGE } from "./images.ts";

const run = promisify(execFile);

export const CONTAINERD_PROGRAMS = ["containerd", "containerd-shim-runc-v2", "ctr", "bridge", "loopback", "host-local", "portmap", "pause"] as const;

export interface ContainerdOptions {
  readonly directory: string;
  readonly programs: Programs;
  readonly daemons: Daemons;
  readonly wrap: Wrap;
  /** Addresses of this node's pods, e.g. `10.244.0.0/24`. */
  readonly podCidr: string;
}

export interface Containerd {
  readonly socket: string;
  /** Makes an archive's images known to pods. */
  load(archive: string): Promise<void>;
}

/** Layers stacked by the kernel where the directory's file system allows it; else a copy of the whole image for every container. */
async function snapshotterFor(directory: string): Promise<"overlayfs" | "native"> {
  const places = ["lower", "upper", "work", "merged"].map((name) => join(directory, "try-overlay", name));
  for (const place of places) mkdirSync(place, { recursive: true });
  const [lower, upper, work, merged] = places;
  const mounted = run("unshare", ["--mount", "mount", "-t", "overlay", "overlay", "-o", `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged ?? ""]);
  return mounted.then(
    () => "overlayfs",
    () => "native",
  );
}

/** A bridge, and no masquerading: pods talk with each other and with this inner machine, and with nobody else. */
function network(podCidr: string): string {
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: "host-local", ranges: [[{ subnet: podCidr }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
    ],
  });
}

function configuration(directory: string, binaries: string, snapshotter: string): string {
  return `version = 3
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${directory}/containerd.sock"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = '${snapshotter}'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${PAUSE_IMAGE}'
[plugins.'io.containerd.cri.v1.runtime']
  # Where CAP_SYS_RESOURCE is missing nobody may lower a score.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["${binaries}"]
  conf_dir = "${directory}/cni"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;
}

/** Starts containerd and waits until it answers. */
export async function startContainerd({ directory, programs, daemons, wrap, podCidr }: ContainerdOptions): Promise<Containerd> {
  mkdirSync(join(directory, "cni"), { recursive: true });
  writeFileSync(join(directory, "cni/10-pods.conflist"), network(podCidr));
  const snapshotter = await snapshotterFor(directory);
  writeFileSync(join(directory, "config.toml"), configuration(directory, dirname(programOf(programs, "bridge")), snapshotter));
  // It finds its shim, and the shim finds runc, on PATH.
  const PATH = [dirname(programOf(programs, "containerd")), process.env["PATH"], "/usr/sbin", "/sbin"].join(":");
  daemons.start("containerd", programOf(programs, "containerd"), ["-c", join(directory, "config.toml")], { wrap, env: { PATH } });
  const socket = join(directory, "containerd.sock");
  const ctr = (...args: readonly string[]) => {
    const [command, all] = wrap(programOf(programs, "ctr"), ["--address", socket, "--namespace", "k8s.io", ...args]);
    return run(command, [...all]);
  };
  await daemons.wait("containerd answers", () =>
    ctr("version").then(
      () => true,
      () => false,
    ),
  );
  return {
    socket,
    async load(archive) {
      await ctr("images", "import", "--local", "--snapshotter", snapshotter, archive);
      rmSync(archive);
    },
  };
}
