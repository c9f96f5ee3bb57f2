import type { LabelSelector } from "./workload-shapes.ts";

type Labels = Readonly<Record<string, string>>;

function holds({ key, operator, values = [] }: NonNullable<LabelSelector["matchExpressions"]>[number], labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}

/** Whether a selector of a workload selects these labels. An empty one selects nothing: no workload may own everything. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels = {}): boolean {
  const wanted = Object.entries(matchLabels);
  if (wanted.length + matchExpressions.length === 0) return false;
  return wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) && matchExpressions.every((one) => holds(one, labels));
}
