import assert from "node:assert/strict";
import { defaultPluginConfig, type Manifest } from "../plugin.ts";
import { podPhase } from "./pod-phase.ts";

const NOW = Date.parse("2026-01-01T00:10:00Z");
const agoMs = (ms: number) => new Date(NOW - ms).toISOString();

interface Status {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: object[];
  initContainerStatuses?: object[];
  containerStatuses?: object[];
}

function pod(status: Status, more: { deleting?: string; nodeName?: string } = {}): Manifest {
  const metadata = { name: "a-0", creationTimestamp: agoMs(600_000), ...(more.deleting ? { deletionTimestamp: more.deleting } : {}) };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { nodeName: more.nodeName ?? "n1" }, status };
}

const waiting = (name: string, reason: string, message = "") => ({ name, state: { waiting: { reason, message } } });
const running = (name: string) => ({ name, state: { running: { startedAt: agoMs(5_000) } } });
const terminated = (name: string, exitCode: number, reason = exitCode === 0 ? "Completed" : "Error", message = "") => ({
  name,
  state: { terminated: { exitCode, reason, message, startedAt: agoMs(5_000), finishedAt: agoMs(1_000) } },
});
const condition = (type: string, status: string, reason = "", message = "", ago = 0) => ({ type, status, reason, message, lastTransitionTime: agoMs(ago) });
const sidecarDone = terminated("copilot-sidecar", 0);

function phaseOf(manifest: Manifest): string {
  const report = podPhase(manifest, { now: NOW, config: defaultPluginConfig });
  if (report.kind === "ongoing") return `${report.phase}${report.recheckAfter === undefined ? "" : ` again in ${report.recheckAfter / 1_000}s`}`;
  if (report.kind === "failed") return `failed ${report.error.code} ${report.budget}${report.cleanup ? " cleanup" : ""}`;
  return `exited ${report.exitCode}${report.oomKilled ? " oom" : ""}${report.ran ? "" : " before"}${report.copilot ? " copilot" : ""}`;
}

const failedPod = (containers: object[], more: Status = {}, init: object[] = [sidecarDone]) =>
  pod({ phase: "Failed", initContainerStatuses: init, containerStatuses: containers, ...more });

