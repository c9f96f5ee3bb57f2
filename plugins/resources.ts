import { TerminalFailure } from "../base/index.ts";
import type { ContainerResources } from "./plugin.ts";
import { formatBinary, growMemory, parseQuantity } from "../base/index.ts";

type Quantities = Readonly<Record<string, string | number>>;

/** What the namespace's ProjectQuota says about one task. */
export interface TaskQuota {
  readonly taskDefaults?: Quantities | undefined;
  readonly taskLimits?: Quantities | undefined;
}

export interface MemoryGrowth {
  /** How often this action has been killed for memory. */
  readonly oomKills: number;
  readonly factor: number;
  readonly max?: string | undefined;
}

const amount = (value: string | number | undefined): bigint | undefined => (value === undefined ? undefined : parseQuantity(String(value)));

function texts(quantities: Quantities | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities ?? {}).map(([name, value]) => [name, String(value)]));
}

/** Requests take their limit, else the namespace's default; limits take their request (Flyte). */
function filled(asked: ContainerResources, quota: TaskQuota): { requests: Record<string, string>; limits: Record<string, string> } {
  const requests = { ...texts(quota.taskDefaults), ...texts(asked.limits), ...texts(asked.requests) };
  return { requests, limits: { ...requests, ...texts(asked.limits) } };
}

function smallest(...values: (bigint | undefined)[]): bigint | undefined {
  return values.reduce((least, value) => (value === undefined ? least : least === undefined || value < least ? value : least), undefined);
}

/** The largest memory that growth may reach; undefined when nothing bounds it. */
function memoryCeiling(quota: TaskQuota, growth: MemoryGrowth): bigint | undefined {
  return smallest(amount(growth.max), amount(quota.taskLimits?.["memory"]));
}

function grown(memory: bigint, ceiling: bigint | undefined, growth: MemoryGrowth): bigint {
  if (ceiling !== undefined && memory >= ceiling) return memory;
  const wanted = growMemory(memory, growth.factor ** growth.oomKills);
  return ceiling !== undefined && wanted > ceiling ? ceiling : wanted;
}

function mustBeQuantities(resources: ContainerResources): void {
  for (const [name, value] of [...Object.entries(resources.requests), ...Object.entries(resources.limits)]) {
    if (amount(value) === undefined) throw new TerminalFailure("InvalidSpec", `resources: ${name}: "${value}" is not a quantity such as 500m or 2Gi`);
  }
}

function mustFit(resources: ContainerResources, quota: TaskQuota): void {
  for (const [name, limit] of Object.entries(resources.limits)) {
    const request = Object.hasOwn(resources.requests, name) ? resources.requests[name] : undefined;
    if ((amount(request) ?? 0n) > (amount(limit) ?? 0n)) {
      throw new TerminalFailure("InvalidSpec", `resources: the request of ${name} (${request}) is larger than its limit (${limit})`);
    }
    const allowed = quota.taskLimits && Object.hasOwn(quota.taskLimits, name) ? quota.taskLimits[name] : undefined;
    if (allowed !== undefined && (amount(limit) ?? 0n) > (amount(allowed) ?? 0n)) {
      throw new TerminalFailure("ResourceLimitExceeded", `${name}: ${limit} is more than this namespace allows one task (ProjectQuota taskLimits: ${allowed})`);
    }
  }
}

/**
 * What the container asks for in the end. TerminalFailure ResourceLimitExceeded above the namespace's task limits
 * (never clamped), InvalidSpec for what is no quantity.
 */
export function effectiveResources(asked: ContainerResources, quota: TaskQuota, growth?: MemoryGrowth): ContainerResources {
  const resources = filled(asked, quota);
  mustBeQuantities(resources);
  const memory = amount(resources.limits["memory"]);
  if (growth && growth.oomKills > 0 && memory !== undefined) {
    const raised = formatBinary(grown(memory, memoryCeiling(quota, growth), growth));
    resources.limits["memory"] = raised;
    resources.requests["memory"] = raised;
  }
  mustFit(resources, quota);
  return resources;
}

/** Whether one more out-of-memory kill would be answered with more memory than now. */
export function canGrow(asked: ContainerResources, quota: TaskQuota, growth: MemoryGrowth): boolean {
  const memory = amount(filled(asked, quota).limits["memory"]);
  if (memory === undefined || growth.factor <= 1) return false;
  const ceiling = memoryCeiling(quota, growth);
  if (ceiling === undefined) return growth.oomKills < MAX_UNBOUNDED_GROWTH;
  return grown(memory, ceiling, growth) < grown(memory, ceiling, { ...growth, oomKills: growth.oomKills + 1 });
}

/** Without any ceiling memory grows this often and no more. */
const MAX_UNBOUNDED_GROWTH = 5;
