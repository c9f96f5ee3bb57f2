import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/index.ts";
import { podPhase, podReady, podRestarts } from "./pod-columns.ts";

type Status = Readonly<Record<string, unknown>>;

function pod(status: Status, spec: object = { containers: [{ name: "main" }] }, metadata: object = {}): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p", ...metadata }, spec, status };
}

const running = (name: string, more: object = {}) => ({ name, ready: true, restartCount: 0, state: { running: {} }, ...more });
const ended = (name: string, exitCode: number, reason?: string) => ({
  name,
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode, ...(reason ? { reason } : {}) } },
});
const waiting = (name: string, reason: string) => ({ name, ready: false, restartCount: 0, state: { waiting: { reason } } });

describe("columns of a pod", () => {
  const withInit = { containers: [{ name: "main" }], initContainers: [{ name: "one" }, { name: "two" }] };
  const withSidecar = { containers: [{ name: "main" }], initContainers: [{ name: "side", restartPolicy: "Always" }] };
  const cases: Readonly<Record<string, readonly [string, string, KubeObject]>> = {
    "a new pod": ["Pending", "0/1", pod({ phase: "Pending" })],
    "a running pod": ["Running", "1/1", pod({ phase: "Running", containerStatuses: [running("main")] })],
    "a finished pod": ["Completed", "0/1", pod({ phase: "Succeeded", containerStatuses: [ended("main", 0, "Completed")] })],
    "a failed pod": ["ExitCode:7", "0/1", pod({ phase: "Failed", containerStatuses: [ended("main", 7)] })],
    "a pod out of memory": ["OOMKilled", "0/1", pod({ phase: "Failed", containerStatuses: [ended("main", 137, "OOMKilled")] })],
    "an evicted pod": ["Evicted", "0/1", pod({ phase: "Failed", reason: "Evicted" })],
    "a pod in a crash loop": ["CrashLoopBackOff", "0/1", pod({ phase: "Running", containerStatuses: [waiting("main", "CrashLoopBackOff")] })],
    "a pod on its way out": [
      "Terminating",
      "1/1",
      pod({ phase: "Running", containerStatuses: [running("main")] }, undefined, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    ],
    "a pod that initialises": [
      "Init:1/2",
      "0/1",
      pod({ phase: "Pending", initContainerStatuses: [ended("one", 0, "Completed"), running("two", { ready: false })] }, withInit),
    ],
    "a pod whose initialisation failed": ["Init:Error", "0/1", pod({ phase: "Failed", initContainerStatuses: [ended("one", 1, "Error")] }, withInit)],
    "a pod with a sidecar": [
      "Running",
      "2/2",
      pod({ phase: "Running", initContainerStatuses: [running("side", { started: true })], containerStatuses: [running("main")] }, withSidecar),
    ],
  };
  for (const [what, [phase, ready, object]] of Object.entries(cases))
    it(`show ${what} as ${ready} ${phase}`, () => assert.deepEqual([podPhase(object), podReady(object)], [phase, ready]));

  it("count restarts and say when the last was", () => {
    const now = Date.parse("2026-01-01T00:05:00Z");
    const last = { terminated: { finishedAt: "2026-01-01T00:03:00Z" } };
    assert.equal(podRestarts(pod({ containerStatuses: [running("main", { restartCount: 3, lastState: last })] }), now), "3 (2m ago)");
    assert.equal(podRestarts(pod({ containerStatuses: [running("main")] }), now), "0");
  });
});
