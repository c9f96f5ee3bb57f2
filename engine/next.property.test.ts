import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json, JsonObject } from "../base/index.ts";
import { compile } from "./compile.ts";
import type { Definition } from "./definitions.ts";
import type { ActionFact, Decision, Facts, ValueFact } from "./facts.ts";
import { next } from "./next.ts";
import { type Instance, type OpenPlan, openPlan } from "./open-plan.ts";
import { definitions, task, workflow } from "./test-definitions.ts";

/** One node of a random workflow: what it uses of the nodes before it. */
interface RandomNode {
  readonly uses: readonly number[];
  readonly how: "data" | "after" | "expr";
  readonly kind: "task" | "sub" | "map";
  readonly ends: "Succeeded" | "Failed" | "Skipped" | "TimedOut";
  readonly length: number;
}

const randomNode = fc.record({
  uses: fc.array(fc.nat(20), { maxLength: 3 }),
  how: fc.constantFrom("data" as const, "after" as const, "expr" as const),
  kind: fc.oneof(
    { arbitrary: fc.constant("task" as const), weight: 5 },
    { arbitrary: fc.constant("sub" as const), weight: 1 },
    { arbitrary: fc.constant("map" as const), weight: 2 },
  ),
  ends: fc.oneof(
    { arbitrary: fc.constant("Succeeded" as const), weight: 20 },
    { arbitrary: fc.constant("Failed" as const), weight: 1 },
    { arbitrary: fc.constant("Skipped" as const), weight: 1 },
    { arbitrary: fc.constant("TimedOut" as const), weight: 1 },
  ),
  length: fc.constantFrom(0, 1, 3, 9_000),
});

