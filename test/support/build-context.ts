import { type BuildContext, defaultPluginConfig, type TaskRecipe } from "../../plugins/index.ts";
import { parseParameters, typedInterface } from "../../values/index.ts";
import type { TypedInterface } from "../../proto/index.ts";

/** An interface of `name: type` texts. */
export function interfaceOfTypes(inputs: Readonly<Record<string, string>>, outputs: Readonly<Record<string, string>>): TypedInterface {
  const parameters = (types: Readonly<Record<string, string>>) => parseParameters(types) as Parameters<typeof typedInterface>[0];
  return typedInterface(parameters(inputs), parameters(outputs));
}

/** A recipe of a container task with the given parts. */
export function recipe(overrides: Partial<Omit<TaskRecipe, "container">> & { readonly container?: Partial<TaskRecipe["container"]> } = {}): TaskRecipe {
  return {
    id: { project: "ml", domain: "development", name: "train-fold", version: "main@sha1:3f2a9c" },
    workflow: "iris",
    type: "container",
    interface: interfaceOfTypes({ rate: "float" }, { loss: "float" }),
    data: { inputPath: "/var/inputs", outputPath: "/var/outputs", format: "JSON", layout: "Direct" },
    secrets: [],
    ...overrides,
    container: { image: "docker.io/library/node:22", command: ["node", "/code/train.js"], args: [], env: [], requests: {}, limits: {}, ...overrides.container },
  };
}

/** A build context of the first attempt of `iris-x7`'s node `train`. */
export function buildContext(overrides: Partial<BuildContext> = {}): BuildContext {
  return {
    identity: {
      namespace: "ml-development",
      name: "iris-x7-train",
      uid: "0d5f7c1e-0000-4000-8000-000000000001",
      run: "iris-x7",
      runUid: "0d5f7c1e-0000-4000-8000-000000000000",
      project: "ml",
      domain: "development",
      action: "train",
      node: "train",
      source: "flows/iris.yaml:14",
      revision: "main@sha1:3f2a9c",
    },
    attempt: 0,
    maxAttempts: 3,
    recipe: recipe(),
    resources: { requests: { cpu: "500m", memory: "256Mi" }, limits: { cpu: "500m", memory: "512Mi" } },
    env: {},
    inputs: {},
    data: {
      storage: "file:///store",
      inputsUri: "file:///store/runs/ml/development/iris-x7/u/train/inputs.pb",
      prefixUri: "file:///store/runs/ml/development/iris-x7/u/train/0",
      rawUri: "file:///store/runs/ml/development/iris-x7/u/train/0/raw",
    },
    dataPrefixes: [],
    interruptible: false,
    config: defaultPluginConfig,
    ...overrides,
  };
}
