import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { LABEL, namespaceOf, placeOf } from "../base/index.ts";
import type { Run, TaskAction } from "../crds/index.ts";
import type { KubeObject, Stored } from "../kube/index.ts";
import { create } from "../proto/index.ts";
import {
  type ActionDetails,
  type ActionIdentifier,
  ActionPhase,
  type EnrichedAction,
  EnrichedActionSchema,
  type Filter,
  Filter_Function,
  type RunIdentifier,
  type RunService,
} from "../proto/services/index.ts";
import { actionDetails, actionMessage } from "./action-message.ts";
import { durationMs, ROOT_ACTION } from "./identity.ts";
import { type Field, type Fields, page, windowOf } from "./paging.ts";
import { isFinal, parsePhase, phaseOf } from "./phase.ts";
import type { ApiReader, FoundRun } from "./reader.ts";
import { rootAction, rootDetails, runDetails, runMessage, targetOf } from "./run-message.ts";

const number = (value: bigint | undefined): Field => (value === undefined ? undefined : Number(value));
/** Phases are compared by number, however the client writes them. */
const normalPhase = (field: string, value: string): string => (field === "phase" ? String(parsePhase(value) ?? value) : value);

const RUN_FIELDS: Fields<Stored<Run>> = {
  project: ({ metadata }) => placeOf(metadata.namespace ?? "").project,
  domain: ({ metadata }) => placeOf(metadata.namespace ?? "").domain,
  run_name: ({ metadata }) => metadata.name,
  phase: ({ status }) => phaseOf(status?.phase),
  task_name: targetOf,
  trigger_name: ({ metadata }) => metadata.labels?.[LABEL.trigger] ?? "",
  created_at: ({ metadata }) => metadata.creationTimestamp ?? "",
  ended_at: ({ status }) => status?.endTime,
  duration_ms: ({ metadata, status }) => number(durationMs(metadata.creationTimestamp, status?.endTime)),
};

const ACTION_FIELDS: Fields<Stored<TaskAction>> = {
  phase: ({ status }) => phaseOf(status?.phase),
  task_name: ({ spec }) => spec.task ?? "",
  run_name: ({ spec }) => spec.runName,
  created_at: ({ metadata }) => metadata.creationTimestamp ?? "",
  ended_at: ({ status }) => status?.endTime,
  duration_ms: ({ metadata, status }) => number(durationMs(metadata.creationTimestamp, status?.endTime)),
};

function missing(what: string): ConnectError {
  return new ConnectError(what, Code.NotFound);
}

async function runNamed(reader: ApiReader, id: RunIdentifier | undefined): Promise<FoundRun> {
  if (!id?.name || !id.project || !id.domain) throw new ConnectError("a run is named by project, domain and name", Code.InvalidArgument);
  const found = await reader.find(namespaceOf(id), id.name);
  if (!found) throw missing(`there is no run ${id.name} in project ${id.project}, domain ${id.domain}, nor in the archive`);
  return found;
}

/** Details of the action of a run that is called so; the root action is the run. */
async function detailsOf(reader: ApiReader, id: ActionIdentifier | undefined): Promise<{ readonly found: FoundRun; readonly details: ActionDetails }> {
  const found = await runNamed(reader, id?.run);
  const name = id?.name ?? "";
  const action = found.actions.find(({ spec }) => spec.actionName === name);
  // A Run of one Task has an action of its own under that name; it says more than the run.
  if (action) return { found, details: actionDetails(action) };
  if (name === ROOT_ACTION || name === "") return { found, details: rootDetails(found.run) };
  throw missing(`run ${found.run.metadata.name} has no action ${name}`);
}

interface Scope {
  readonly namespace: string | undefined;
  keeps(run: Stored<Run>): boolean;
}

type ScopeBy = { readonly case: string | undefined; readonly value?: unknown };

interface Named {
  readonly project: string;
  readonly domain: string;
  readonly name: string;
}

function scopeOf({ case: by, value }: ScopeBy): Scope {
  if (by === undefined || by === "org") return { namespace: undefined, keeps: () => true };
  if (by === "projectId") {
    const { name, domain } = value as { name: string; domain: string };
    const keeps = ({ metadata }: Stored<Run>) => placeOf(metadata.namespace ?? "").project === name;
    return { namespace: domain === "" ? undefined : namespaceOf({ project: name, domain }), keeps };
  }
  const named = value as Named;
  const field = by === "triggerName" ? RUN_FIELDS["trigger_name"] : RUN_FIELDS["task_name"];
  return { namespace: namespaceOf(named), keeps: (run) => field?.(run) === named.name };
}

/** Says something first, and again whenever what it is asked about has changed, until `last` or until the client is gone. */
async function* following<T>(
  reader: ApiReader,
  context: HandlerContext,
  concerns: (object: KubeObject) => boolean,
  say: () => Promise<{ readonly message: T; readonly last: boolean }>,
): AsyncGenerator<T> {
  for (let since = reader.now; !context.signal.aborted; since = await reader.changed(since, concerns, context.signal)) {
    const { message, last } = await say();
    yield message;
    if (last) return;
  }
}