const scenario = fc.record({
  nodes: fc.array(randomNode, { minLength: 1, maxLength: 12 }),
  policy: fc.constantFrom("FailImmediately", "FailAfterRunningNodesComplete"),
  failureNode: fc.boolean(),
  maxParallelism: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

const step = task("step", { x: { type: "integer", default: 0 } }, { y: "integer" });
const each = task("each", { x: { type: "integer", default: 0 }, i: "integer" }, { y: "integer" });
const sub = workflow("sub", {
  inputs: { n: { type: "integer", default: 0 } },
  outputs: { y: { type: "integer", from: "nodes.q.outputs.y" } },
  nodes: { p: { task: "step", inputs: { x: { from: "inputs.n" } } }, q: { task: "step", inputs: { x: { from: "nodes.p.outputs.y" } } } },
  onFailure: { task: "step" },
});

function bindingOf(node: RandomNode, index: number, all: readonly RandomNode[]): JsonObject {
  const input = node.kind === "sub" ? "n" : "x";
  const before = [...new Set(node.uses.map((use) => use % Math.max(1, index)))].filter((use) => use < index);
  if (before.length === 0) return {};
  const after = before.map((use) => `n${use}`);
  const source = before.find((use) => all[use]!.kind !== "map");
  if (node.how === "after" || source === undefined) return { after };
  const from: Json = node.how === "data" ? { from: `nodes.n${source}.outputs.y` } : { expr: `nodes.n${source}.outputs.y + 1` };
  return { after, inputs: { [input]: from } };
}

function nodeSpec(node: RandomNode, index: number, all: readonly RandomNode[]): JsonObject {
  const binding = bindingOf(node, index, all);
  if (node.kind === "sub") return { workflow: "sub", ...binding };
  if (node.kind === "map") return { task: "each", map: { over: { i: { from: "inputs.xs" } }, failed: "Keep" }, ...binding };
  return { task: "step", ...binding };
}

function planOf({ nodes, policy, failureNode, maxParallelism }: Scenario): OpenPlan {
  const root: Definition = workflow("root", {
    inputs: { xs: "list<integer>" },
    nodes: Object.fromEntries(nodes.map((node, index) => [`n${index}`, nodeSpec(node, index, nodes)])),
    failurePolicy: policy,
    ...(failureNode ? { onFailure: { task: "step" } } : {}),
    ...(maxParallelism === undefined ? {} : { maxParallelism }),
  });
  const { plan, problems } = compile(definitions(root, sub, step, each), { kind: "Workflow", name: "root" });
  assert.ok(plan, JSON.stringify(problems));
  return openPlan(plan);
}

const ENDED = new Set(["Succeeded", "Failed", "Aborted", "TimedOut", "Skipped"]);
const START = 1_000;

/** A world that does what it is told, in an order drawn by `choose`. */
class World {
  readonly actions = new Map<string, ActionFact>();
  readonly values = new Map<string, ValueFact>();
  readonly starts: string[] = [];
  aborted = false;
  now = START;
  decision!: Decision;
  readonly plan: OpenPlan;
  readonly scenario: Scenario;
  readonly choose: (count: number) => number;

  constructor(plan: OpenPlan, scenario: Scenario, choose: (count: number) => number) {
    this.plan = plan;
    this.scenario = scenario;
    this.choose = choose;
  }

  facts(): Facts {
    return { now: this.now, startTime: START, aborted: this.aborted, suspended: false, actions: this.actions, values: this.values };
  }

  endOf(action: string): ActionFact["phase"] {
    const [, index] = /^n(\d+)/.exec(action) ?? [];
    return index === undefined ? "Succeeded" : this.scenario.nodes[Number(index)]!.ends;
  }

  /** Asks, then lets one thing happen: a need answered, an action made, stopped or ended. False when nothing can. */
  turn(): boolean {
    this.decision = next(this.plan, this.facts());
    const happenings: (() => void)[] = [
      ...this.decision.needs
        .filter(({ key }) => !this.values.has(key))
        .map((need) => () => {
          const [, index] = /^n(\d+)/.exec(need.key) ?? [];
          const length = this.scenario.nodes[Number(index ?? 0)]?.length ?? 1;
          this.values.set(need.key, need.kind === "lengths" ? { ok: true, lengths: { i: length } } : { ok: true });
        }),
      ...this.decision.start.map((start) => () => {
        this.starts.push(start.action);
        this.actions.set(start.action, { phase: "Queued", ...(start.map ? { slices: start.map.slices } : {}) });
      }),
      ...this.decision.abort.map((action) => () => void this.end(action, "Aborted")),
      ...[...this.actions]
        .filter(([, { phase }]) => !ENDED.has(phase))
        .map(
          ([action]) =>
            () =>
              void this.end(action, this.endOf(action)),
        ),
    ];
    if (happenings.length === 0) return false;
    happenings[this.choose(happenings.length)]!();
    this.now++;
    return true;
  }

  end(action: string, phase: ActionFact["phase"]): void {
    const known = this.actions.get(action)!;
    this.actions.set(action, {
      ...known,
      phase,
      endTime: this.now,
      items: { succeeded: phase === "Succeeded" ? 1 : 0, failed: phase === "Succeeded" ? 0 : 1 },
    });
  }
}

const TERMINAL = new Set(["Succeeded", "Failed", "Aborted", "TimedOut"]);

function chooser(seed: number): (count: number) => number {
  let state = seed >>> 0;
  return (count) => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % count;
}

function play(world: World, watch: (world: World) => void = () => {}, abortAt = Infinity): Decision {
  for (let turns = 0; turns < 2_000; turns++) {
    if (turns === abortAt) world.aborted = true;
    const moved = world.turn();
    watch(world);
    if (!moved) return world.decision;
  }
  throw new Error("the run does not end");
}

function instanceOf(plan: OpenPlan, action: string): Instance {
  const base = action.replace(/\[\d+:\]$/, "");
  return plan.instances.find((instance) => instance.action === base)!;
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const options = { numRuns: 100 };

describe("any run", function () {
  this.timeout(20_000);

  it("ends, in a phase that does not depend on the order of events", () =>
    fc.assert(
      fc.property(scenario, seeds, seeds, (given, first, second) => {
        const plan = planOf(given);
        const phases = [first, second].map((seed) => play(new World(plan, given, chooser(seed))).run.phase);
        assert.ok(TERMINAL.has(phases[0]!), phases[0]);
        assert.equal(phases[0], phases[1]);
      }),
      options,
    ));

  it("never starts an action twice, nor before what its node needs", () =>
    fc.assert(
      fc.property(scenario, seeds, (given, seed) => {
        const plan = planOf(given);
        const world = new World(plan, given, chooser(seed));
        play(world, ({ decision, actions }) => {
          for (const { action } of decision.start) {
            assert.ok(!actions.has(action) || world.starts.at(-1) === action, `${action} is started again`);
            for (const need of instanceOf(plan, action).needs.filter(({ inner }) => !inner)) {
              const fact = actions.get(need.action);
              const passed = fact === undefined ? given.nodes[Number(/^n(\d+)/.exec(need.path)?.[1])] : ["Succeeded", "Skipped"].includes(fact.phase);
              assert.ok(passed, `${action} before ${need.path}`);
            }
          }
        });
        assert.equal(new Set(world.starts).size, world.starts.length);
      }),
      options,
    ));

  it("keeps to maxParallelism, and its counts always add up", () =>
    fc.assert(
      fc.property(scenario, seeds, (given, seed) => {
        const plan = planOf(given);
        play(new World(plan, given, chooser(seed)), ({ decision, actions }) => {
          const { total, succeeded, running, failed, waiting, skipped, aborted } = decision.run.counts;
          assert.equal(succeeded + running + failed + waiting + skipped + aborted, total);
          const active = [...actions].filter(([action, { phase }]) => !ENDED.has(phase) && !action.includes(".on-failure")).length;
          if (given.maxParallelism !== undefined) assert.ok(active <= given.maxParallelism, `${active} actions at once`);
        });
      }),
      options,
    ));

  it("only goes forward: an ended node stays ended", () =>
    fc.assert(
      fc.property(scenario, seeds, (given, seed) => {
        const seen = new Map<string, string>();
        play(new World(planOf(given), given, chooser(seed)), ({ decision }) => {
          for (const { path, phase } of decision.run.nodes) {
            const before = seen.get(path);
            if (before !== undefined && ENDED.has(before)) assert.equal(phase, before, path);
            seen.set(path, phase);
          }
        });
      }),
      options,
    ));

  it("ends Aborted whenever it is aborted before it has ended", () =>
    fc.assert(
      fc.property(scenario, seeds, fc.nat(30), (given, seed, abortAt) => {
        const world = new World(planOf(given), given, chooser(seed));
        const decision = play(world, undefined, abortAt);
        assert.equal(decision.run.phase, world.aborted ? "Aborted" : decision.run.phase);
        assert.ok(TERMINAL.has(decision.run.phase));
        if (world.aborted) assert.deepEqual([decision.start, decision.needs], [[], []]);
      }),
      options,
    ));
});
