/** The values that each label may have. All of them are there from the start, at zero: a graph has no gaps before the first event. */
export type LabelValues<L extends string> = Readonly<Record<L, readonly string[]>>;
export type Labels<L extends string> = Readonly<Record<L, string>>;

export interface MetricSpec<L extends string = string> {
  /** `flyteops_<room>_<noun>_<unit>`: seconds and bytes; a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: LabelValues<L>;
}

export interface HistogramSpec<L extends string = string> extends MetricSpec<L> {
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

export interface Counter<L extends string> {
  add(labels: Labels<L>, by?: number): void;
}

export interface Histogram<L extends string> {
  observe(labels: Labels<L>, value: number): void;
}

/** Metrics as a port. The same name may be asked for many times: it is one metric, and the label values add up. */
export interface Meter {
  counter<L extends string>(spec: MetricSpec<L>): Counter<L>;
  histogram<L extends string>(spec: HistogramSpec<L>): Histogram<L>;
  /** A value that is asked for when somebody looks. */
  gauge<L extends string>(spec: MetricSpec<L>, labels: Labels<L>, read: () => number): void;
}

/** Counts nothing. */
export const silentMeter: Meter = {
  counter: () => ({ add() {} }),
  histogram: () => ({ observe() {} }),
  gauge() {},
};
