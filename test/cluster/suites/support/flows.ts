import { badWorkFiles } from "../../../e2e/support/bad-work.ts";
import { shellTask, workflow, yaml } from "../../../e2e/support/manifests.ts";
import { NAMESPACE } from "../../../e2e/support/product.ts";
import { penguins } from "../../../e2e/support/repository.ts";
import { taskContractFiles } from "../../../e2e/support/task-contract.ts";

/** The example's project, with room for many Runs at once. */
const PROJECT = `apiVersion: flyte.org/v1
kind: Project
metadata: {name: ml}
spec: {displayName: Machine learning, domains: [development]}
---
apiVersion: flyte.org/v1
kind: ProjectQuota
metadata: {name: default, namespace: ${NAMESPACE}}
spec:
  taskDefaults: {cpu: 10m, memory: 128Mi}
  taskLimits: {cpu: "2", memory: 2Gi}
`;

/** What only a real kubelet and real images show, and four pods in three steps that take their time without work: something to interrupt. */
const TASKS = yaml(
  // The first process of a container has no default for SIGTERM: without a trap it would be there for the whole grace period.
  shellTask("step", "trap 'exit 143' TERM; sleep 4 & wait"),
  workflow("steps", {
    nodes: {
      first: { task: "step" },
      left: { task: "step", after: ["first"] },
      right: { task: "step", after: ["first"] },
      last: { task: "step", after: ["left", "right"] },
    },
  }),
  shellTask("hungry", "exec tail /dev/zero", { container: { resources: { requests: { memory: "32Mi" }, limits: { memory: "32Mi" } } } }),
  shellTask("no-image", "exit 0", { container: { image: "127.0.0.1:1/no-such-image:1" }, spec: { retries: { system: 0 } } }),
);

/** Makes the repository that an installation follows: the penguins example and the tasks of the end-to-end suites. */
export function makeFlows(path: string): void {
  const flows = penguins(path);
  flows.write({ "project.yaml": PROJECT, "tasks/cluster.yaml": TASKS, ...taskContractFiles(), ...badWorkFiles() });
  flows.commit("The contract of tasks");
}
