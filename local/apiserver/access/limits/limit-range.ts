import { isFields } from "../../../../base/index.ts";
import type { KubeObject } from "../../../../kube/index.ts";
import { type Quantity, quantityText } from "../../objects/index.ts";
import { forbidden } from "../../status.ts";
import type { Store } from "../../storage/store.ts";
import type { Call } from "../../wire/target.ts";
import { type Amounts, amountsOf, sorted } from "../quota/amounts.ts";
import { type ContainerFields, podLimits, type PodFields, podRequests, type Resources } from "../quota/pod-amounts.ts";

type List = Record<string, unknown>;

interface Limit {
  readonly type: string;
  readonly min?: List;
  readonly max?: List;
  readonly default?: List;
  readonly defaultRequest?: List;
  readonly maxLimitRequestRatio?: List;
}

const LIMIT_RANGES = "/limitranges";
const NOTE = "kubernetes.io/limit-ranger";

function limitsOf(store: Store, namespace: string): readonly (readonly Limit[])[] {
  return store.list(LIMIT_RANGES, namespace).map(({ object }) => ((object["spec"] ?? {}) as { limits?: readonly Limit[] }).limits ?? []);
}

/** Adds what is missing; returns the names that were. */
function fill(into: List, defaults: List): string[] {
  const missing = Object.keys(defaults).filter((name) => into[name] === undefined);
  for (const name of missing) into[name] = defaults[name];
  return missing.sort();
}

function fillContainer(container: ContainerFields, what: string, defaults: { readonly requests: List; readonly limits: List }): string[] {
  const resources: Resources = (container.resources = { ...container.resources });
  const limits = fill((resources.limits = { ...resources.limits }), defaults.limits);
  const requests = fill((resources.requests = { ...resources.requests }), defaults.requests);
  if (Object.keys(resources.limits).length === 0) delete resources.limits;
  if (Object.keys(resources.requests).length === 0) delete resources.requests;
  const note = (names: string[], kind: string) => (names.length === 0 ? [] : [`${names.join(", ")} ${kind} for ${what} ${container.name}`]);
  return [...note(requests, "request"), ...note(limits, "limit")];
}

function defaultsOf(limits: readonly Limit[]): { requests: List; limits: List } {
  const own = limits.filter(({ type }) => type === "Container");
  return { requests: Object.assign({}, ...own.map((one) => one.defaultRequest)) as List, limits: Object.assign({}, ...own.map((one) => one.default)) as List };
}

/** Gives containers the requests and limits that the namespace's LimitRanges have for those that say none, in place. */
export function fillFromLimits(store: Store, namespace: string, object: KubeObject): void {
  const { spec = {} } = object as KubeObject & PodFields;
  for (const limits of limitsOf(store, namespace)) {
    const defaults = defaultsOf(limits);
    const notes = [
      ...(spec.containers ?? []).flatMap((container) => fillContainer(container, "container", defaults)),
      ...(spec.initContainers ?? []).flatMap((container) => fillContainer(container, "init container", defaults)),
    ];
    if (notes.length > 0) object.metadata.annotations = { ...object.metadata.annotations, [NOTE]: `LimitRanger plugin set: ${notes.join("; ")}` };
  }
}

interface Use {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

type Check = (name: string, type: string, enforced: Quantity, use: Use) => string | undefined;

const tooLittle: Check = (name, type, enforced, { requests, limits }) => {
  const [request, limit, text] = [requests.get(name), limits.get(name), `minimum ${name} usage per ${type} is ${quantityText(enforced)}`];
  if (!request) return `${text}.  No request is specified`;
  if (request.nanos < enforced.nanos) return `${text}, but request is ${quantityText(request)}`;
  return limit && limit.nanos < enforced.nanos ? `${text}, but limit is ${quantityText(limit)}` : undefined;
};

const tooMuch: Check = (name, type, enforced, { requests, limits }) => {
  const [request, limit, text] = [requests.get(name), limits.get(name), `maximum ${name} usage per ${type} is ${quantityText(enforced)}`];
  if (!limit) return `${text}.  No limit is specified`;
  if (limit.nanos > enforced.nanos) return `${text}, but limit is ${quantityText(limit)}`;
  return request && request.nanos > enforced.nanos ? `${text}, but request is ${quantityText(request)}` : undefined;
};

const tooWide: Check = (name, type, enforced, { requests, limits }) => {
  const [request, limit] = [requests.get(name)?.nanos ?? 0n, limits.get(name)?.nanos ?? 0n];
  const text = `${name} max limit to request ratio per ${type} is ${quantityText(enforced)}, but`;
  if (request === 0n) return `${text} no request is specified or request is 0`;
  if (limit === 0n) return `${text} no limit is specified or limit is 0`;
  const ratio = Number(limit) / Number(request);
  return ratio * 1e9 > Number(enforced.nanos) ? `${text} provided ratio is ${ratio.toFixed(6)}` : undefined;
};

function problemsOf({ type, min, max, maxLimitRequestRatio }: Limit, use: Use): string[] {
  const hold = (list: List | undefined, check: Check) => sorted(amountsOf(list)).map(([name, enforced]) => check(name, type, enforced, use));
  return [...hold(min, tooLittle), ...hold(max, tooMuch), ...hold(maxLimitRequestRatio, tooWide)].filter((problem) => problem !== undefined);
}

function podProblems(limit: Limit, pod: PodFields): string[] {
  if (limit.type === "Pod") return problemsOf(limit, { requests: podRequests(pod), limits: podLimits(pod) });
  if (limit.type !== "Container") return [];
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.flatMap(({ resources }) => problemsOf(limit, { requests: amountsOf(resources?.requests), limits: amountsOf(resources?.limits) }));
}

/** Throws 403 when a pod, or a container of it, is smaller or larger than a LimitRange of the namespace allows. */
export function refuseOutsideLimits(store: Store, { target }: Call, object: KubeObject): void {
  if (!isFields(object["spec"])) return;
  for (const limits of limitsOf(store, target.namespace)) {
    const problems = [...new Set(limits.flatMap((limit) => podProblems(limit, object as KubeObject & PodFields)))];
    const [first = "", ...others] = problems;
    if (problems.length > 0) throw forbidden(target.kind, object.metadata.name ?? "", others.length === 0 ? first : `[${problems.join(", ")}]`);
  }
}
