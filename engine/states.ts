import type { ActionError, ActionFact, Facts, Need, NodePhase, Resolved, ResolvedInput, RunError } from "./facts.ts";
import type { Instance, OpenPlan, Scope } from "./open-plan.ts";
import { resolveBinding, resolveOver, type RunState, resolveSource, takesNone } from "./resolve.ts";
import { defaultOf } from "./parameters.ts";
import { sliceAction, slicesOf } from "./slices.ts";

/** Where one node stands. */
export interface NodeState {
  readonly phase: NodePhase;
  /** Why it waits, was skipped or will not run. */
  readonly reason?: string;
  readonly error?: RunError;
  /** When it ended, if an action says so. */
  readonly endTime?: number;
  /** Actions of it, or inside it, that have not ended. */
  readonly active: number;
  readonly cached?: boolean;
  /** A Ready node: what it starts with. */
  readonly inputs?: Readonly<Record<string, ResolvedInput>>;
  /** A Ready map node. */
  readonly map?: { readonly over: Readonly<Record<string, ResolvedInput>>; readonly length: number };
  /** What must be found out before it can be Ready. */
  readonly needs?: readonly Need[];
}

export interface ScopeState {
  readonly phase: "Waiting" | "Running" | "Failing" | "Succeeded" | "Failed" | "TimedOut";
  readonly error?: RunError;
  readonly active: number;
  /** While it runs: when its time is up. */
  readonly deadline?: number;
  /** While it fails: whether everything in it is to stop now. */
  readonly stopping?: boolean;
}

/** All states of one moment. */
export interface States {
  readonly nodes: readonly NodeState[];
  readonly scopes: ReadonlyMap<Scope, ScopeState>;
  readonly run: RunState;
}

const ENDED: ReadonlySet<NodePhase> = new Set(["Succeeded", "Failed", "Aborted", "TimedOut", "Skipped"]);
const FAILED: ReadonlySet<NodePhase> = new Set(["Failed", "Aborted", "TimedOut"]);
const PASSED: ReadonlySet<NodePhase> = new Set(["Succeeded", "Skipped"]);

export const hasEnded = (phase: NodePhase): boolean => ENDED.has(phase);

const WAITING: NodeState = { phase: "Waiting", active: 0 };
const RUNNING_ORDER: readonly NodePhase[] = ["Running", "Initializing", "WaitingForResources", "Queued"];

function errorAt(instance: Instance, fact: ActionFact, phase: NodePhase): RunError {
  const error: ActionError = fact.error ?? { code: phase, kind: "USER", message: `${instance.path} ended ${phase}` };
  return { ...error, node: instance.path, ...(fact.attempt === undefined ? {} : { attempt: fact.attempt }) };
}

/** The facts of a node's actions: one, or one per slice. The second and later slices are there only if the first is. */
function factsOf(instance: Instance, facts: Facts): readonly (ActionFact | undefined)[] {
  const first = facts.actions.get(instance.action);
  if (!first) return [];
  const count = first.slices ?? 1;
  return count === 1 ? [first] : Array.from({ length: count }, (_, at) => facts.actions.get(sliceAction(instance.action, at)));
}

function shareSucceeded(instance: Instance, slices: readonly ActionFact[]): boolean {
  if (slices.length < 2) return true;
  const succeeded = slices.reduce((total, { items }) => total + (items?.succeeded ?? 0), 0);
  const failed = slices.reduce((total, { items }) => total + (items?.failed ?? 0), 0);
  return succeeded >= Math.ceil((instance.node.map?.minSuccessRatio ?? 1) * (succeeded + failed));
}

