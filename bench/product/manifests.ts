/** The namespace of everything that is benched. */
export const NAMESPACE = "bench-development";

const object = (kind: string, name: string, spec: object) => ({ apiVersion: "flyte.org/v1", kind, metadata: { name, namespace: NAMESPACE }, spec });

export const project = {
  apiVersion: "flyte.org/v1",
  kind: "Project",
  metadata: { name: "bench" },
  spec: { domains: ["development"], displayName: "Benchmarks" },
};

const container = (script: string) => ({ image: "busybox", command: ["sh", "-c", script] });

/** Writes one word. */
export const helloTask = object("Task", "hello", {
  type: "container",
  outputs: { greeting: "string" },
  container: container('printf hello > "$FLYTEOPS_OUTPUTS/greeting"'),
});

export const helloWorkflow = object("Workflow", "hello", {
  outputs: { greeting: { type: "string", from: "nodes.hello.outputs.greeting" } },
  nodes: { hello: { task: "hello" } },
});

/** Hands a number on. */
export const passTask = object("Task", "pass", {
  type: "container",
  inputs: { x: "integer" },
  outputs: { x: "integer" },
  container: container('cp "$FLYTEOPS_INPUTS/x" "$FLYTEOPS_OUTPUTS/x"'),
});

const nodeName = (index: number) => `n${String(index).padStart(2, "0")}`;

/** Every node needs the one before. */
export function chainWorkflow(length: number) {
  const nodes = Object.fromEntries(
    Array.from({ length }, (_, index) => [
      nodeName(index),
      { task: "pass", inputs: { x: index === 0 ? 1 : { from: `nodes.${nodeName(index - 1)}.outputs.x` } } },
    ]),
  );
  return object("Workflow", "chain", { outputs: { x: { type: "integer", from: `nodes.${nodeName(length - 1)}.outputs.x` } }, nodes });
}

export const run = (name: string, workflow: string) => object("Run", name, { workflow });

/** A Task as a team has them; `version` changes what it says. */
export function libraryTask(index: number, version = 0) {
  return object("Task", `task-${index}`, {
    type: "container",
    inputs: { dataset: "file<csv>", rate: { type: "float", default: 0.1, description: "Learning rate." } },
    outputs: { model: "file<json>", loss: "float" },
    container: {
      image: "docker.io/library/node:22",
      command: ["node", "train.js"],
      args: ["--rate", "{{.inputs.rate}}"],
      env: [{ name: "VERSION", value: String(version) }],
      resources: { requests: { cpu: "500m", memory: "256Mi" } },
    },
    retries: { limit: 2 },
    timeout: "10m",
  });
}

export function libraryWorkflow(index: number, task: number) {
  return object("Workflow", `flow-${index}`, {
    inputs: { dataset: "file<csv>" },
    outputs: { model: { type: "file<json>", from: "nodes.train.outputs.model" } },
    nodes: { train: { task: `task-${task}`, inputs: { dataset: { from: "inputs.dataset" } } } },
  });
}

/** Where the manifest of a library object is: a hundred files in a directory. */
export const libraryPath = (kind: "tasks" | "flows", index: number) => `team-${Math.floor(index / 50)}/${kind}/${index}.yaml`;

/** A repository with so many manifests in files of their own: a Project, half Tasks, half Workflows. */
export function libraryFiles(manifests: number): Record<string, readonly object[]> {
  const files: Record<string, readonly object[]> = { "project.yaml": [project] };
  const tasks = Math.ceil((manifests - 1) / 2);
  for (let index = 0; index < tasks; index++) files[libraryPath("tasks", index)] = [libraryTask(index)];
  for (let index = 0; index < manifests - 1 - tasks; index++) files[libraryPath("flows", index)] = [libraryWorkflow(index, index)];
  return files;
}
