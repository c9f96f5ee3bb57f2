import { didYouMean, isFields, type JsonObject } from "../../base/index.ts";
import { type Candidate, type Complaint, error, isInvalid } from "./candidate.ts";
import type { DefinitionElsewhere } from "./definitions-check.ts";
import { checkGiven, checkMissing, declaredInputs } from "./given-inputs.ts";

/** What a Run or a Trigger names, and the inputs it takes. */
interface Callee {
  readonly kind: string;
  readonly name: string;
  /** Absent when it does not fit its kind. */
  readonly spec: JsonObject | undefined;
  readonly invalid: boolean;
  readonly where: string;
}

type Callees = ReadonlyMap<string, Callee>;

const keyOf = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;
const KIND_OF = { workflow: "Workflow", task: "Task", trigger: "Trigger" } as const;

function calleesOf(candidates: readonly Candidate[], elsewhere: readonly DefinitionElsewhere[]): Callees {
  const callees = new Map<string, Callee>();
  for (const { kind, namespace, name, spec } of elsewhere)
    callees.set(keyOf(kind, namespace, name), { kind, name, spec, invalid: false, where: "the cluster" });
  for (const candidate of candidates) {
    const { kind, namespace, name } = candidate.identity;
    callees.set(keyOf(kind, namespace, name), {
      kind,
      name,
      spec: candidate.spec,
      invalid: isInvalid(candidate),
      where: `${candidate.file}:${candidate.position.line}`,
    });
  }
  return callees;
}

/** Checks Triggers, then Runs, against the definitions they name. Definitions must have been compiled before. */
export function checkCallers(candidates: readonly Candidate[], elsewhere: readonly DefinitionElsewhere[]): void {
  const ofKind = (kind: string) => candidates.filter(({ identity, spec }) => identity.kind === kind && spec !== undefined);
  const [triggers, runs] = [ofKind("Trigger"), ofKind("Run")];
  if (triggers.length + runs.length === 0) return;
  const definitions = calleesOf(candidates, elsewhere);
  for (const trigger of triggers) trigger.found.push(...triggerComplaints(trigger, definitions));
  const callees = calleesOf(candidates, elsewhere);
  for (const run of runs) run.found.push(...runComplaints(run, callees));
}

interface Found {
  /** Absent when its inputs are not known. */
  readonly callee?: Callee;
  /** Why it cannot be run. */
  readonly complaints: readonly Complaint[];
}

function calleeOf(caller: Candidate, spec: JsonObject, at: readonly string[], callees: Callees): Found {
  const field = (["workflow", "task", "trigger"] as const).find((word) => typeof spec[word] === "string");
  if (!field) return { complaints: [] };
  const name = String(spec[field]);
  const { namespace } = caller.identity;
  const callee = callees.get(keyOf(KIND_OF[field], namespace, name));
  if (callee) {
    const invalid = error(`${KIND_OF[field]}Invalid`, `${field} ${name} has problems of its own (${callee.where})`, [...at, field]);
    return { ...(callee.spec ? { callee } : {}), complaints: callee.invalid || !callee.spec ? [invalid] : [] };
  }
  const known = [...callees.keys()].filter((key) => key.startsWith(`${KIND_OF[field]}/${namespace}/`)).map((key) => key.slice(key.lastIndexOf("/") + 1));
  return { complaints: [error(`${KIND_OF[field]}Unknown`, `there is no ${field} ${name} in ${namespace}${didYouMean(name, known)}`, [...at, field])] };
}

const spoken = ({ kind, name }: Callee): string => `${kind.toLowerCase()} ${name}`;
const mapOf = (value: unknown): JsonObject => (isFields(value) ? (value as JsonObject) : {});

function triggerComplaints(trigger: Candidate, callees: Callees): Complaint[] {
  const spec = trigger.spec ?? {};
  const run = mapOf(spec["run"]);
  const { callee, complaints } = calleeOf(trigger, run, ["spec", "run"], callees);
  if (!callee) return [...complaints];
  const declared = declaredInputs(callee.spec ?? {});
  const [fixed, standard] = [mapOf(run["fixedInputs"]), mapOf(spec["defaultInputs"])];
  const both = Object.keys(standard).filter((name) => Object.hasOwn(fixed, name));
  return [
    ...complaints,
    ...checkGiven(fixed, declared, spoken(callee), ["spec", "run", "fixedInputs"]),
    ...checkGiven(standard, declared, spoken(callee), ["spec", "defaultInputs"]),
    ...both.map((name) => error("InputFixed", `${name} is fixed in run.fixedInputs: remove it here`, ["spec", "defaultInputs", name], "key")),
    ...(spec["onCommit"] === undefined ? [] : missingAtCommit(spec, fixed, standard, callee)),
  ];
}

/** A Trigger that starts by itself must bring everything that is needed. */
function missingAtCommit(spec: JsonObject, fixed: JsonObject, standard: JsonObject, callee: Callee): Complaint[] {
  const given = new Set([...Object.keys(fixed), ...Object.keys(standard), ...(typeof spec["kickoffTimeInput"] === "string" ? [spec["kickoffTimeInput"]] : [])]);
  return checkMissing(given, declaredInputs(callee.spec ?? {}), spoken(callee), ["spec", "onCommit"]);
}

function runComplaints(run: Candidate, callees: Callees): Complaint[] {
  const spec = run.spec ?? {};
  const { callee, complaints } = calleeOf(run, spec, ["spec"], callees);
  if (!callee) return [...complaints];
  const given = callee.kind === "Trigger" ? runOfTrigger(run, callee, callees) : runOfDefinition(spec, callee, new Set(), new Set());
  return [...complaints, ...given];
}

function runOfTrigger(run: Candidate, trigger: Callee, callees: Callees): Complaint[] {
  const template = mapOf(trigger.spec?.["run"]);
  const { callee } = calleeOf(run, template, ["spec", "trigger"], callees);
  if (!callee) return [];
  const fixed = new Set(Object.keys(mapOf(template["fixedInputs"])));
  return runOfDefinition(run.spec ?? {}, callee, fixed, new Set(Object.keys(mapOf(trigger.spec?.["defaultInputs"]))));
}

function runOfDefinition(spec: JsonObject, callee: Callee, fixed: ReadonlySet<string>, standard: ReadonlySet<string>): Complaint[] {
  const declared = declaredInputs(callee.spec ?? {});
  const given = mapOf(spec["inputs"]);
  const at = ["spec", "inputs"];
  const refused = Object.keys(given).filter((name) => fixed.has(name));
  const known = new Set([...Object.keys(given), ...fixed, ...standard]);
  return [
    ...checkGiven(given, declared, spoken(callee), at),
    ...checkMissing(known, declared, spoken(callee), spec["inputs"] === undefined ? ["spec"] : at),
    ...refused.map((name) => error("InputFixed", `the trigger fixes the input ${name}: remove it`, [...at, name], "key")),
  ];
}
