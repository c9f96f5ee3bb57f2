import { stringify } from "yaml";
import { NAMESPACE } from "./product.ts";

const API = { apiVersion: "flyte.org/v1" };

export const yaml = (...documents: readonly object[]): string => documents.map((document) => stringify(document)).join("---\n");

/** A project `ml` with the one domain `development`, and its quota. */
export function project(): string {
  return yaml(
    { ...API, kind: "Project", metadata: { name: "ml" }, spec: { displayName: "ML", domains: ["development"] } },
    { ...API, kind: "ProjectQuota", metadata: { name: "default", namespace: NAMESPACE }, spec: { taskDefaults: { cpu: "50m", memory: "64Mi" } } },
  );
}

export interface ShellTask {
  readonly inputs?: object;
  readonly outputs?: object;
  /** Extra fields of `container`. */
  readonly container?: object;
  /** Extra fields of the spec. */
  readonly spec?: object;
}

/** A Task that runs a line of shell. */
export function shellTask(name: string, script: string, { inputs, outputs, container, spec }: ShellTask = {}): object {
  return {
    ...API,
    kind: "Task",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      type: "container",
      ...(inputs ? { inputs } : {}),
      ...(outputs ? { outputs } : {}),
      container: { image: "docker.io/library/busybox:1.37", command: ["sh", "-c", script], ...container },
      ...spec,
    },
  };
}

export function workflow(name: string, spec: object): object {
  return { ...API, kind: "Workflow", metadata: { name, namespace: NAMESPACE }, spec };
}

export function run(name: string, spec: object): object {
  return { ...API, kind: "Run", metadata: { name, namespace: NAMESPACE }, spec };
}

export function trigger(name: string, spec: object): object {
  return { ...API, kind: "Trigger", metadata: { name, namespace: NAMESPACE }, spec };
}
