import type { Meter } from "../base/index.ts";
import type { Verdict } from "./conditions.ts";

export type PassResult = Verdict["result"] | "gone";

const RESULTS: readonly PassResult[] = ["settled", "waiting", "retryable", "terminal", "conflict", "bug", "gone"];
/** Seconds: a hop takes milliseconds, a first sync minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

/** What the shell counts for one controller. */
export interface PassMetrics {
  passed(result: PassResult, ms: number): void;
  waited(ms: number): void;
  depth(read: () => number): void;
}

export function passMetrics(meter: Meter, kind: string): PassMetrics {
  const total = meter.counter({
    name: "flyteops_kube_reconcile_total",
    help: "Passes over objects, by how they ended.",
    labels: { kind: [kind], result: RESULTS },
  });
  const seconds = meter.histogram({ name: "flyteops_kube_reconcile_seconds", help: "How long a pass took.", labels: { kind: [kind] }, buckets: SECONDS });
  const wait = meter.histogram({
    name: "flyteops_kube_queue_wait_seconds",
    help: "How long a key was ready before a pass began.",
    labels: { kind: [kind] },
    buckets: SECONDS,
  });
  return {
    passed(result, ms) {
      total.add({ kind, result });
      seconds.observe({ kind }, ms / 1_000);
    },
    waited: (ms) => wait.observe({ kind }, ms / 1_000),
    depth: (read) =>
      meter.gauge({ name: "flyteops_kube_queue_depth", help: "Keys that are ready and wait for a worker.", labels: { kind: [kind] } }, { kind }, read),
  };
}

export type ApiVerb = "get" | "list" | "watch" | "create" | "replace" | "patch" | "delete";

const VERBS: readonly ApiVerb[] = ["get", "list", "watch", "create", "replace", "patch", "delete"];
const ANSWERS = ["2xx", "4xx", "409", "429", "5xx", "none"] as const;
type AnswerClass = (typeof ANSWERS)[number];

/** Told of every request of a client, when it was answered. */
export interface ApiCallObserver {
  /** `code` is 0 when there was no answer. */
  called(verb: ApiVerb, kind: string, code: number, ms: number): void;
}

function classOf(code: number): AnswerClass {
  if (code === 409 || code === 429) return `${code}`;
  if (code >= 500) return "5xx";
  if (code >= 400) return "4xx";
  return code === 0 ? "none" : "2xx";
}

/** @param kinds that are there from the start, at zero; others come when they are asked for first */
export function apiCallMetrics(meter: Meter, kinds: readonly string[]): ApiCallObserver {
  const calls = meter.counter({ name: "flyteops_kube_api_calls_total", help: "Requests to the Kubernetes API.", labels: { verb: VERBS, kind: kinds } });
  const answers = meter.counter({
    name: "flyteops_kube_api_answers_total",
    help: "Answers of the Kubernetes API by their code; none is no answer.",
    labels: { verb: VERBS, code: ANSWERS },
  });
  const seconds = meter.histogram({
    name: "flyteops_kube_api_seconds",
    help: "How long the Kubernetes API took to answer, waiting for our own limits included.",
    labels: { verb: VERBS },
    buckets: SECONDS,
  });
  return {
    called(verb, kind, code, ms) {
      calls.add({ verb, kind });
      answers.add({ verb, code: classOf(code) });
      seconds.observe({ verb }, ms / 1_000);
    },
  };
}
