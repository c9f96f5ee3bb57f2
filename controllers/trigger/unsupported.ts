import type { Trigger } from "../../crds/index.ts";

/** Fields of a Trigger that are accepted as schema but do not work yet. Everything else in its spec is honoured. */
const NOT_YET = ["schedules", "kickoffTimeInput", "startingDeadline", "backfill", "catchUp"] as const;

/** The fields of this trigger that nothing acts upon yet, in the order of the schema. */
export function unsupportedFields(spec: Trigger["spec"]): string[] {
  const held = spec as Readonly<Record<string, unknown>>;
  const paths = spec.onCommit?.paths === undefined ? [] : ["spec.onCommit.paths"];
  return [...NOT_YET.filter((field) => held[field] !== undefined).map((field) => `spec.${field}`), ...paths];
}
