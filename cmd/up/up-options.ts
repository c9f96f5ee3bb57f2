/** Options of `flyteops up` as commander hands them over. */
export interface UpOptions {
  readonly repo?: string;
  readonly branch?: string;
  readonly path?: string;
  readonly state: string;
  readonly port?: string;
  readonly metricsPort?: string;
  readonly once?: boolean;
  readonly output?: string;
  readonly image?: readonly string[];
  readonly runtime: string;
  readonly logLevel: string;
}
