import type { Json, JsonObject } from "../base/index.ts";
import type { Definition, Definitions } from "./definitions.ts";

/** A container Task for tests. */
export function task(name: string, inputs: JsonObject, outputs: JsonObject, more: JsonObject = {}): Definition {
  return { kind: "Task", name, spec: { type: "container", inputs, outputs, container: { image: "busybox", command: ["true"] }, ...more } };
}

/** A Workflow for tests. */
export function workflow(name: string, spec: { readonly [field: string]: Json }): Definition {
  return { kind: "Workflow", name, spec };
}

export function definitions(...all: readonly Definition[]): Definitions {
  const of = (kind: Definition["kind"]) => new Map(all.filter((definition) => definition.kind === kind).map((definition) => [definition.name, definition]));
  const [tasks, workflows] = [of("Task"), of("Workflow")];
  return {
    task: (name) => tasks.get(name),
    workflow: (name) => workflows.get(name),
    taskNames: () => [...tasks.keys()],
    workflowNames: () => [...workflows.keys()],
    taskLimits: () => undefined,
  };
}
