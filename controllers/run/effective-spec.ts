import { type JsonObject, type Step, waiting } from "../../base/index.ts";
import { type Run, RunKind, type RunSpec, type Trigger, TriggerKind } from "../../crds/index.ts";
import type { InformerSet, Stored } from "../../kube/index.ts";
import { DataFailure } from "./failures.ts";
import { FIELD_MANAGER } from "./start-action.ts";

/** Where a Run of a Trigger keeps what the Trigger said when the Run was taken up: later edits change later Runs. */
const TEMPLATE_ANNOTATION = "flyte.org/trigger-template";

interface Template {
  readonly run: Trigger["spec"]["run"];
  readonly defaultInputs: Trigger["spec"]["defaultInputs"] | undefined;
}

function merge(spec: RunSpec, { run, defaultInputs }: Template): RunSpec {
  const { fixedInputs, overrides, workflow, task, ...rest } = run;
  const given = (spec.inputs ?? {}) as JsonObject;
  const fixed = (fixedInputs ?? {}) as JsonObject;
  const touched = Object.keys(given).filter((name) => Object.hasOwn(fixed, name));
  if (touched.length > 0) throw new DataFailure("InputFixed", `the trigger fixes ${touched.join(", ")}: a Run of it cannot give another value`);
  const own = Object.fromEntries(Object.entries(spec).filter(([key, value]) => value !== undefined && key !== "trigger"));
  return {
    ...rest,
    ...own,
    ...(workflow === undefined ? {} : { workflow }),
    ...(task === undefined ? {} : { task }),
    inputs: { ...defaultInputs, ...given, ...fixed },
    overrides: { ...overrides, ...spec.overrides, nodes: { ...overrides?.nodes, ...spec.overrides?.nodes } },
  } as RunSpec;
}

/** The spec of a Run; of a Run that names a Trigger, merged with the Trigger as it was when the Run was first seen. */
export async function effectiveSpec(informers: InformerSet, run: Stored<Run>): Promise<Step<RunSpec>> {
  const { trigger } = run.spec;
  if (trigger === undefined) return { kind: "ready", value: run.spec };
  const kept = run.metadata.annotations?.[TEMPLATE_ANNOTATION];
  if (kept !== undefined) return { kind: "ready", value: merge(run.spec, JSON.parse(kept) as Template) };
  const { namespace, name, uid } = run.metadata;
  const found = informers.of<Trigger>({ kind: TriggerKind }).get(`${namespace}/${trigger}`);
  if (!found) return waiting("TriggerMissing", `Trigger ${trigger}, which does not exist`);
  const template: Template = { run: found.spec.run, defaultInputs: found.spec.defaultInputs };
  const body = { metadata: { uid, annotations: { [TEMPLATE_ANNOTATION]: JSON.stringify(template) } } };
  const stored = await informers.client.patch<Run>(RunKind, { namespace, name }, { type: "merge", body }, { fieldManager: FIELD_MANAGER });
  run.metadata = stored.metadata;
  return { kind: "ready", value: merge(run.spec, template) };
}
