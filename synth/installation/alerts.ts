/** One alert, in Prometheus' words. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: "warning" | "critical";
  readonly summary: string;
  /** What to do. */
  readonly description: string;
}

export const alerts: readonly Alert[] = [
  {
    alert: "FlyteopsDown",
    expr: 'absent(up{namespace="flyteops-system"} == 1)',
    for: "5m",
    severity: "critical",
    summary: "No program of flyteops answers.",
    description: "Runs that are going on go on in their pods, but nothing records them and nothing new begins. Look with: flyteops check",
  },
  {
    alert: "FlyteopsBugs",
    expr: 'sum by (kind) (increase(flyteops_kube_reconcile_total{result="bug"}[15m])) > 0',
    for: "0m",
    severity: "warning",
    summary: "Passes over {{ $labels.kind }} fail with an error that nobody foresaw.",
    description: "The log of flyteops-controller has the stack, at level error.",
  },
  {
    alert: "FlyteopsRetrying",
    expr: 'sum by (kind) (rate(flyteops_kube_reconcile_total{result="retryable"}[10m])) > 1',
    for: "15m",
    severity: "warning",
    summary: "Passes over {{ $labels.kind }} fail again and again.",
    description: "Something that flyteops depends on does not answer: PostgreSQL, the object store, git or the Kubernetes API. The log says which.",
  },
  {
    alert: "FlyteopsBacklog",
    expr: "max by (kind) (flyteops_kube_queue_depth) > 1000",
    for: "15m",
    severity: "warning",
    summary: "More than a thousand {{ $labels.kind }} objects wait to be looked at.",
    description: "More work comes in than is done: raise config.controller.workers, or config.controller.shards with more replicas.",
  },
  {
    alert: "FlyteopsApiTrouble",
    expr: 'sum(rate(flyteops_kube_api_answers_total{code=~"429|5xx|none"}[10m])) / sum(rate(flyteops_kube_api_answers_total[10m])) > 0.05',
    for: "15m",
    severity: "warning",
    summary: "One request in twenty to the Kubernetes API is refused or not answered.",
    description: "With code 429: give flyteops more of the API server (the PriorityLevelConfiguration flyteops). Otherwise look at the API server.",
  },
];
