import { type Amounts, amountsOf, most, NOTHING, plus } from "./amounts.ts";

type List = Readonly<Record<string, unknown>>;

export interface Resources {
  requests?: Record<string, unknown>;
  limits?: Record<string, unknown>;
}

export interface ContainerFields {
  readonly name: string;
  readonly restartPolicy?: string;
  resources?: Resources;
}

/** What admission reads of a pod. */
export interface PodFields {
  readonly spec?: {
    readonly containers?: readonly ContainerFields[];
    readonly initContainers?: readonly ContainerFields[];
    readonly resources?: Resources;
    readonly activeDeadlineSeconds?: number;
    readonly priorityClassName?: string;
    readonly affinity?: {
      readonly podAffinity?: Affinity;
      readonly podAntiAffinity?: Affinity;
    };
  };
  readonly status?: { readonly phase?: string };
}

interface AffinityTerm {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: unknown;
}

interface Affinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly AffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { readonly podAffinityTerm?: AffinityTerm }[];
}

/** What a pod may set for all its containers together. */
const OF_THE_POD = /^(cpu|memory|hugepages-.*)$/;

/** Containers run together; init containers before them, one after the other, beside those of them that stay. */
function together(pod: PodFields, read: (resources: Resources | undefined) => List | undefined): Amounts {
  let [running, staying, starting] = [NOTHING, NOTHING, NOTHING];
  for (const { resources } of pod.spec?.containers ?? []) running = plus(running, amountsOf(read(resources)));
  for (const { resources, restartPolicy } of pod.spec?.initContainers ?? []) {
    const own = amountsOf(read(resources));
    if (restartPolicy === "Always") [running, staying] = [plus(running, own), plus(staying, own)];
    starting = most(starting, restartPolicy === "Always" ? staying : plus(own, staying));
  }
  const whole = [...amountsOf(read(pod.spec?.resources))].filter(([name]) => OF_THE_POD.test(name));
  return new Map([...most(running, starting), ...whole]);
}

export const podRequests = (pod: PodFields): Amounts => together(pod, (resources) => resources?.requests);
export const podLimits = (pod: PodFields): Amounts => together(pod, (resources) => resources?.limits);

const positive = (list: List | undefined): boolean => [...amountsOf(list)].some(([name, { nanos }]) => (name === "cpu" || name === "memory") && nanos > 0n);

/** Nothing of the pod asks for cpu or memory. */
export function isBestEffort({ spec = {} }: PodFields): boolean {
  const all = [{ resources: spec.resources }, ...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return all.every(({ resources }) => !positive(resources?.requests) && !positive(resources?.limits));
}

/** The pod wants to be near, or far from, pods of other namespaces. */
export function crossesNamespaces({ spec }: PodFields): boolean {
  const terms = [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm ?? {}),
  ]);
  return terms.some(({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || (namespaceSelector !== undefined && namespaceSelector !== null));
}
