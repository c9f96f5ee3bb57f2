import type { Scratch } from "./scratch.ts";

/** One line of a table: cells by column name. Numbers carry the unit that the column name says. */
export type Row = Readonly<Record<string, string | number | undefined>>;

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** What a reader must know to read the figures. */
  readonly notes?: readonly string[];
}

export interface BenchOptions {
  /** Kubeconfig of another API server that is measured in the same run, for a ratio. */
  readonly peer: string | undefined;
  /** Seconds of load per figure. */
  readonly seconds: number;
  /** Size of the large repository and of the memory benchmark. */
  readonly objects: number;
  /** Where the embedded API keeps objects. */
  readonly log: "postgres" | "memory";
  /** The program that is measured: a bundle, or a source file. */
  readonly program: string;
  /** How often a thing that happens once is repeated. */
  readonly repeat: number;
}

export interface BenchContext {
  readonly options: BenchOptions;
  readonly scratch: Scratch;
  /** Progress, on standard error. */
  say(line: string): void;
}

export interface Benchmark {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  run(context: BenchContext): Promise<Table[]>;
}
