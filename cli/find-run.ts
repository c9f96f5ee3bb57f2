import { isFinished, type Run, RunKind, type TaskAction } from "../crds/index.ts";
import type { Stored } from "../kube/index.ts";
import type { ArchivedHead, ArchivedRun, RunHistory } from "../records/index.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "./context.ts";
import { findObject } from "./find.ts";
import { snapshotOf } from "./observe-run.ts";

/** A run where it is to be found, with its actions. */
export interface FoundRun {
  readonly run: Stored<Run>;
  readonly actions: readonly Stored<TaskAction>[];
  /** It is not in the cluster any more: this is how the archive keeps it. */
  readonly archived: boolean;
}

/** As people read manifests: what it is first. */
const named = <T extends Stored<Run> | Stored<TaskAction>>({ apiVersion, kind, ...rest }: T): T => ({ apiVersion, kind, ...rest }) as unknown as T;

export const archivedHead = ({ run }: ArchivedHead): Stored<Run> => named(run as Stored<Run>);

export function ofArchive(record: ArchivedRun): FoundRun {
  return { run: archivedHead(record), actions: record.actions.map(({ action }) => named(action as Stored<TaskAction>)), archived: true };
}

/** The last archived run of that name: in the namespace given with `-n`, else in the context's, else in the only one that had it. */
async function lastOfName(history: RunHistory, connection: Connection, name: string): Promise<ArchivedRun | undefined> {
  const here = await history.runs({ namespace: connection.namespace, name, limit: 1 });
  const found = here.length > 0 || connection.namespaceGiven ? here : await history.runs({ name, limit: 1_000 });
  const namespaces = [...new Set(found.map(({ namespace }) => namespace))].sort();
  if (namespaces.length > 1)
    throw new UserError(`the archive has a Run ${name} of ${namespaces.join(" and ")}`, { exitCode: EXIT.usage, hint: `say which: -n ${namespaces[0]}` });
  return found[0] && history.run(found[0].uid);
}

async function archived(deps: CliDeps, connection: Connection, ask: (history: RunHistory) => Promise<ArchivedRun | undefined>): Promise<FoundRun | undefined> {
  const { withArchive } = await import("./archive/with-archive.ts");
  const found = await withArchive(deps, connection, {}, ask);
  return found && ofArchive(found);
}

/**
 * The run of that name in the cluster; one that is gone, as the archive has it, which is said on standard error. UserError with exit code 3 when neither
 * has it, with what keeps the archive from being asked.
 */
export async function findRun(deps: CliDeps, connection: Connection, name: string): Promise<FoundRun> {
  try {
    const run = await findObject<Run>(connection, RunKind, name);
    const { actions } = await snapshotOf(connection, run);
    // Its ttl may have taken the actions of a run whose head stays.
    const whole =
      actions.length === 0 && isFinished(run) ? await archived(deps, connection, (history) => history.run(run.metadata.uid)).catch(() => undefined) : undefined;
    return { run, actions: whole?.actions ?? actions, archived: false };
  } catch (thrown) {
    if (!(thrown instanceof UserError) || thrown.exitCode !== EXIT.notFound) throw thrown;
    const found = await archived(deps, connection, (history) => lastOfName(history, connection, name)).catch((cause: unknown) => {
      if (!(cause instanceof UserError) || cause.exitCode !== EXIT.unreachable) throw cause;
      throw new UserError(thrown.message, { exitCode: EXIT.notFound, hint: `in the archive? it cannot be asked: ${cause.message}`, cause });
    });
    if (!found)
      throw new UserError(`${thrown.message}, nor in the archive`, {
        exitCode: EXIT.notFound,
        hint: "flyteops get runs -A   (runs that have ended: flyteops history)",
      });
    deps.err.write(`run ${name} is not in the cluster any more; this is from the archive\n`);
    return found;
  }
}