/** A node that has actions: what they say together. */
function fromActions(instance: Instance, found: readonly (ActionFact | undefined)[]): NodeState {
  const present = found.filter((fact) => fact !== undefined);
  const active = present.filter(({ phase }) => !hasEnded(phase)).length;
  const broken = present.find(({ phase }) => phase === "Failed" || phase === "TimedOut") ?? present.find(({ phase }) => phase === "Aborted");
  if (broken) {
    const endTime = broken.endTime === undefined ? {} : { endTime: broken.endTime };
    return { phase: broken.phase, error: errorAt(instance, broken, broken.phase), active, ...endTime };
  }
  if (active > 0 || present.length < found.length) {
    const phase = RUNNING_ORDER.find((candidate) => present.some((fact) => fact.phase === candidate)) ?? "Running";
    return { phase, active };
  }
  if (!shareSucceeded(instance, present)) {
    const error: RunError = {
      code: "TooManyItemsFailed",
      kind: "USER",
      message: `fewer items of ${instance.path} succeeded than minSuccessRatio asks`,
      node: instance.path,
    };
    return { phase: "Failed", error, active: 0 };
  }
  const endTime = Math.max(...present.map((fact) => fact.endTime ?? 0));
  const phase = present.every((fact) => fact.phase === "Skipped") ? "Skipped" : "Succeeded";
  return { phase, active: 0, ...(endTime > 0 ? { endTime } : {}), ...(present.every(({ cached }) => cached === true) ? { cached: true } : {}) };
}

/** The needs of a value that were not answered yet, or the first failure among the answers. */
function answers(resolved: Resolved, facts: Facts, unanswered: Need[]): ActionError | undefined {
  if (resolved.kind !== "value") return undefined;
  const answer = facts.values.get(resolved.need.key);
  if (!answer) unanswered.push(resolved.need);
  return answer && !answer.ok ? answer.error : undefined;
}

function failedBefore(instance: Instance, error: ActionError): NodeState {
  return { phase: "Failed", error: { ...error, node: instance.path }, active: 0 };
}

const SKIPPED = (reason: string): NodeState => ({ phase: "Skipped", reason, active: 0 });

/** Defaults of the task for what the node leaves open, so that inputs.pb is whole. */
function unbound(run: RunState, instance: Instance): Readonly<Record<string, ResolvedInput>> {
  const declared = instance.inner ? {} : (run.plan.tasks[instance.node.target]?.inputs ?? {});
  const given = (name: string): boolean => Object.hasOwn(instance.node.inputs, name) || Object.hasOwn(instance.node.map?.over ?? {}, name);
  return Object.fromEntries(
    Object.entries(declared)
      .filter(([name]) => !given(name))
      .map(([name, { type, default: value }]) => [
        name,
        { type, from: value === undefined ? { kind: "none" } : { kind: "literal", type, value: defaultOf(value) } },
      ]),
  );
}

/** The collections of a map node: how long they are, what is not known yet, or why they do not fit together. */
function lengthsOf(run: RunState, instance: Instance, facts: Facts): { readonly length: number; readonly over: Record<string, ResolvedInput> } | NodeState {
  const over = resolveOver(run, instance);
  if (!over) return SKIPPED("an input of map.over is absent");
  const need: Need = { kind: "lengths", key: `${instance.path}/lengths`, over };
  const answer = facts.values.get(need.key);
  if (!answer) return { ...WAITING, needs: [need] };
  if (!answer.ok) return failedBefore(instance, answer.error);
  const lengths = Object.entries(answer.lengths ?? {});
  const length = lengths[0]?.[1] ?? 0;
  if (lengths.some(([, other]) => other !== length)) {
    const sizes = lengths.map(([name, size]) => `${name} ${size}`).join(", ");
    return failedBefore(instance, { code: "InvalidArrayLength", kind: "USER", message: `collections of different length: ${sizes}` });
  }
  const bindings = instance.node.map!.over;
  return { length, over: Object.fromEntries(Object.entries(over).map(([name, from]) => [name, { type: bindings[name]!.type, from }])) };
}

/** Where the shell answers that a node cannot start at all: its inputs cannot be put together. */
export const startKey = (node: string): string => `${node}/start`;

/** A node whose turn it is, and that has no action yet: skipped, still finding out, failed, or ready. */
function prepare(run: RunState, instance: Instance, facts: Facts): NodeState {
  const refusal = facts.values.get(startKey(instance.path));
  if (refusal && !refusal.ok) return failedBefore(instance, refusal.error);
  const inputs: Record<string, ResolvedInput> = {};
  const needs: Need[] = [];
  for (const [name, binding] of Object.entries(instance.node.inputs)) {
    const from = resolveBinding(run, instance, name, binding);
    if (!from) return SKIPPED(`its input ${name} is absent`);
    if (instance.inner) continue;
    const error = answers(from, facts, needs);
    if (error) return failedBefore(instance, error);
    inputs[name] = { type: binding.type, from };
  }
  if (instance.inner) return { phase: "Ready", active: 0 };
  const lengths = instance.node.map ? lengthsOf(run, instance, facts) : undefined;
  if (lengths && "phase" in lengths) return lengths.needs ? { ...lengths, needs: [...needs, ...lengths.needs] } : lengths;
  if (needs.length > 0) return { ...WAITING, reason: "its inputs are being computed", needs };
  if (lengths?.length === 0) return { phase: "Succeeded", reason: "nothing to map over", active: 0 };
  return { phase: "Ready", active: 0, inputs: { ...unbound(run, instance), ...inputs }, ...(lengths ? { map: lengths } : {}) };
}

