import assert from "node:assert/strict";
import { healthOf } from "./health.ts";
import type { KubeObject } from "./object.ts";

const object = (apiVersion: string, kind: string, more: object, metadata: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "a", ...metadata },
  ...more,
});
const when = (type: string, status = "True", reason = "R") => ({ type, status, reason, message: "", lastTransitionTime: "" });

describe("health", () => {
  const cases: Record<string, [KubeObject, string]> = {
    "an object in deletion is terminating": [object("v1", "Pod", {}, { deletionTimestamp: "t" }), "Terminating"],
    "a status older than the spec is in progress": [
      object("example.dev/v1", "X", { status: { observedGeneration: 1, conditions: [when("Ready")] } }, { generation: 2 }),
      "InProgress",
    ],
    "a stalled object has failed": [object("flyte.org/v1", "Task", { status: { conditions: [when("Ready", "False"), when("Stalled")] } }), "Failed"],
    "a ready object is current": [object("flyte.org/v1", "Task", { status: { conditions: [when("Ready")] } }), "Current"],
    "an object that is not ready is in progress, not failed": [
      object("flyte.org/v1", "Task", { status: { conditions: [when("Ready", "False")] } }),
      "InProgress",
    ],
    "an object without a status is current": [object("v1", "ConfigMap", {}), "Current"],
    "a deployment waits for its replicas": [
      object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { updatedReplicas: 2, replicas: 2, availableReplicas: 1 } }),
      "InProgress",
    ],
    "a deployment past its deadline has failed": [
      object("apps/v1", "Deployment", { status: { conditions: [when("Progressing", "False", "ProgressDeadlineExceeded")] } }),
      "Failed",
    ],
    "a running pod that is not ready is in progress": [
      object("v1", "Pod", { status: { phase: "Running", conditions: [when("Ready", "False")] } }),
      "InProgress",
    ],
    "a finished pod is current": [object("v1", "Pod", { status: { phase: "Succeeded" } }), "Current"],
    "a failed job has failed": [object("batch/v1", "Job", { status: { conditions: [when("Failed")] } }), "Failed"],
    "a job that runs is in progress": [object("batch/v1", "Job", { status: { active: 1 } }), "InProgress"],
    "a run that runs is in progress": [object("flyte.org/v1", "Run", { status: { phase: "Running", done: "2/9" } }), "InProgress"],
    "a run that succeeded is current": [object("flyte.org/v1", "Run", { status: { phase: "Succeeded" } }), "Current"],
    "a run that was aborted has failed": [object("flyte.org/v1", "Run", { status: { phase: "Aborted" } }), "Failed"],
    "a CRD is current when established": [
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { status: { conditions: [when("Established")] } }),
      "Current",
    ],
  };
  for (const [name, [subject, expected]] of Object.entries(cases)) it(name, () => assert.equal(healthOf(subject).state, expected));
});
