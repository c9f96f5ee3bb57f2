interface Panel {
  readonly title: string;
  /** What the figures mean, for who looks for the first time. */
  readonly description: string;
  readonly unit: string;
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

/** What Grafana shows, two panels to a row. */
export const panels: readonly Panel[] = [
  {
    title: "Passes by outcome",
    description: "How often the controllers looked at an object, and how that ended.",
    unit: "ops",
    queries: [{ expr: "sum by (result) (rate(flyteops_kube_reconcile_total[5m]))", legend: "{{result}}" }],
  },
  {
    title: "Passes by kind",
    description: "Which kinds keep the controllers busy.",
    unit: "ops",
    queries: [{ expr: "sum by (kind) (rate(flyteops_kube_reconcile_total[5m]))", legend: "{{kind}}" }],
  },
  {
    title: "Duration of a pass, 99th percentile",
    description: "How long the slowest passes over one object take.",
    unit: "s",
    queries: [{ expr: "histogram_quantile(0.99, sum by (le, kind) (rate(flyteops_kube_reconcile_seconds_bucket[5m])))", legend: "{{kind}}" }],
  },
  {
    title: "Waiting objects",
    description: "Objects that are to be looked at and were not yet.",
    unit: "short",
    queries: [{ expr: "sum by (kind) (flyteops_kube_queue_depth)", legend: "{{kind}}" }],
  },
  {
    title: "Time in the queue, 99th percentile",
    description: "How long an object waits until it is looked at.",
    unit: "s",
    queries: [{ expr: "histogram_quantile(0.99, sum by (le, kind) (rate(flyteops_kube_queue_wait_seconds_bucket[5m])))", legend: "{{kind}}" }],
  },
  {
    title: "Calls of the Kubernetes API",
    description: "What the controllers ask, by verb.",
    unit: "reqps",
    queries: [{ expr: "sum by (verb) (rate(flyteops_kube_api_calls_total[5m]))", legend: "{{verb}}" }],
  },
  {
    title: "Answers of the Kubernetes API",
    description: "How it answers: 429 is its own limit, 5xx and none are its trouble.",
    unit: "reqps",
    queries: [{ expr: "sum by (code) (rate(flyteops_kube_api_answers_total[5m]))", legend: "{{code}}" }],
  },
  {
    title: "Time of the Kubernetes API, 99th percentile",
    description: "How long it takes to answer, waiting for our own limit included.",
    unit: "s",
    queries: [{ expr: "histogram_quantile(0.99, sum by (le, verb) (rate(flyteops_kube_api_seconds_bucket[5m])))", legend: "{{verb}}" }],
  },
  {
    title: "Event loop, lag",
    description: "How late a program does what is due: above a tenth of a second it has too much to compute.",
    unit: "s",
    queries: [{ expr: "max by (pod) (flyteops_process_event_loop_lag_seconds)", legend: "{{pod}}" }],
  },
];

const WIDTH = 12;
const HEIGHT = 8;

function panel({ title, description, unit, queries }: Panel, index: number): object {
  return {
    id: index + 1,
    type: "timeseries",
    title,
    description,
    datasource: { type: "prometheus", uid: "${datasource}" },
    gridPos: { h: HEIGHT, w: WIDTH, x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT },
    fieldConfig: { defaults: { unit, custom: { fillOpacity: 10, showPoints: "never" } }, overrides: [] },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    targets: queries.map(({ expr, legend }, at) => ({ refId: String.fromCharCode(65 + at), expr, legendFormat: legend })),
  };
}

/** The dashboard as Grafana imports it. */
export function dashboard(): string {
  const source = { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" };
  const board = {
    uid: "flyteops",
    title: "flyteops",
    tags: ["flyteops"],
    timezone: "browser",
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: { list: [source] },
    panels: panels.map(panel),
  };
  return `${JSON.stringify(board, undefined, 2)}\n`;
}