const concernsRun =
  ({ run }: FoundRun) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.uid === run.metadata.uid || metadata.labels?.[LABEL.runUid] === run.metadata.uid;

function childCounts(actions: readonly Stored<TaskAction>[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of actions) counts[phaseOf(status?.phase)] = (counts[phaseOf(status?.phase)] ?? 0) + 1;
  return counts;
}

/** The two filters that a tree of actions knows. Throws INVALID_ARGUMENT for others. */
function treeFilter(filters: readonly Filter[]): (action: Stored<TaskAction>) => boolean {
  const tests = filters.map(({ function: how, field, values }) => {
    const name = field.toUpperCase();
    if (name === "NAME" && how === Filter_Function.CONTAINS_CASE_INSENSITIVE) {
      const wanted = (values[0] ?? "").toLowerCase();
      return ({ spec }: Stored<TaskAction>) => (spec.shortName ?? spec.node ?? spec.actionName).toLowerCase().includes(wanted);
    }
    if (name === "PHASE" && how === Filter_Function.VALUE_IN) {
      const wanted = new Set(values.map((value) => parsePhase(value)));
      return ({ status }: Stored<TaskAction>) => wanted.has(phaseOf(status?.phase));
    }
    throw new ConnectError("actions are filtered by NAME (CONTAINS_CASE_INSENSITIVE) and PHASE (VALUE_IN)", Code.InvalidArgument);
  });
  return (action) => tests.every((test) => test(action));
}

/** Root and actions as a client draws them: who matches, and the root above them. */
function tree({ run, actions }: FoundRun, matches: (action: Stored<TaskAction>) => boolean): EnrichedAction[] {
  const sorted = [...actions].sort((a, b) => ((a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1));
  const children = sorted.filter(({ spec }) => spec.actionName !== ROOT_ACTION);
  const root = create(EnrichedActionSchema, { action: rootAction(run), meetsFilter: true, childrenPhaseCounts: childCounts(children) });
  return [root, ...children.map((action) => create(EnrichedActionSchema, { action: actionMessage(action), meetsFilter: matches(action) }))];
}

const finished = ({ run }: FoundRun): boolean => run.status?.endTime !== undefined;

/** RunService of flyteidl2, as far as it reads. */
export function runService(reader: ApiReader): Partial<ServiceImpl<typeof RunService>> {
  async function listed(request: Parameters<typeof windowOf>[0], scopeBy: ScopeBy) {
    const scope = scopeOf(scopeBy);
    const { offset, limit } = windowOf(request);
    const runs = (await reader.runs(scope.namespace, offset + limit + 1)).filter((run) => scope.keeps(run));
    return page(runs, request, RUN_FIELDS, normalPhase);
  }
  return {
    async listRuns({ request, scopeBy }) {
      const { items, token } = await listed(request, scopeBy);
      return { runs: items.map(runMessage), token };
    },
    async getRunDetails({ runId }) {
      return { details: runDetails((await runNamed(reader, runId)).run) };
    },
    async getActionDetails({ actionId }) {
      return { details: (await detailsOf(reader, actionId)).details };
    },
    async listActions({ runId, request }) {
      const { actions } = await runNamed(reader, runId);
      const { items, token } = page(actions, request, ACTION_FIELDS, normalPhase);
      return { actions: items.map(actionMessage), token };
    },
    async getActionDataURIs({ actionId }) {
      const { found, details } = await detailsOf(reader, actionId);
      const action = found.actions.find(({ spec }) => spec.actionName === actionId?.name);
      const inputsUri = action ? action.spec.inputUri : found.run.status?.inputs?.uri;
      const outputsUri = action ? action.status?.outputs?.uri : found.run.status?.outputs?.uri;
      const succeeded = details.status?.phase === ActionPhase.SUCCEEDED;
      return { inputsUri: inputsUri ?? "", outputsUri: succeeded ? (outputsUri ?? "") : "" };
    },
    async *watchRunDetails({ runId }, context) {
      const concerns = concernsRun(await runNamed(reader, runId));
      yield* following(reader, context, concerns, async () => {
        const found = await runNamed(reader, runId);
        return { message: { details: runDetails(found.run) }, last: finished(found) };
      });
    },
    async *watchActionDetails({ actionId }, context) {
      const concerns = concernsRun(await runNamed(reader, actionId?.run));
      yield* following(reader, context, concerns, async () => {
        const { details } = await detailsOf(reader, actionId);
        return { message: { details }, last: isFinal(details.status?.phase ?? 0) };
      });
    },
    async *watchActions({ runId, filter }, context) {
      const matches = treeFilter(filter);
      const concerns = concernsRun(await runNamed(reader, runId));
      yield* following(reader, context, concerns, async () => {
        const found = await runNamed(reader, runId);
        return { message: { enrichedActions: tree(found, matches) }, last: finished(found) };
      });
    },
    async *watchRuns({ target }, context) {
      const isRun = ({ kind }: KubeObject) => kind === "Run";
      yield* following(reader, context, isRun, async () => {
        const { items } = await listed(undefined, target.case === "clusterId" ? { case: "org" } : target);
        return { message: { runs: items.map(runMessage) }, last: false };
      });
    },
  };
}