/** Computes every state from the facts, inside out and in plan order. Linear; the same facts give the same states. */
export function statesOf(plan: OpenPlan, facts: Facts): States {
  const nodes: NodeState[] = new Array<NodeState>(plan.instances.length).fill(WAITING);
  const scopes = new Map<Scope, ScopeState>();
  const errors = new Map<Scope, RunError>();
  const run: RunState = {
    plan: plan.plan,
    skipped: ({ index }) => nodes[index]!.phase === "Skipped",
    slices: (instance) => slicesOf(instance.action, sliceCountOf(instance)),
    error: (scope) => errors.get(scope),
  };

  /** An empty map has no slices; it is Succeeded without an action. */
  function sliceCountOf(instance: Instance): number {
    return facts.actions.has(instance.action) ? (facts.actions.get(instance.action)!.slices ?? 1) : 0;
  }

  function waitingFor(instance: Instance): NodeState | undefined {
    for (const need of instance.needs) {
      const { phase } = nodes[need.index]!;
      if (PASSED.has(phase)) continue;
      return { ...WAITING, reason: FAILED.has(phase) ? `${need.path} ended ${phase}` : `waits for ${need.path}` };
    }
    if (instance.after.length > 0 && instance.after.every(({ index }) => nodes[index]!.phase === "Skipped")) return SKIPPED("everything in after was skipped");
    return undefined;
  }

  function startOf(instance: Instance, started: number): number {
    return instance.needs.reduce((latest, { index }) => Math.max(latest, nodes[index]!.endTime ?? 0), started);
  }

  function stateOf(instance: Instance, started: number): NodeState {
    const found = factsOf(instance, facts);
    if (found.length > 0) return withMissingSlices(instance, fromActions(instance, found), found);
    const waiting = waitingFor(instance);
    if (waiting) return waiting;
    const prepared = prepare(run, instance, facts);
    if (!instance.inner || prepared.phase !== "Ready") return prepared;
    return innerState(evaluate(instance.inner, startOf(instance, started)), instance.inner);
  }

  /** A map of several slices some of which are not there yet is prepared again, to start the rest. */
  function withMissingSlices(instance: Instance, state: NodeState, found: readonly (ActionFact | undefined)[]): NodeState {
    if (FAILED.has(state.phase) || found.every((fact) => fact !== undefined)) return state;
    const { inputs, map, needs } = prepare(run, instance, facts);
    return { ...state, ...(inputs ? { inputs } : {}), ...(map ? { map } : {}), ...(needs ? { needs } : {}) };
  }

  function innerState(state: ScopeState, scope: Scope): NodeState {
    const endTime = Math.max(0, ...scope.instances.map(({ index }) => nodes[index]!.endTime ?? 0));
    const ended = { active: state.active, ...(endTime > 0 ? { endTime } : {}), ...(state.error ? { error: state.error } : {}) };
    if (state.phase === "Succeeded" || state.phase === "Failed" || state.phase === "TimedOut") return { phase: state.phase, ...ended };
    return { phase: "Running", active: state.active };
  }

  function failureOf(scope: Scope, deadline: number | undefined, states: readonly NodeState[]): { error: RunError; timedOut: boolean } | undefined {
    const recorded = scope.parent ? undefined : facts.cause;
    if (recorded) return { error: recorded.error, timedOut: recorded.phase === "TimedOut" };
    const failed = states.filter(({ phase }) => phase === "Failed" || phase === "TimedOut").sort((left, right) => (left.endTime ?? 0) - (right.endTime ?? 0));
    const late = deadline !== undefined && facts.now >= deadline && states.some(({ phase }) => !PASSED.has(phase));
    const [first] = failed;
    // An action is given the deadline too, and may say so a moment before this clock does.
    const ranOut = deadline !== undefined && (first?.error?.code === "RunTimeout" || (late && (first?.endTime ?? 0) >= deadline));
    if (first && ranOut) return { error: timeoutError(scope, deadline), timedOut: true };
    if (first) return { error: first.error!, timedOut: false };
    if (late) return { error: timeoutError(scope, deadline), timedOut: true };
    const aborted = facts.aborted ? undefined : states.find(({ phase }) => phase === "Aborted");
    return aborted && { error: aborted.error!, timedOut: false };
  }

  /** Nothing of the scope will move by itself any more. */
  function isSettled(stopping: boolean, states: readonly NodeState[]): boolean {
    if (states.some(({ active }) => active > 0)) return false;
    return stopping || !states.some(({ phase, needs }) => phase === "Ready" || phase === "Running" || needs !== undefined);
  }

  function evaluate(scope: Scope, started: number): ScopeState {
    const limit = timeoutOf(scope, facts);
    const deadline = limit === undefined ? undefined : started + limit;
    const states = scope.instances.map((instance) => (nodes[instance.index] = stateOf(instance, started)));
    const active = states.reduce((total, state) => total + state.active, 0);
    const failure = failureOf(scope, deadline, states);
    const state = failure ? failing(scope, failure, states, active) : running(states, active, deadline);
    scopes.set(scope, state);
    return state;
  }

  function running(states: readonly NodeState[], active: number, deadline: number | undefined): ScopeState {
    if (states.every(({ phase }) => PASSED.has(phase))) return { phase: "Succeeded", active };
    return { phase: "Running", active, ...(deadline === undefined ? {} : { deadline }) };
  }

  function failing(scope: Scope, failure: { error: RunError; timedOut: boolean }, states: readonly NodeState[], active: number): ScopeState {
    const { error } = failure;
    errors.set(scope, error);
    const stopping = failure.timedOut || scope.graph.failurePolicy === "FailImmediately";
    const settled = isSettled(stopping, states);
    const own = scope.failure && failureState(scope.failure, settled);
    const total = active + (own?.active ?? 0);
    if (!settled || (own && !hasEnded(own.phase))) return { phase: "Failing", error, active: total, stopping };
    return { phase: failure.timedOut ? "TimedOut" : "Failed", error, active: total, stopping };
  }

  function failureState(failure: Instance, settled: boolean): NodeState {
    const found = factsOf(failure, facts);
    const state = found.length > 0 ? fromActions(failure, found) : settled && !facts.aborted ? prepare(run, failure, facts) : WAITING;
    nodes[failure.index] = state;
    return state;
  }

  evaluate(plan.root, facts.startTime);
  return { nodes, scopes, run };
}

