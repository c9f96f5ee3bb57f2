/** One thing that was looked at. */
export interface Finding {
  readonly subject: string;
  readonly level: "ok" | "warning" | "problem";
  readonly message: string;
  /** What to do, where there is something to do. */
  readonly hint?: string;
}
