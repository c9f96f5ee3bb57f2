import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Labels, LabelValues, Meter } from "../../base/index.ts";

export interface Metrics {
  readonly meter: Meter;
  /** What Prometheus reads, and its content type. */
  page(): Promise<{ readonly type: string; readonly text: string }>;
}

/** Every combination of the values of every label. */
export function combinations(labels: LabelValues<string>): Labels<string>[] {
  return Object.entries(labels).reduce<Labels<string>[]>(
    (found, [name, values]) => found.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))),
    [{}],
  );
}

const keyOf = (labels: Labels<string>): string => JSON.stringify(Object.entries(labels).sort());

/** The Meter of prom-client, which is loaded here: programs without metrics do not pay for it. */
export async function prometheusMetrics(): Promise<Metrics> {
  const prometheus = await import("prom-client");
  const registry: Registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry });
  const made = new Map<string, Counter | Gauge | Histogram>();
  const once = <T extends Counter | Gauge | Histogram>(name: string, make: () => T): T => {
    const metric = (made.get(name) as T | undefined) ?? make();
    made.set(name, metric);
    return metric;
  };
  const facts = (name: string, help: string, labels: LabelValues<string>) => ({ name, help, labelNames: Object.keys(labels), registers: [registry] });
  const readings = new Map<string, Map<string, { readonly labels: Labels<string>; readonly read: () => number }[]>>();

  const meter: Meter = {
    counter({ name, help, labels }) {
      const counter = once(name, () => new prometheus.Counter(facts(name, help, labels)));
      for (const each of combinations(labels)) counter.inc(each, 0);
      return { add: (of, by = 1) => counter.inc(of, by) };
    },
    histogram({ name, help, labels, buckets }) {
      const histogram = once(name, () => new prometheus.Histogram({ ...facts(name, help, labels), buckets: [...buckets] }));
      for (const each of combinations(labels)) histogram.zero(each);
      return { observe: (of, value) => histogram.observe(of, value) };
    },
    gauge({ name, help, labels }, of, read) {
      const series = readings.get(name) ?? new Map<string, { readonly labels: Labels<string>; readonly read: () => number }[]>();
      readings.set(name, series);
      series.set(keyOf(of), [...(series.get(keyOf(of)) ?? []), { labels: of, read }]);
      // Two controllers of one kind are one series: their values are added.
      const collect = function (this: Gauge) {
        for (const each of series.values())
          this.set(
            each[0]?.labels ?? {},
            each.reduce((sum, one) => sum + one.read(), 0),
          );
      };
      once(name, () => new prometheus.Gauge({ ...facts(name, help, labels), collect }));
    },
  };
  return { meter, page: async () => ({ type: registry.contentType, text: await registry.metrics() }) };
}
