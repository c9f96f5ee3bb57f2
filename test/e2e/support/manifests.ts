import { stringify } from "yaml";
import { PROJECT } from "./product.ts";

const API = { apiVersion: "flyte.org/v1" };

export const yaml = (...documents: readonly object[]): string => documents.map((document) => stringify(document)).join("---\n");

export interface ShellTask {
  readonly inputs?: object;
  readonly outputs?: object;
  /** Extra fields of `container`. */
  readonly container?: object;
  /** Extra fields of the spec. */
  readonly spec?: object;
}

/** Manifests of the domain `development` of a project. */
export function manifestsOf(project: string) {
  const namespace = `${project}-development`;
  const plain =
    (kind: string) =>
    (name: string, spec: object): object => ({ ...API, kind, metadata: { name, namespace }, spec });
  return {
    namespace,
    /** The project, with the one domain, and its quota. */
    project: (): string =>
      yaml(
        { ...API, kind: "Project", metadata: { name: project }, spec: { displayName: "ML", domains: ["development"] } },
        plain("ProjectQuota")("default", { taskDefaults: { cpu: "50m", memory: "64Mi" } }),
      ),
    /** A Task that runs a line of shell. */
    shellTask: (name: string, script: string, { inputs, outputs, container, spec }: ShellTask = {}): object =>
      plain("Task")(name, {
        type: "container",
        ...(inputs ? { inputs } : {}),
        ...(outputs ? { outputs } : {}),
        container: { image: "docker.io/library/busybox:1.37", command: ["sh", "-c", script], ...container },
        ...spec,
      }),
    workflow: plain("Workflow"),
    run: plain("Run"),
    trigger: plain("Trigger"),
  };
}

export const { project, shellTask, workflow, run, trigger } = manifestsOf(PROJECT);
