import type { ResourcePlugin } from "./plugin.ts";
import { buildPod } from "./pod/build-pod.ts";
import { podPhase } from "./pod/pod-phase.ts";

/** One container in one pod, with copilot before it and beside it. */
export function containerPlugin(): ResourcePlugin {
  return {
    name: "container",
    taskTypes: ["container"],
    watches: [{ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true }],
    build: (context) => [buildPod(context)],
    phase: podPhase,
  };
}
