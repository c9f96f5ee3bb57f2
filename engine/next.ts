import type { Counts, Decision, Facts, Need, NodePhase, NodeReport, RunPhase, Start } from "./facts.ts";
import type { Instance, OpenPlan, Scope } from "./open-plan.ts";
import { SLICE_SIZE, sliceAction, sliceCount } from "./slices.ts";
import { hasEnded, type NodeState, outputsOf, type States, statesOf } from "./states.ts";

interface Effects {
  readonly needs: Need[];
  readonly start: Start[];
  readonly abort: string[];
  readonly reports: NodeReport[];
  readonly counts: { -readonly [K in keyof Counts]: number };
  wakeAt: number;
}

/** How many more actions may start, in a scope and all around it. */
interface Room {
  take(): boolean;
}

const COUNTED: Readonly<Record<NodePhase, keyof Counts>> = {
  Waiting: "waiting",
  Ready: "waiting",
  Queued: "running",
  WaitingForResources: "running",
  Initializing: "running",
  Running: "running",
  Succeeded: "succeeded",
  Failed: "failed",
  TimedOut: "failed",
  Aborted: "aborted",
  Skipped: "skipped",
};

/**
 * What to do now, given everything that has happened. Pure, and the same answer for the same facts: whatever of it is done
 * shows up as a fact, whatever is not is asked for again. Linear in the nodes of the plan.
 */
export function next(plan: OpenPlan, facts: Facts): Decision {
  const states = statesOf(plan, facts);
  const effects: Effects = { needs: [], start: [], abort: [], reports: [], counts: emptyCounts(plan.tasks), wakeAt: Infinity };
  walk(plan.root, { states, facts, effects }, { stopping: facts.aborted, skipped: false, deadline: Infinity, room: rootRoom(plan, facts, states) });
  return conclude(plan, facts, states, effects);
}

function emptyCounts(total: number): Effects["counts"] {
  return { total, succeeded: 0, running: 0, failed: 0, cached: 0, waiting: 0, skipped: 0, aborted: 0 };
}

function conclude(plan: OpenPlan, facts: Facts, states: States, { needs, start, abort, reports, counts, wakeAt }: Effects): Decision {
  const root = states.scopes.get(plan.root)!;
  const decision = (phase: RunPhase, more: object = {}, extraNeeds: readonly Need[] = []): Decision => ({
    needs: [...needs, ...extraNeeds],
    start,
    abort,
    run: { phase, counts, nodes: reports, ...(root.error ? { error: root.error } : {}), ...more },
    ...(wakeAt < Infinity ? { wakeAt } : {}),
  });
  if (facts.aborted) return decision(root.active > 0 ? "Aborting" : "Aborted");
  if (root.phase === "Failed" || root.phase === "TimedOut") return decision(root.phase);
  if (root.phase !== "Succeeded") return decision("Running");
  const result = outputsOf(states, plan, facts);
  if ("error" in result) return next(plan, { ...facts, cause: { phase: "Failed", error: result.error } });
  return "needs" in result ? decision("Running", {}, result.needs) : decision("Succeeded", { outputs: result.outputs });
}

/** Room for `limit` in all, `used` of them taken; undefined is no limit. */
function roomOf(limit: number | undefined, used: number, around?: Room): Room {
  let left = limit === undefined ? Infinity : limit - used;
  return {
    take() {
      if (left <= 0 || (around && !around.take())) return false;
      left--;
      return true;
    },
  };
}

function rootRoom(plan: OpenPlan, facts: Facts, states: States): Room {
  if (facts.suspended) return roomOf(0, 0);
  return roomOf(facts.maxParallelism ?? plan.root.graph.maxParallelism, states.scopes.get(plan.root)!.active, roomOf(facts.startBudget, 0));
}

interface Context {
  readonly states: States;
  readonly facts: Facts;
  readonly effects: Effects;
}

