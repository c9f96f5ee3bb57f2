export { type ImageNotUsed } from "./image-notes.ts";
export { type Kubelet, kubelet, type KubeletDeps, type KubeletOptions } from "./kubelet.ts";
export type { PodLogOptions } from "./log-reader.ts";
export type { PodLogSource } from "./pod-log-source.ts";
export { isFinished, type Pod, type PodCondition, type PodStatus } from "./pod-shapes.ts";
export { type Amounts, podRequests } from "./resources.ts";
export type { RunAs, SandboxCapability } from "./sandbox.ts";
export { sandboxCapability } from "./sandbox-capability.ts";
export { byteCount, cpuMillis } from "./quantity.ts";
