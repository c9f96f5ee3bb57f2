import { containerResource, podField, UnknownField } from "./downward.ts";
import { expand } from "./expand.ts";
import type { Container, EnvFromSource, EnvVar, Pod } from "./pod-shapes.ts";
import type { Amounts } from "./resources.ts";

/** Something the container needs in order to be configured is absent; the kubelet waits with reason CreateContainerConfigError. */
export class ConfigError extends Error {}

/** ConfigMaps and Secrets of the pod's namespace. Undefined when there is none of that name. Secret values are bytes. */
export interface PodSources {
  configMap(name: string): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  secret(name: string): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly sources: PodSources;
  readonly node: Amounts;
}

/** The environment a pod declares for one container, resolved in Kubernetes' order: envFrom, then env from top to bottom. Rejects with ConfigError. */
export async function containerEnvironment(input: EnvironmentInput): Promise<Map<string, string>> {
  const env = new Map<string, string>();
  for (const from of input.container.envFrom ?? []) {
    for (const [name, value] of await readEnvFrom(from, input)) env.set(`${from.prefix ?? ""}${name}`, value);
  }
  for (const variable of input.container.env ?? []) {
    const value = await readVariable(variable, env, input);
    if (value !== undefined) env.set(variable.name, value);
  }
  return env;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const idOf = (pod: Pod, name: string): string => `${pod.metadata.namespace}/${name}`;

async function readEnvFrom(from: EnvFromSource, { sources, pod }: EnvironmentInput): Promise<[string, string][]> {
  const ref = from.configMapRef ?? from.secretRef;
  if (!ref) return [];
  const values = from.configMapRef ? await sources.configMap(ref.name) : await sources.secret(ref.name);
  if (values) return [...values].filter(([key]) => !key.includes("=")).map(([key, bytes]) => [key, text(bytes)]);
  if (ref.optional) return [];
  throw new ConfigError(`${from.configMapRef ? "configmap" : "secret"} "${ref.name}" not found in namespace ${pod.metadata.namespace}`);
}

async function readVariable(variable: EnvVar, env: ReadonlyMap<string, string>, input: EnvironmentInput): Promise<string | undefined> {
  const { valueFrom } = variable;
  if (!valueFrom) return expand(variable.value ?? "", (name) => env.get(name));
  try {
    if (valueFrom.fieldRef) return podField(input.pod, valueFrom.fieldRef.fieldPath);
    if (valueFrom.resourceFieldRef) return containerResource(input.pod, input.container, valueFrom.resourceFieldRef, input.node);
  } catch (thrown) {
    if (thrown instanceof UnknownField) throw new ConfigError(thrown.message);
    throw thrown;
  }
  return readKey(valueFrom, input);
}

async function readKey(from: NonNullable<EnvVar["valueFrom"]>, { sources, pod }: EnvironmentInput): Promise<string | undefined> {
  const ref = from.configMapKeyRef ?? from.secretKeyRef;
  if (!ref) throw new ConfigError("an env variable takes its value from a source that is not supported here");
  const what = from.configMapKeyRef ? "configmap" : "secret";
  const values = from.configMapKeyRef ? await sources.configMap(ref.name) : await sources.secret(ref.name);
  const bytes = values?.get(ref.key);
  if (bytes) return text(bytes);
  if (ref.optional) return undefined;
  if (!values) throw new ConfigError(`${what} "${ref.name}" not found`);
  throw new ConfigError(`couldn't find key ${ref.key} in ${from.configMapKeyRef ? "ConfigMap" : "Secret"} ${idOf(pod, ref.name)}`);
}

/** Command or args with `$(NAME)` expanded from the container's environment. */
export function expandWords(words: readonly string[] | undefined, env: ReadonlyMap<string, string>): string[] {
  return (words ?? []).map((word) => expand(word, (name) => env.get(name)));
}