function timeoutOf(scope: Scope, facts: Facts): number | undefined {
  const own = scope.parent ? [scope.graph.timeout, scope.node?.timeout] : [facts.timeout ?? scope.graph.timeout];
  const limits = own.filter((limit) => limit !== undefined);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

function timeoutError(scope: Scope, deadline: number): RunError {
  const what = scope.path === "" ? "the run" : scope.path;
  const error = { code: "TimedOut", kind: "USER", message: `${what} was not done at ${new Date(deadline).toISOString()}, when its time was up` } as const;
  return scope.path === "" ? error : { ...error, node: scope.path };
}

/** The outputs of a run whose nodes have all ended well, or what is still needed, or why there are none. */
export function outputsOf(
  { run }: States,
  plan: OpenPlan,
  facts: Facts,
): { readonly outputs: Record<string, ResolvedInput> } | { readonly needs: readonly Need[] } | { readonly error: RunError } {
  const outputs: Record<string, ResolvedInput> = {};
  const needs: Need[] = [];
  for (const [name, output] of Object.entries(plan.root.graph.outputs)) {
    const from = resolveSource(run, plan.root, output.from, output.type, `/outputs.${name}`);
    if (!from && !takesNone(output.type))
      return { error: { code: "OutputMissing", kind: "USER", message: `the output ${name} is absent, because the node that makes it was skipped` } };
    const error = from && answers(from, facts, needs);
    if (error) return { error: { ...error, message: `output ${name}: ${error.message}` } };
    outputs[name] = { type: output.type, from: from ?? { kind: "none" } };
  }
  return needs.length > 0 ? { needs } : { outputs };
}
