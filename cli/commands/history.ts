import { RunKind } from "../../crds/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { ArchivedHead, RunHistory } from "../../records/index.ts";
import type { ArchiveOptions } from "../archive/where-archive.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "../context.ts";
import { archivedHead, ofArchive } from "../find-run.ts";
import { asList, OUTPUT_FORMATS, type OutputFormat, printDocument, resourceName } from "../output.ts";
import { archivedLines, HISTORY_COLUMNS, historyCells } from "../views/history.ts";
import { paintFor } from "../views/paint.ts";
import { runTree } from "../views/run-tree.ts";
import { table } from "../views/table.ts";
import { workflowOf } from "./tree.ts";

interface HistoryOptions extends ConnectOptions, ArchiveOptions {
  readonly allNamespaces?: boolean;
  readonly workflow?: string;
  readonly phase?: string;
  readonly limit: string;
  readonly uid?: string;
  readonly actions?: boolean;
  readonly output?: string;
}

const LIMIT = "50";
const LIMIT_MAX = 10_000;
/** Phases in which a run can be archived. */
const PHASES: readonly string[] = ["Succeeded", "Failed", "Aborted", "TimedOut"];

function formatOf({ output = "table" }: HistoryOptions): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === output && known !== "wide");
  if (format) return format;
  throw new UserError(`-o ${output}: one of json, yaml, name`, { exitCode: EXIT.usage });
}

function limitOf({ limit }: HistoryOptions): number {
  const count = Number(limit);
  if (Number.isInteger(count) && count >= 1 && count <= LIMIT_MAX) return count;
  throw new UserError(`--limit ${limit}: a number from 1 to ${LIMIT_MAX}`, { exitCode: EXIT.usage });
}

function phaseOf({ phase }: HistoryOptions): string | undefined {
  if (phase === undefined) return undefined;
  const found = PHASES.find((known) => known.toLowerCase() === phase.toLowerCase());
  if (found) return found;
  throw new UserError(`--phase ${phase}: one of ${PHASES.join(", ")}`, { exitCode: EXIT.usage });
}

/** Without -n everywhere, as `get` lists: work is spread over the namespaces of projects. */
function namespaceOf(connection: Connection, options: HistoryOptions): string | undefined {
  if (options.allNamespaces === true) return undefined;
  return connection.namespaceGiven || connection.namespace !== "default" ? connection.namespace : undefined;
}

function printList(deps: CliDeps, heads: readonly ArchivedHead[], format: OutputFormat, everywhere: boolean): void {
  const runs = heads.map(archivedHead);
  if (format === "json" || format === "yaml") return printDocument(deps, format, asList(runs as unknown as KubeObject[]));
  if (format === "name") return deps.out.write(runs.map((run) => `${resourceName(RunKind, run as unknown as KubeObject)}\n`).join(""));
  if (heads.length === 0) return deps.err.write("No runs found in the archive.\n");
  const rows = heads.map(({ namespace, endedAt }, index) => [...(everywhere ? [namespace] : []), ...historyCells(runs[index]!, endedAt, deps.clock.now())]);
  deps.out.write(table([...(everywhere ? ["NAMESPACE"] : []), ...HISTORY_COLUMNS], rows));
}

async function listRuns(deps: CliDeps, connection: Connection, history: RunHistory, options: HistoryOptions): Promise<number> {
  const format = formatOf(options);
  const [limit, namespace] = [limitOf(options), namespaceOf(connection, options)];
  const heads = await history.runs({ namespace, target: options.workflow, phase: phaseOf(options), limit: limit + 1 });
  printList(deps, heads.slice(0, limit), format, namespace === undefined);
  if (heads.length > limit) deps.err.write(`There are more; these are the last ${limit}: --limit N shows others\n`);
  return EXIT.ok;
}

/** The uid to show: the last of that name, of which there may be several, because a name is free again when its run is gone. */
async function uidNamed(deps: CliDeps, connection: Connection, history: RunHistory, name: string, options: HistoryOptions): Promise<string> {
  const namespace = namespaceOf(connection, options);
  const found = await history.runs({ namespace, name, limit: 100 });
  const namespaces = [...new Set(found.map((head) => head.namespace))].sort();
  if (namespaces.length > 1)
    throw new UserError(`the archive has a Run ${name} of ${namespaces.join(" and ")}`, { exitCode: EXIT.usage, hint: `say which: -n ${namespaces[0]}` });
  const wanted = options.uid === undefined ? found[0] : found.find(({ uid }) => uid === options.uid);
  if (!wanted) {
    const place = namespace === undefined ? "" : ` of namespace ${namespace}`;
    throw new UserError(`the archive has no Run ${name}${place}${options.uid === undefined ? "" : ` with uid ${options.uid}`}`, {
      exitCode: EXIT.notFound,
      hint: "flyteops history -A   (a run that has not ended: flyteops get runs -A)",
    });
  }
  const others = found.filter(({ uid }) => uid !== wanted.uid);
  if (options.uid === undefined && others.length > 0) {
    const list = others.map(({ uid, endedAt }) => `  --uid ${uid}   ended ${endedAt}\n`).join("");
    deps.err.write(`the last of ${found.length} runs called ${name}; the others:\n${list}`);
  }
  return wanted.uid;
}

async function showRun(deps: CliDeps, connection: Connection, history: RunHistory, name: string, options: HistoryOptions): Promise<number> {
  const format = formatOf(options);
  const record = await history.run(await uidNamed(deps, connection, history, name, options));
  if (!record) throw new UserError(`the record of Run ${name} has just been removed`, { exitCode: EXIT.notFound });
  const { run, actions } = ofArchive(record);
  if (format === "json" || format === "yaml") printDocument(deps, format, options.actions ? asList([run, ...actions] as unknown as KubeObject[]) : run);
  else if (format === "name") deps.out.write(`${resourceName(RunKind, run as unknown as KubeObject)}\n`);
  else {
    const paint = paintFor(deps.out, deps.env);
    const tree = runTree(run, actions, await workflowOf(connection, run), { now: deps.clock.now(), paint });
    deps.out.write([...tree, ...archivedLines(run, record.endedAt, paint)].map((line) => `${line}\n`).join(""));
  }
  return EXIT.ok;
}

export function registerHistory(registry: Registry): void {
  const { deps } = registry;
  connectionOptions(
    addCommand(registry, "history [run]", {
      summary: "list runs that have ended, or show one, also those that are not in the cluster any more",
      examples: [
        "flyteops history",
        "flyteops history -n ml-production --workflow penguins --phase Failed --limit 10",
        "flyteops history penguins-first",
        "flyteops history penguins-first -o yaml --actions",
      ],
    }),
  )
    .option("-A, --all-namespaces", "of every namespace (also the default without -n)")
    .option("--workflow <name>", "only runs of this workflow, task or trigger")
    .option("--phase <phase>", `only runs that ended so: ${PHASES.join(", ")}`)
    .option("--limit <number>", "no more than this, the last ended first", LIMIT)
    .option("--uid <uid>", "with a name: this one of several")
    .option("--actions", "with a name and -o json or yaml: its actions too, as a List")
    .option("--database <url>", "where the archive's database is reached from here (default: as the installation says; password in PGPASSWORD)")
    .option("-o, --output <format>", "json, yaml or name")
    .action(
      connected(registry, async (connection, options: HistoryOptions, name?: string) => {
        const { withArchive } = await import("../archive/with-archive.ts");
        return withArchive(deps, connection, options, (history) =>
          name === undefined ? listRuns(deps, connection, history, options) : showRun(deps, connection, history, name, options),
        );
      }),
    );
}
