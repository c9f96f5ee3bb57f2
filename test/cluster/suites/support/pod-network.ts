import { execFileSync } from "node:child_process";
import { processesOf } from "./pod-processes.ts";

const machine = (): string => process.env["FLYTEOPS_CLUSTER_PID"] ?? "";

/** Runs a program in the network of a process. */
const within = (pid: string | number, ...command: readonly string[]): string =>
  execFileSync("nsenter", [`--net=/proc/${pid}/ns/net`, "--", ...command], { encoding: "utf8" });

interface Link {
  readonly ifname: string;
  readonly ifindex: number;
  readonly link_index?: number;
  readonly addr_info?: readonly { readonly family: string; readonly local: string }[];
}

const linksOf = (pid: string | number): Link[] => JSON.parse(within(pid, "ip", "-json", "address", "show")) as Link[];

function cableOf(pod: string): { readonly link: Link; readonly outside: string } {
  const [pid] = processesOf(pod);
  const link = linksOf(pid ?? "").find(({ ifname }) => ifname === "eth0");
  const outside = linksOf(machine()).find(({ ifindex }) => ifindex === link?.link_index)?.ifname;
  if (!link || outside === undefined) throw new Error(`no network of ${pod} was found`);
  return { link, outside };
}

/** A cut in a network, until it is mended. */
export interface Cut {
  mend(): void;
}

/** Takes a pod's cable out of the bridge: nothing it sends arrives anywhere, nothing reaches it, and nobody is told. */
export function cutOff(pod: string): Cut {
  const { outside } = cableOf(pod);
  within(machine(), "ip", "link", "set", outside, "nomaster");
  return { mend: () => void within(machine(), "ip", "link", "set", outside, "master", "cni0") };
}

/**
 * Lets a pod speak to an address and hear nothing of it: its requests arrive and are carried out, their answers are lost. PostgreSQL, the
 * object store and everything else it reaches as before.
 */
export function deafen(pod: string, address: string): Cut {
  const own = cableOf(pod).link.addr_info?.find(({ family }) => family === "inet")?.local ?? "";
  const rule = ["from", address, "to", `${own}/32`, "priority", "100", "blackhole"];
  within(machine(), "ip", "rule", "add", ...rule);
  return { mend: () => void within(machine(), "ip", "rule", "del", ...rule) };
}
