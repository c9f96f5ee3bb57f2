import type { TaskActionStatus } from "../../crds/index.ts";
import type { AttemptError } from "../../plugins/index.ts";
import { cutTo } from "./action-status.ts";
import { type Failures, noFailures } from "./next-step.ts";

/**
 * The items of a map, one character each in `status.items.phases`: `.` not started, `q` pod made, `r` running, `s` succeeded,
 * `f` failed, `t` timed out, `k` skipped, `w` waiting to run again.
 */
export type ItemPhase = "." | "q" | "r" | "s" | "f" | "t" | "k" | "w";

export interface Item {
  phase: ItemPhase;
  /** Attempt that runs or ran last, 0-based; of a succeeded item the one that won. */
  attempt: number;
  failures: Failures;
}

export interface ItemFailure {
  index: number;
  code: string;
  message: string;
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const FAILURES_MAX = 100;
const FAILURE_MESSAGE_MAX = 1_024;
const OVER: readonly ItemPhase[] = ["s", "f", "t", "k"];

export const isItemOver = ({ phase }: Item): boolean => OVER.includes(phase);
export const hasFailed = ({ phase }: Item): boolean => phase === "f" || phase === "t";

/** The counters that are kept per item, in the order of the columns of `status.items.state`. */
const COLUMNS: readonly ((item: Item) => number)[] = [
  (item) => item.attempt,
  (item) => item.failures.user,
  (item) => item.failures.system,
  (item) => item.failures.preemption,
  (item) => item.failures.oom,
];

/** One digit per item and column; zeros at the end are left out. At most 5 × 8,192 bytes. */
function pack(items: readonly Item[]): string {
  const columns = COLUMNS.map((valueOf) =>
    items
      .map((item) => DIGITS[Math.min(valueOf(item), DIGITS.length - 1)] ?? "0")
      .join("")
      .replace(/0+$/, ""),
  );
  return columns.join(",").replace(/,+$/, "");
}

export function readItems(status: TaskActionStatus, count: number): Item[] {
  const phases = status.items?.phases ?? "";
  const columns = (status.items?.state ?? "").split(",");
  const digit = (column: number, index: number): number => Math.max(0, DIGITS.indexOf(columns[column]?.[index] ?? "0"));
  return Array.from({ length: count }, (_, index) => ({
    phase: (phases[index] ?? ".") as ItemPhase,
    attempt: digit(0, index),
    failures:
      columns.length === 1 && columns[0] === ""
        ? noFailures
        : { user: digit(1, index), system: digit(2, index), preemption: digit(3, index), oom: digit(4, index) },
  }));
}

/** Writes items and the first failures into the status. */
export function writeItems(status: TaskActionStatus, items: readonly Item[], failures: readonly ItemFailure[]): void {
  const state = pack(items);
  const kept = failures.slice(0, FAILURES_MAX).map((failure) => ({ ...failure, message: cutTo(failure.message, FAILURE_MESSAGE_MAX) }));
  status.items = {
    phases: items.map(({ phase }) => phase).join(""),
    succeeded: items.filter(({ phase }) => phase === "s").length,
    failed: items.filter(hasFailed).length,
    running: items.filter(({ phase }) => phase === "q" || phase === "r").length,
    ...(kept.length === 0 ? {} : { failures: kept }),
    ...(state === "" ? {} : { state }),
  };
}

/** What the items come to, given the share that must succeed. Undefined while that is open. */
export function mapVerdict(items: readonly Item[], minSuccessRatio: number): "succeeded" | "failed" | undefined {
  const failed = items.filter((item) => hasFailed(item) || item.phase === "k").length;
  const allowed = Math.floor(items.length * (1 - minSuccessRatio) + 1e-9);
  if (failed > allowed) return "failed";
  return items.every(isItemOver) ? "succeeded" : undefined;
}

/** The error of a map: how many items failed, and the first of them. */
export function mapError(node: string, items: readonly Item[], failures: readonly ItemFailure[]): AttemptError {
  const failed = items.filter(hasFailed).length;
  const first = [...failures].sort((left, right) => left.index - right.index)[0];
  const example = first ? `; ${node}[${first.index}]: ${first.code}: ${first.message}` : "";
  return { code: "MapFailed", kind: "USER", message: `${failed} of ${items.length} items failed${example}` };
}
