import { Failure, messageOf, silentLogger } from "../../base/index.ts";
import { openHistory, type RunHistory } from "../../records/index.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "../context.ts";
import { isSocket } from "./database-url.ts";
import { type ArchiveOptions, whereArchive } from "./where-archive.ts";

function unreachable(thrown: unknown, host: string, port: number): UserError {
  const near = isSocket(host) || host === "127.0.0.1";
  const forward = "kubectl port-forward to it, then: --database postgresql://flyteops@127.0.0.1:5432/flyteops   (password in PGPASSWORD)";
  return new UserError(`the archive at ${isSocket(host) ? host : `${host}:${port}`} does not answer: ${messageOf(thrown)}`, {
    exitCode: EXIT.unreachable,
    hint: near ? "is its control plane running? flyteops check" : `where it is out of reach from here: ${forward}`,
    cause: thrown,
  });
}

/** Asks the archive of the installation that the connection leads to. UserError with exit code 4 when it is out of reach. */
export async function withArchive<T>(deps: CliDeps, connection: Connection, options: ArchiveOptions, ask: (history: RunHistory) => Promise<T>): Promise<T> {
  const where = await whereArchive(deps, connection, options);
  const history = openHistory({ connection: where, logger: silentLogger });
  try {
    return await ask(history);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.reason === "RecordsUnavailable") throw unreachable(thrown.cause ?? thrown, where.host, where.port);
    throw thrown;
  } finally {
    await history.close();
  }
}
