import { type AuthoredObjectOf, boolean, defineKind, duration, object, type ObjectOf, oneOf, open, string } from "../schema/index.ts";
import { code, container, secrets } from "./container.ts";
import { labelName, objectName, ours } from "./names.ts";
import { inputs, outputs } from "./parameter.ts";
import { definitionConditions, definitionProblems, planReference } from "./plan-status.ts";
import { cache, retries, timeouts } from "./policies.ts";

const data = object({
  inputPath: string({ pattern: "^/", expects: "an absolute path" }).optional().doc("Directory of the inputs. Absent means /var/flyte/inputs."),
  outputPath: string({ pattern: "^/", expects: "an absolute path" }).optional().doc("Directory of the outputs. Absent means /var/flyte/outputs."),
  format: oneOf("JSON", "YAML").optional().doc("Format of the file that holds all inputs: inputs.json (the default) or inputs.yaml."),
  layout: oneOf("Direct", "NamedDir").optional().doc("NamedDir gives a file as <var>/<original name> instead of <var>."),
});

/** The plugin blocks: only beside the type of the same name. */
const BLOCKS = ["spark", "ray", "dask", "mpi", "pytorch", "tensorflow", "dbt"] as const;

const blocks = {
  spark: open().optional().doc("Spark: fields of flyteidl2's SparkJob; container is the driver."),
  ray: open().optional().doc("Ray: fields of flyteidl2's RayJob; container is the head."),
  dask: open().optional().doc("Dask: fields of flyteidl2's DaskJob; container is the job runner."),
  mpi: open().optional().doc("MPI: fields of flyteidl2's DistributedMPITrainingTask; container is the launcher."),
  pytorch: open().optional().doc("PyTorch: fields of flyteidl2's DistributedPyTorchTrainingTask; container is the master."),
  tensorflow: open().optional().doc("TensorFlow: fields of flyteidl2's DistributedTensorflowTrainingTask; container is the chief."),
  dbt: open().optional().doc("dbt: project, profile, target and select; container is the runner."),
};

const spec = object({
  type: string({ minLength: 1, maxLength: 63, pattern: "^[a-z][a-z0-9_-]*$", expects: "a task type such as container, pod or spark" }).doc(
    "What runs it: container, pod, spark, ray, dask, mpi, pytorch, tensorflow, dbt, connector.",
  ),
  inputs: inputs.optional().doc("Inputs by name: a type, or {type, description, default}."),
  outputs: outputs.optional().doc("Outputs by name: a type, or {type, description}."),
  container: container.optional().doc("Image, command, arguments, environment and resources."),
  pod: open().optional().doc("A whole PodSpec instead of container."),
  ...blocks,
  code: code.optional().doc("A directory of the commit, unpacked at /code: no image build to change a script."),
  data: data.optional().doc("Where and how inputs and outputs lie in the pod."),
  retries: retries.optional().doc("How often, and after what, to run again."),
  timeout: duration().optional().doc("The longest one attempt may take."),
  timeouts: timeouts.optional().doc("Limits over all attempts and for the wait before the first."),
  cache: cache.optional().doc("Reuse of results; absent means none."),
  interruptible: boolean().optional().doc("Whether the work may run where it can be preempted."),
  secrets: secrets.optional().doc("Secrets as variables or files."),
  serviceAccountName: objectName().optional().doc("Service account of the pod."),
})
  .rule({
    cel: "!(has(self.container) && has(self.pod))",
    check: (task) => !(task.container && task.pod),
    message: "container and pod exclude each other: move the container into the pod, or remove pod",
  })
  .rule({
    cel: "self.type != 'container' || has(self.container)",
    check: (task) => task.type !== "container" || task.container !== undefined,
    message: "a task of type container needs container: {image: …, command: […]}",
  })
  .rule({
    cel: "self.type != 'pod' || has(self.pod)",
    check: (task) => task.type !== "pod" || task.pod !== undefined,
    message: "a task of type pod needs pod: a PodSpec",
  });

const specWithBlockRules = BLOCKS.reduce(
  (shape, block) =>
    shape.rule({
      cel: `!has(self.${block}) || self.type == '${block}'`,
      check: (task) => task[block] === undefined || task.type === block,
      message: `${block} belongs to tasks of type ${block}: write type: ${block}, or remove it`,
    }),
  spec,
);

const status = object({
  plan: planReference.optional().doc("The compiled task."),
  problems: definitionProblems.optional().doc("What is wrong with the definition."),
});

export const TaskKind = defineKind({
  ...ours,
  kind: "Task",
  plural: "tasks",
  shortNames: ["ftask"],
  namespaced: true,
  doc: "A typed, reusable unit of work: what runs, its inputs and outputs, and how to run it.",
  spec: specWithBlockRules,
  status,
  rules: [labelName("Task", 63)],
  conditions: {
    ...definitionConditions,
    CodeUnresolved:
      "spec.code has no digest, so its Runs fail before a pod is made: apply it through a GitSync, or write the digest with flyteops synth --push.",
  },
  columns: [
    { name: "Type", path: "spec.type", doc: "What runs it." },
    { name: "Ready", condition: "Ready", doc: "Whether it can be run." },
    { name: "Revision", path: "status.plan.revision", doc: "Revision it was compiled from.", wide: true },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

export type Task = ObjectOf<typeof TaskKind>;
export type AuthoredTask = AuthoredObjectOf<typeof TaskKind>;
export type TaskSpec = Task["spec"];
export type TaskStatus = NonNullable<Task["status"]>;
