/** Where a pod goes. Pure. */
import { type Amounts, byteCount, cpuMillis, isFinished, type Pod, podRequests } from "../kubelet/index.ts";
import { type KubeObject, type Stored } from "../../kube/index.ts";

export interface Node extends KubeObject {
  spec?: { unschedulable?: boolean };
  status?: { allocatable?: Record<string, string>; conditions?: { type: string; status: string }[] };
}

export type Placement = { readonly kind: "bind"; readonly node: string } | { readonly kind: "wait"; readonly message: string };

export interface Load extends Amounts {
  readonly pods: number;
}

/** What each node has given away already. */
export function loads(pods: readonly Pod[]): Map<string, Load> {
  const used = new Map<string, Load>();
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (nodeName !== undefined && !isFinished(pod)) addLoad(used, nodeName, pod);
  }
  return used;
}

export function addLoad(used: Map<string, Load>, node: string, pod: Pod): void {
  const { cpuMillis, memoryBytes } = podRequests(pod);
  const before = used.get(node) ?? { cpuMillis: 0, memoryBytes: 0, pods: 0 };
  used.set(node, { cpuMillis: before.cpuMillis + cpuMillis, memoryBytes: before.memoryBytes + memoryBytes, pods: before.pods + 1 });
}

/** The first node that has room, or why none does, in the scheduler's own words and then in plain ones. */
export function place(pod: Pod, nodes: readonly Stored<Node>[], used: ReadonlyMap<string, Load>): Placement {
  const reasons = new Map<string, number>();
  let tooLarge = "";
  for (const node of nodes) {
    const problem = misfit(pod, node, used.get(node.metadata.name) ?? { cpuMillis: 0, memoryBytes: 0, pods: 0 });
    if (problem === undefined) return { kind: "bind", node: node.metadata.name };
    for (const reason of problem.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    tooLarge ||= problem.tooLarge;
  }
  if (nodes.length === 0) return { kind: "wait", message: "no nodes available to schedule pods" };
  const counted = [...reasons].sort().map(([reason, count]) => `${count} ${reason}`);
  return { kind: "wait", message: `0/${nodes.length} nodes are available: ${counted.join(", ")}.${tooLarge === "" ? "" : ` ${tooLarge}`}` };
}

interface Misfit {
  readonly reasons: readonly string[];
  /** A sentence when waiting cannot help. */
  readonly tooLarge: string;
}

function misfit(pod: Pod, node: Stored<Node>, used: Load): Misfit | undefined {
  const asks = podRequests(pod);
  const { cpu, memory, pods = "110" } = node.status?.allocatable ?? {};
  const has = { cpu: cpuMillis(cpu), memory: byteCount(memory), pods: Number(pods) };
  const checks: readonly (readonly [boolean, string])[] = [
    [node.spec?.unschedulable === true, "node(s) were unschedulable"],
    [!isReady(node), "node(s) were not ready"],
    [!matchesSelector(pod, node), "node(s) didn't match Pod's node affinity/selector"],
    [asks.cpuMillis > 0 && used.cpuMillis + asks.cpuMillis > has.cpu, "Insufficient cpu"],
    [asks.memoryBytes > 0 && used.memoryBytes + asks.memoryBytes > has.memory, "Insufficient memory"],
    [used.pods + 1 > has.pods, "Too many pods"],
  ];
  const reasons = checks.filter(([fails]) => fails).map(([, reason]) => reason);
  return reasons.length === 0 ? undefined : { reasons, tooLarge: tooLarge(asks, has) };
}

const isReady = ({ status }: Stored<Node>): boolean => status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true;

function matchesSelector({ spec }: Pod, { metadata }: Stored<Node>): boolean {
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => metadata.labels?.[key] === value);
}

function tooLarge(asks: Amounts, has: { cpu: number; memory: number }): string {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)}Gi`;
  if (asks.cpuMillis > has.cpu) return `The pod asks for ${asks.cpuMillis / 1000} CPUs and this machine gives ${has.cpu / 1000}: it will never fit.`;
  return asks.memoryBytes > has.memory
    ? `The pod asks for ${gib(asks.memoryBytes)} of memory and this machine gives ${gib(has.memory)}: it will never fit.`
    : "";
}
