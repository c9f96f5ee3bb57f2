import { parseQuantity } from "../base/index.ts";
import type { Findings } from "./findings.ts";

type Quantities = Readonly<Record<string, string | number>>;

/** The most one task of a namespace may ask for, by resource name: `taskLimits` of its ProjectQuota. */
export type TaskLimits = Quantities;

export interface Resources {
  readonly requests?: Quantities | undefined;
  readonly limits?: Quantities | undefined;
}

/** What a compilation looked up when it looked for the limits. */
export const QUOTA_REFERENCE = "ProjectQuota/default";

const amountOf = (value: string | number): bigint => parseQuantity(String(value)) ?? 0n;

const has = (quantities: Quantities | undefined, name: string): quantities is Quantities => quantities !== undefined && Object.hasOwn(quantities, name);

/**
 * Reports what is above the limits. A limit that is absent defaults to its request.
 * @param written the part that `findings` stands at: only what is written there is reported there
 */
export function checkLimits(written: Resources | undefined, whole: Resources, limits: TaskLimits, findings: Findings): void {
  for (const [name, allowed] of Object.entries(limits)) {
    for (const part of ["limits", "requests"] as const) {
      const asked = written?.[part];
      // Where there is a limit the request cannot be larger: one problem is enough.
      if (!has(asked, name) || (part === "requests" && has(whole.limits, name))) continue;
      const value = asked[name]!;
      if (amountOf(value) <= amountOf(allowed)) continue;
      findings.at(part, name).error("ResourceLimitExceeded", `${value} is more than this namespace allows one task (ProjectQuota taskLimits: ${allowed})`);
    }
  }
}

/** Overrides merge per key. */
export function mergedResources(task: Resources | undefined, node: Resources | undefined): Resources {
  return { requests: { ...task?.requests, ...node?.requests }, limits: { ...task?.limits, ...node?.limits } };
}
