import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { CannotStart, onPath } from "../programs/build.ts";
import type { Daemons, Wrap } from "./processes.ts";

/**
 * A machine within the machine: network, mounts and processes of its own. When its first process ends, everything in it ends,
 * and its devices, rules and mounts are gone without a trace.
 */
export interface InnerMachine {
  /** Its address, which the outer machine and its own pods reach. */
  readonly address: string;
  /** Starts a program in it. */
  readonly wrap: Wrap;
  /** Only its network; files and processes are the outer machine's. */
  readonly network: Wrap;
  /** Process id, in the outer machine, of its first process. */
  readonly pid: number;
}

const NEEDED = ["unshare", "nsenter", "ip", "mount"];

/** Networks of four addresses out of the range for benchmarks, which nobody routes: the first two free ones of those. */
function freeNetwork(): { readonly outer: string; readonly inner: string } {
  const taken = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)));
  for (let third = 0; third < 256; third += 1) {
    const [outer, inner] = [`198.18.${third}.1`, `198.18.${third}.2`];
    if (!taken.has(outer)) return { outer, inner };
  }
  throw new CannotStart("all networks from 198.18.0.0 to 198.18.255.0 are in use");
}

function run(program: string, ...args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  } catch (cause) {
    const said = String((cause as { stderr?: unknown }).stderr ?? "").trim();
    throw new CannotStart(`${program} ${args.join(" ")} failed: ${said}`, { cause });
  }
}

function childOf(pid: number): number {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? Number(readFileSync(file, "utf8").trim().split(" ")[0] ?? 0) : 0;
}

/** `setpriv … unshare … sleep`: the innermost child is the first process of the new machine. */
async function firstProcess(daemons: Daemons, pid: number): Promise<number> {
  let found = 0;
  await daemons.wait("a process has namespaces of its own", () => {
    found = childOf(pid);
    return found > 0 && readFileSync(`/proc/${found}/comm`, "utf8").trim() === "sleep";
  });
  return found;
}

/** Makes the inner machine and the cable to it. CannotStart when this machine does not let us. */
export async function innerMachine(daemons: Daemons): Promise<InnerMachine> {
  if (process.platform !== "linux" || process.geteuid?.() !== 0) throw new CannotStart("it needs Linux and root");
  const missing = NEEDED.filter((program) => !onPath(program));
  if (missing.length > 0) throw new CannotStart(`${missing.join(" and ")} is not installed`);
  const holder = daemons.start("namespaces", "unshare", [
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--propagation=private",
    "sleep",
    "infinity",
  ]);
  const pid = await firstProcess(daemons, holder.pid);
  const { outer, inner } = freeNetwork();
  const cable = `flyteops${pid}`.slice(0, 15);
  const within = ["nsenter", `--net=/proc/${pid}/ns/net`, "--"];
  const network: Wrap = (program, args) => ["nsenter", [...within.slice(1), program, ...args]];
  const wrap: Wrap = (program, args) => ["nsenter", ["--target", String(pid), "--net", "--mount", "--pid", "--", program, ...args]];
  const inside = (program: string, ...args: readonly string[]) => {
    const [command, all] = network(program, args);
    run(command, ...all);
  };
  run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", String(pid));
  run("ip", "address", "add", `${outer}/30`, "dev", cable);
  run("ip", "link", "set", cable, "up");
  inside("ip", "link", "set", "lo", "up");
  inside("ip", "address", "add", `${inner}/30`, "dev", "eth0");
  inside("ip", "link", "set", "eth0", "up");
  inside("ip", "route", "add", "default", "via", outer);
  inside("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
  return { address: inner, wrap, network, pid };
}