interface Around {
  /** Everything in here is to stop. */
  readonly stopping: boolean;
  /** The workflow node that runs this was skipped. */
  readonly skipped: boolean;
  readonly deadline: number;
  readonly room: Room;
}

function walk(scope: Scope, context: Context, around: Around): void {
  const { states, effects } = context;
  const own = states.scopes.get(scope);
  const stopping = around.stopping || own?.stopping === true;
  const deadline = Math.min(around.deadline, own?.deadline ?? Infinity);
  if (own?.deadline !== undefined && !stopping) effects.wakeAt = Math.min(effects.wakeAt, own.deadline);
  const room = scope.parent ? roomOf(scope.graph.maxParallelism, own?.active ?? 0, around.room) : around.room;
  const inside: Around = { stopping, skipped: around.skipped, deadline, room };
  for (const instance of scope.instances) visit(instance, context, inside);
  if (scope.failure) failureNode(scope.failure, context, { ...around, room });
}

function visit(instance: Instance, context: Context, around: Around): void {
  const { states, effects } = context;
  const state = states.nodes[instance.index]!;
  const phase = around.skipped ? "Skipped" : state.phase;
  effects.reports.push(state.reason === undefined ? { path: instance.path, phase } : { path: instance.path, phase, reason: state.reason });
  if (instance.inner) return walk(instance.inner, context, { ...around, skipped: phase === "Skipped" });
  effects.counts[COUNTED[phase]]++;
  if (state.cached) effects.counts.cached++;
  act(instance, state, context, around);
}

/** Counts for nothing: it is not part of the work. It is shown once it has a turn. */
function failureNode(instance: Instance, context: Context, around: Around): void {
  const state = context.states.nodes[instance.index]!;
  if (state.phase === "Waiting" && !state.needs) return;
  context.effects.reports.push({ path: instance.path, phase: state.phase });
  act(instance, state, context, { ...around, deadline: Infinity });
}

function act(instance: Instance, state: NodeState, context: Context, around: Around): void {
  const { facts, effects } = context;
  const failed = state.phase === "Failed" || state.phase === "TimedOut" || state.phase === "Aborted";
  if ((around.stopping || failed) && state.active > 0) effects.abort.push(...activeActions(instance, facts));
  if (around.stopping || failed) return;
  if (state.needs) effects.needs.push(...state.needs);
  else if (state.inputs) startNode(instance, state, context, around);
}

function actionNames(instance: Instance, facts: Facts): readonly string[] {
  const slices = facts.actions.get(instance.action)?.slices ?? 1;
  return Array.from({ length: slices }, (_, slice) => sliceAction(instance.action, slice));
}

function activeActions(instance: Instance, facts: Facts): readonly string[] {
  return actionNames(instance, facts).filter((action) => {
    const fact = facts.actions.get(action);
    return fact !== undefined && !hasEnded(fact.phase);
  });
}

function startNode(instance: Instance, state: NodeState, { facts, effects }: Context, { room, deadline }: Around): void {
  const base = {
    node: instance.path,
    task: instance.node.target,
    declared: instance.node,
    inputs: state.inputs!,
    ...(deadline < Infinity ? { deadline } : {}),
  };
  const { map } = state;
  if (!map) {
    if (room.take()) effects.start.push({ ...base, action: instance.action });
    return;
  }
  const { shape, concurrency } = instance.node.map!;
  const slices = sliceCount(map.length);
  let active = state.active;
  for (let slice = 0; slice < slices; slice++) {
    const action = sliceAction(instance.action, slice);
    if (facts.actions.has(action)) continue;
    // The first slice says how many there are, so it comes first. And slices do not know of each other: one after the other is
    // the only way to keep to a limit of items for all of them.
    if (slice > 0 && (!facts.actions.has(instance.action) || (concurrency !== undefined && active > 0))) return;
    if (!room.take()) return;
    active++;
    const offset = slice * SLICE_SIZE;
    effects.start.push({ ...base, action, map: { over: map.over, shape, offset, count: Math.min(SLICE_SIZE, map.length - offset), slices } });
  }
}
