import type { JsonObject } from "../../base/index.ts";
import { findings, type Problem, refuseUnsupported } from "../../engine/index.ts";
import { type Complaint, error, warning } from "./candidate.ts";

/** Fields of spec that are accepted as schema but do not work yet, and what to do instead. Tasks, Workflows and Runs: see the compiler. */
const NOT_YET: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Trigger: {
    schedules: "schedules do not work yet: start the Run by hand, or on commit",
    kickoffTimeInput: "kickoffTimeInput does not work yet, because schedules do not",
    startingDeadline: "startingDeadline does not work yet, because schedules do not",
    backfill: "backfill does not work yet, because schedules do not",
    catchUp: "catchUp does not work yet, because schedules do not",
    "onCommit.paths": "onCommit.paths does not work yet: files among the inputs are watched already",
  },
  GitSync: {
    "ref.semver": "ref.semver does not work yet: name a tag",
    verify: "verify does not work yet: signatures are not checked",
    patches: "patches do not work yet",
    params: "params do not work yet",
  },
};

function valueAt(spec: JsonObject, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined), spec);
}

/** Parts of a spec, as written, that do not work yet: refused with their place, never ignored. */
export function notImplemented(kind: string, spec: JsonObject): Complaint[] {
  const fields = Object.entries(NOT_YET[kind] ?? {}).filter(([path]) => valueAt(spec, path.split(".")) !== undefined);
  const complaints = fields.map(([path, message]) => error("NotImplemented", message, ["spec", ...path.split(".")], "key"));
  if (kind === "App") complaints.push(warning("NotImplemented", "Apps are accepted and kept, but not run yet", ["kind"]));
  return kind === "Run" ? [...complaints, ...unsupportedInRun(spec)] : complaints;
}

function unsupportedInRun(spec: JsonObject): Complaint[] {
  const problems: Problem[] = [];
  refuseUnsupported("Run", spec, findings({ kind: "Run", name: "" }, problems, ["spec"]));
  return problems.map(({ code, message, path, severity }) => ({ code, message, path, severity, of: "key" as const }));
}
