import { LABEL, type Span, spanIdOf, traceIdOf, type Tracer } from "../../base/index.ts";
import { isFinished, type Run, RunKind, type TaskAction, TaskActionKind } from "../../crds/index.ts";
import type { InformerSet, ObservedPass, ShardGate, Stored } from "../../kube/index.ts";

const timeOf = (text: string | undefined): number => Date.parse(text ?? "");
const isTime = (ms: number): boolean => Number.isFinite(ms);

interface Phase {
  readonly phase: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly message: string | undefined;
}

function phasesOf({ status }: TaskAction): Phase[] {
  const history = status?.phaseHistory ?? [];
  const end = timeOf(status?.endTime);
  return history
    .map(({ phase, occurredAt, message }, index) => ({
      phase,
      startMs: timeOf(occurredAt),
      endMs: timeOf(history[index + 1]?.occurredAt) || end,
      message,
    }))
    .filter(({ startMs, endMs }) => isTime(startMs) && endMs > startMs);
}

/** Phases by attempt: each begins with a wait for its turn. */
function attemptsOf(phases: readonly Phase[]): (readonly Phase[])[] {
  const attempts: Phase[][] = [];
  for (const phase of phases) {
    const current = attempts.at(-1);
    if (!current || (phase.phase === "Queued" && current.some((each) => each.phase !== "Queued"))) attempts.push([phase]);
    else current.push(phase);
  }
  return attempts;
}

function actionSpans(action: Stored<TaskAction>, traceId: string, parentId: string): Span[] {
  const { uid, name } = action.metadata;
  const { status } = action;
  const [startMs, endMs] = [timeOf(action.metadata.creationTimestamp), timeOf(status?.endTime)];
  if (!isTime(startMs) || !isTime(endMs)) return [];
  const failed = status?.phase === "Failed" || status?.phase === "TimedOut" ? (status.errorState?.message ?? status.phase) : undefined;
  const attributes = {
    "flyteops.action": action.metadata.labels?.[LABEL.action] ?? name,
    "flyteops.phase": status?.phase ?? "",
    "flyteops.task": action.spec.task ?? "",
  };
  const spanId = spanIdOf(uid);
  const below = attemptsOf(phasesOf(action)).flatMap((phases, index): Span[] => {
    const attempt = spanIdOf(`${uid}/${index}`);
    const last = phases.at(-1);
    return [
      { name: `attempt ${index + 1}`, traceId, spanId: attempt, parentId: spanId, startMs: phases[0]?.startMs ?? startMs, endMs: last?.endMs ?? endMs },
      ...phases.map((each): Span => ({
        name: each.phase,
        traceId,
        parentId: attempt,
        startMs: each.startMs,
        endMs: each.endMs,
        attributes: each.message === undefined ? {} : { "flyteops.message": each.message },
      })),
    ];
  });
  return [{ name: `action ${attributes["flyteops.action"]}`, traceId, spanId, parentId, startMs, endMs, attributes, error: failed }, ...below];
}

/** Everything about a Run that has ended: itself, its actions, their attempts and phases. Its trace is found by its uid. */
export function runSpans(run: Stored<Run>, actions: readonly Stored<TaskAction>[]): readonly Span[] {
  const { uid, name, namespace = "" } = run.metadata;
  const [startMs, endMs] = [timeOf(run.metadata.creationTimestamp), timeOf(run.status?.endTime)];
  if (!isTime(startMs) || !isTime(endMs)) return [];
  const traceId = traceIdOf(uid);
  const spanId = spanIdOf(uid);
  const failed = run.status?.phase !== "Succeeded" ? (run.status?.error?.message ?? run.status?.phase) : undefined;
  const attributes = { "flyteops.run": name, "k8s.namespace.name": namespace, "flyteops.phase": run.status?.phase ?? "", "flyteops.of": run.status?.of ?? "" };
  return [
    { name: `run ${name}`, traceId, spanId, startMs, endMs, attributes, error: failed },
    ...actions.flatMap((action) => actionSpans(action, traceId, spanId)),
  ];
}

/** Tells of each Run when it ends, where its namespace is worked on. A Run that ends while nobody works is not told. */
export function traceRuns(informers: InformerSet, gate: ShardGate | undefined, tracer: Tracer): void {
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  informers.of<Run>({ kind: RunKind }).onChange(({ object, previous }) => {
    if (!previous || isFinished(previous) || !isFinished(object) || !tracer.keeps(traceIdOf(object.metadata.uid))) return;
    const leave = gate ? gate.enter(object.metadata.namespace ?? "") : () => {};
    if (!leave) return;
    leave();
    const own = actions.list(object.metadata.namespace).filter(({ spec }) => spec.runUid === object.metadata.uid);
    for (const span of runSpans(object, own)) tracer.record(span);
  });
}

/** Where the span of a pass belongs: passes over a Run and its actions to the trace of the run, a sync is a trace by itself, others are none. */
function placeOf({ kind, object, startMs }: ObservedPass): Pick<Span, "traceId" | "parentId"> | undefined {
  const { uid, labels } = object.metadata;
  const run = kind === "Run" ? uid : kind === "TaskAction" ? labels?.[LABEL.runUid] : undefined;
  if (run !== undefined) return { traceId: traceIdOf(run), parentId: spanIdOf(uid) };
  return kind === "GitSync" ? { traceId: traceIdOf(`${uid}/${startMs}`) } : undefined;
}

/** Tells of passes, and of the phases in them. */
export function tracePasses(tracer: Tracer): (pass: ObservedPass) => void {
  return (pass) => {
    const place = placeOf(pass);
    if (!place || !tracer.keeps(place.traceId)) return;
    const { kind, object, startMs, endMs, result, error, phases } = pass;
    const { name, namespace = "", uid } = object.metadata;
    const spanId = spanIdOf(`${uid}/${kind}/${startMs}`);
    const attributes = { "flyteops.name": name, "k8s.namespace.name": namespace, "flyteops.result": result };
    const title = kind === "GitSync" ? `sync ${name}` : `reconcile ${kind}`;
    tracer.record({ name: title, ...place, spanId, startMs, endMs, attributes, error: result === "conflict" ? undefined : error });
    for (const phase of phases)
      tracer.record({
        name: phase.name,
        traceId: place.traceId,
        parentId: spanId,
        startMs: phase.startMs,
        endMs: phase.endMs,
        error: phase.failed ? "failed" : undefined,
      });
  };
}
