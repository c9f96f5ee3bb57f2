import { isFinished, type Run, RunKind } from "../../crds/index.ts";
import { addCommand, connected, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type Connection, EXIT } from "../context.ts";
import { findObject, refuseElsewhere } from "../find.ts";

interface AbortOptions extends ConnectOptions {
  readonly reason?: string;
  readonly dryRun?: boolean;
}

async function abortRun(registry: Registry, connection: Connection, options: AbortOptions, name: string): Promise<number> {
  const { deps } = registry;
  const run = await findObject<Run>(connection, RunKind, name);
  refuseElsewhere(connection, `run ${name}`, run.metadata.namespace);
  if (isFinished(run)) {
    deps.out.write(`run ${name} has already finished: ${run.status?.phase}\n`);
    return EXIT.ok;
  }
  const { namespace, uid } = run.metadata;
  // The uid makes this a change of exactly this Run: never of a namesake, and never a creation.
  const body = { metadata: { uid }, spec: { desiredState: "Aborted", abortReason: options.reason ?? "aborted with flyteops abort" } };
  await connection.client.patch(RunKind, { namespace, name }, { type: "merge", body }, { fieldManager: "flyteops-cli", dryRun: options.dryRun === true });
  deps.out.write(`run ${name} is being aborted${options.dryRun ? " (dry run)" : `; see: flyteops tree ${name} -n ${namespace} --watch`}\n`);
  return EXIT.ok;
}

export function registerAbort(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "abort <run>", {
      summary: "stop a run for good",
      examples: ['flyteops abort penguins-x7 --reason "wrong data"'],
    }),
  )
    .option("--reason <text>", "why; kept in the run")
    .option("--dry-run", "only ask the server whether it would be accepted")
    .action(connected(registry, (connection, options: AbortOptions, name: string) => abortRun(registry, connection, options, name)));
}
