import { type Outcome, settled, type Step } from "../../base/index.ts";
import type { BlobStore } from "../../blobs/index.ts";
import { type Decision, type Facts, next, parametersOfPlan, type ResolvedInput, type RunError, startKey } from "../../engine/index.ts";
import type { InformerSet, ReconcileRun } from "../../kube/index.ts";
import { type Literal, LiteralMapSchema, toBinary } from "../../proto/index.ts";
import { offload, previewOf } from "../../values/index.ts";
import type { NeedsAnswerer } from "./answer-needs.ts";
import type { RunContext } from "./context.ts";
import { dataError } from "./failures.ts";
import { type Circumstances, factsOfRun } from "./facts-of-run.ts";
import { endRun, showCounts, showProgress, statusError } from "./run-status.ts";
import { abortAction, startAction, type StartDeps } from "./start-action.ts";

export interface AdvanceDeps {
  readonly informers: InformerSet;
  readonly blobs: BlobStore;
  readonly needs: NeedsAnswerer;
}

/** Effects of one decision that may go on beside each other. */
const PARALLEL = 16;
/** A run whose engine still asks after this many rounds asks for something it never gets: a bug. */
const MAX_ROUNDS = 1_000;

/** All of it, some at a time. When something fails the rest is not begun, and nothing is still under way when it throws. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      await work(item).catch((thrown: unknown) => {
        rest.length = 0;
        throw thrown;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
}

/** Asks the engine, finds out what it needs, asks again, until it only decides. */
async function decide(
  context: RunContext,
  circumstances: Circumstances,
  { needs }: AdvanceDeps,
): Promise<{ readonly decision: Decision; readonly facts: Facts }> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const facts = factsOfRun(context, circumstances);
    const decision = next(context.plan, facts);
    const open = decision.needs.filter(({ key }) => !facts.values.has(key));
    if (open.length === 0) return { decision, facts };
    await eachOf(open, async (need) => void (await needs.answer(context, need)));
  }
  throw new Error(`invariant violated: run ${context.run.metadata.name} needs more than ${MAX_ROUNDS} rounds of values`);
}

/** The cause of a failure is written before anything is done about it: after a crash it is still the same one. */
async function recordCause(context: RunContext, { run: { error, phase } }: Decision, facts: Facts, pass: ReconcileRun): Promise<void> {
  if (!error || facts.cause || phase === "Aborting" || phase === "Aborted") return;
  context.run.status = { ...context.run.status, error: statusError(error) };
  await pass.progress();
}

/** Stores outputs.pb of the run itself; what it refers to stays where it is. */
async function storeOutputs(context: RunContext, outputs: Readonly<Record<string, ResolvedInput>>, { blobs, needs }: AdvanceDeps): Promise<void> {
  const { run, base, plan } = context;
  const literals: Record<string, Literal> = {};
  for (const [name, output] of Object.entries(outputs)) literals[name] = await needs.resolver.input(context, output);
  const parameters = parametersOfPlan(plan.root.graph.outputs);
  const { map, parts } = offload(parameters, literals, (name) => blobs.uri(`${base}/outputs/${name}.pb`));
  for (const { name, bytes } of parts) await blobs.write(`${base}/outputs/${name}.pb`, bytes);
  const key = `${base}/outputs/outputs.pb`;
  await blobs.write(key, toBinary(LiteralMapSchema, map));
  const preview = previewOf(parameters, literals);
  run.status = { ...run.status, outputs: { uri: blobs.uri(key), ...(Object.keys(preview).length > 0 ? { preview } : {}) } };
}

function abortReason({ run }: RunContext, error: RunError | undefined): string {
  if (run.spec.desiredState === "Aborted") return run.spec.abortReason ?? "the run was aborted";
  if (error?.code === "TimedOut") return error.message;
  return error?.node === undefined ? "the run has failed" : `${error.node} has failed`;
}

interface Started {
  /** The first thing that was in the way of a start. */
  readonly inTheWay: Extract<Step<void>, { kind: "waiting" }> | undefined;
  /** Whether the inputs of a node could not be put together. */
  readonly refused: boolean;
}

async function startAll(context: RunContext, decision: Decision, deps: StartDeps): Promise<Started> {
  let inTheWay: Started["inTheWay"];
  let refused = false;
  await eachOf(decision.start, async (start) => {
    try {
      const step = await startAction(context, start, deps);
      if (step.kind === "waiting") inTheWay ??= step;
    } catch (thrown) {
      const error = dataError(thrown);
      if (!error) throw thrown;
      // The inputs cannot be put together: that is the node's failure, and it will be the same every time.
      context.memory.answers.set(startKey(start.node), { ok: false, error });
      refused = true;
    }
  });
  return { inTheWay, refused };
}

export interface Advanced {
  readonly outcome: Outcome;
  /** Whether the namespace's limit of actions held something back. */
  readonly starved: boolean;
}

/** One step of a run: decide, record a failure's cause, stop, start, and show where it stands. */
export async function advance(
  context: RunContext,
  circumstances: Circumstances,
  pass: ReconcileRun,
  deps: AdvanceDeps & Pick<StartDeps, "project">,
): Promise<Advanced> {
  const { run } = context;
  const { decision, facts } = await decide(context, circumstances, deps);
  await recordCause(context, decision, facts, pass);
  const reason = abortReason(context, decision.run.error);
  await eachOf(decision.abort, async (path) => {
    const action = context.actions.get(path);
    if (action) await abortAction(deps.informers.client, action, reason);
  });
  const { inTheWay, refused } = await startAll(context, decision, { ...deps, resolver: deps.needs.resolver });
  if (refused) return advance(context, circumstances, pass, deps);
  showCounts(run, decision.run.counts);
  const { phase } = decision.run;
  if (phase === "Running" || phase === "Aborting") {
    showProgress(pass, run, phase, inTheWay);
    const starved = facts.startBudget !== undefined && decision.start.length >= facts.startBudget && decision.run.counts.waiting > decision.start.length;
    const delays = [decision.wakeAt === undefined ? undefined : Math.max(1, decision.wakeAt - pass.now), inTheWay?.recheckAfter].filter(
      (delay) => delay !== undefined,
    );
    return { outcome: settled(delays.length > 0 ? Math.min(...delays) : undefined), starved };
  }
  if (phase === "Succeeded" && decision.run.outputs) await storeOutputs(context, decision.run.outputs, deps);
  endRun(pass, run, phase, decision.run.error ?? (run.status?.error as RunError | undefined));
  return { outcome: settled(), starved: false };
}