describe("what a pod says about its attempt", () => {
  const cases: Record<string, [Manifest, string]> = {
    "a pod without a status is queued": [pod({}, { nodeName: "" }), "Queued"],
    "a scheduling gate is a queue": [
      pod({ phase: "Pending", conditions: [condition("PodScheduled", "False", "SchedulingGated")] }, { nodeName: "" }),
      "Queued",
    ],
    "no room is waiting for resources": [
      pod({ phase: "Pending", conditions: [condition("PodScheduled", "False", "Unschedulable", "0/3 nodes")] }, { nodeName: "" }),
      "WaitingForResources",
    ],
    "a scheduled pod is initializing": [pod({ phase: "Pending", containerStatuses: [waiting("main", "PodInitializing")] }), "Initializing"],
    "the first failed pull is initializing": [pod({ phase: "Pending", containerStatuses: [waiting("main", "ErrImagePull")] }), "Initializing"],
    "a pull that keeps failing has a grace": [
      pod({ phase: "Pending", conditions: [condition("ContainersReady", "False", "", "", 60_000)], containerStatuses: [waiting("main", "ImagePullBackOff")] }),
      "Initializing again in 120s",
    ],
    "and then draws on the platform's budget": [
      pod({ phase: "Pending", conditions: [condition("ContainersReady", "False", "", "", 181_000)], containerStatuses: [waiting("main", "ImagePullBackOff")] }),
      "failed ImagePullBackOff system cleanup",
    ],
    "an image name that is none fails at once": [
      pod({ phase: "Pending", containerStatuses: [waiting("main", "InvalidImageName")] }),
      "failed InvalidImageName none cleanup",
    ],
    "an absent Secret may still come": [
      pod({
        phase: "Pending",
        conditions: [condition("ContainersReady", "False", "", "", 1_000)],
        containerStatuses: [waiting("main", "CreateContainerConfigError")],
      }),
      "Initializing again in 29s",
    ],
    "an absent Secret fails in the end": [
      pod({
        phase: "Pending",
        conditions: [condition("ContainersReady", "False", "", "", 31_000)],
        containerStatuses: [waiting("main", "CreateContainerConfigError")],
      }),
      "failed CreateContainerConfigError none cleanup",
    ],
    "a program that is not there fails before it starts": [
      pod({ phase: "Pending", containerStatuses: [waiting("main", "ProgramNotFound")] }),
      "failed ProgramNotFound none cleanup",
    ],
    "a sidecar that keeps crashing is the platform's": [
      pod({ phase: "Pending", initContainerStatuses: [waiting("copilot-sidecar", "CrashLoopBackOff")] }),
      "failed CopilotFailed system cleanup",
    ],
    "a running program runs": [pod({ phase: "Running", containerStatuses: [running("main")] }), "Running"],
    "a sidecar that still stores outputs runs": [
      pod({ phase: "Running", initContainerStatuses: [running("copilot-sidecar")], containerStatuses: [terminated("main", 0)] }),
      "Running",
    ],
    "a copilot that still downloads is initializing": [
      pod({ phase: "Pending", initContainerStatuses: [running("copilot-download")], containerStatuses: [waiting("main", "PodInitializing")] }),
      "Initializing",
    ],
    "an unknown phase goes on": [pod({ phase: "Unknown" }), "Initializing"],
    "success is what was stored": [pod({ phase: "Succeeded", initContainerStatuses: [sidecarDone], containerStatuses: [terminated("main", 0)] }), "exited 0"],
    "a sidecar's failure shows although the pod succeeded": [
      pod({ phase: "Succeeded", initContainerStatuses: [terminated("copilot-sidecar", 1)], containerStatuses: [terminated("main", 0)] }),
      "exited 0 copilot",
    ],
    "an exit code": [failedPod([terminated("main", 7)]), "exited 7"],
    "a kill for memory": [failedPod([terminated("main", 137, "OOMKilled")]), "exited 137 oom"],
    "a kill for memory during an eviction is still one": [failedPod([terminated("main", 137, "OOMKilled")], { reason: "Evicted" }), "exited 137 oom"],
    "a copilot that could not prepare the inputs": [
      failedPod([waiting("main", "PodInitializing")], {}, [terminated("copilot-download", 1)]),
      "exited -1 before copilot",
    ],
    "143 in a disruption is a preemption": [
      failedPod([terminated("main", 143)], { conditions: [condition("DisruptionTarget", "True", "PreemptionByScheduler")] }),
      "failed Preempted preemption",
    ],
    "137 on a node that shuts down is a preemption": [failedPod([terminated("main", 137)], { reason: "NodeShutdown" }), "failed Preempted preemption"],
    "an eviction before the program ran is a preemption": [failedPod([], { reason: "Evicted", message: "low on memory" }), "failed Preempted preemption"],
    "an exit code of its own in a disruption stays": [
      failedPod([terminated("main", 7)], { conditions: [condition("DisruptionTarget", "True", "EvictionByEvictionAPI")] }),
      "exited 7",
    ],
    "143 without a disruption is an exit code": [failedPod([terminated("main", 143)]), "exited 143"],
    "the kubelet's deadline is a timeout": [failedPod([terminated("main", 137)], { reason: "DeadlineExceeded" }), "failed Timeout timeout"],
    "the kubelet's deadline before the program ran is a timeout": [failedPod([], { reason: "DeadlineExceeded" }), "failed Timeout timeout"],
    "a command that does not exist": [failedPod([terminated("main", 128, "StartError", "exec: no such file")]), "failed ProgramNotFound none"],
    "a command that does not exist, on a laptop": [failedPod([terminated("main", 127, "ProgramNotFound")]), "failed ProgramNotFound none"],
    "a pod that failed without a word": [failedPod([]), "failed PodFailed system"],
    "a pod deleted while it ran": [
      pod({ phase: "Failed", initContainerStatuses: [sidecarDone], containerStatuses: [terminated("main", 137)] }, { deleting: agoMs(0) }),
      "failed PodDeleted system",
    ],
    "a pod deleted before it ran": [pod({ phase: "Pending" }, { deleting: agoMs(0) }), "failed PodDeleted system"],
    "a pod being stopped still runs": [pod({ phase: "Running", containerStatuses: [running("main")] }, { deleting: agoMs(0) }), "Running again in 60s"],
    "a pod on a node that never answered is lost": [
      pod({ phase: "Running", containerStatuses: [running("main")] }, { deleting: agoMs(61_000) }),
      "failed NodeLost preemption",
    ],
  };
  for (const [name, [manifest, expected]] of Object.entries(cases)) it(name, () => assert.equal(phaseOf(manifest), expected));

  it("names the Secret and the ways out when the object store does not let a copilot in", () => {
    const denied = failedPod([waiting("main", "PodInitializing")], {}, [terminated("copilot-download", 77, "Error", "StoreDenied: no keys\n")]);
    denied.metadata.namespace = "ml-development";
    const said = (config: typeof defaultPluginConfig): string => {
      const report = podPhase(denied, { now: NOW, config });
      return report.kind === "exited" ? (report.copilot ?? "") : report.kind;
    };
    const words =
      /^copilot-download exited with 77: StoreDenied: no keys\. .*Secret keys of namespace ml-development.*kubectl create secret generic keys -n ml-development.*copySecret/;
    assert.match(said({ ...defaultPluginConfig, storageSecret: "keys" }), words);
    const { storageSecret: _, ...without } = defaultPluginConfig;
    assert.equal(said(without), "copilot-download exited with 77: StoreDenied: no keys");
  });
});
