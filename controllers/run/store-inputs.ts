import { digestJson, type JsonObject } from "../../base/index.ts";
import { type BlobStore, rootInputsKey } from "../../blobs/index.ts";
import { parametersOfPlan } from "../../engine/index.ts";
import type { ReconcileRun } from "../../kube/index.ts";
import { LiteralMapSchema, toBinary } from "../../proto/index.ts";
import { offload } from "../../values/index.ts";
import type { NeedsAnswerer } from "./answer-needs.ts";
import type { RunContext } from "./context.ts";
import { unresolvedIn } from "./pin-plan.ts";
import { readRemotes, wantedRemotes } from "./remote-inputs.ts";
import { runInputs } from "./run-inputs.ts";

const INPUTS_LITERAL = "inputs";

interface Sources {
  readonly blobs: BlobStore;
  readonly needs: NeedsAnswerer;
}

/** Checks and stores the run's inputs, once. */
export async function storeInputs({ run, spec, plan, base, ...place }: RunContext, pass: ReconcileRun, { blobs, needs }: Sources): Promise<void> {
  if (run.status?.inputs) return;
  const unresolved = unresolvedIn(plan);
  if (unresolved) throw unresolved;
  const declared = plan.root.graph.inputs;
  const given = (spec.inputs ?? {}) as JsonObject;
  const remote = await readRemotes(needs.remote, { base, ...place }, wantedRemotes(plan, given));
  const literals = runInputs(blobs, declared, given, remote);
  const { map, parts } = offload(parametersOfPlan(declared), literals, (name) => blobs.uri(`${base}/${INPUTS_LITERAL}/${name}.pb`));
  for (const { name, bytes } of parts) await blobs.write(`${base}/${INPUTS_LITERAL}/${name}.pb`, bytes);
  const key = rootInputsKey(base);
  await blobs.write(key, toBinary(LiteralMapSchema, map));
  run.status = { ...run.status, inputs: { uri: blobs.uri(key), digest: digestJson(given) } };
  pass.mark("Resolved", "Resolved");
}
