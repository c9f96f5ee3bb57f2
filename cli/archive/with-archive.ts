import { Failure, messageOf, silentLogger } from "../../base/index.ts";
import { openHistory, type RunHistory } from "../../records/index.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "../context.ts";
import { INSTALLATION } from "../storage.ts";
import { isSocket } from "./database-url.ts";
import { type ArchiveOptions, whereArchive } from "./where-archive.ts";

const UNKNOWN_AUTHORITY = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
/** SQLSTATEs of a password that is wrong and an account that may not come in. */
const NOT_LET_IN = new Set(["28P01", "28000"]);

/** What to do about it. */
function advice(code: string, host: string): string {
  if (UNKNOWN_AUTHORITY.has(code))
    return `name its authority: key databaseRootCertificate of ConfigMap ${INSTALLATION.namespace}/${INSTALLATION.name}, or --database postgresql://…?sslrootcert=FILE`;
  if (NOT_LET_IN.has(code)) return "its password comes from the installation's Secret; with --database from PGPASSWORD";
  if (isSocket(host) || host === "127.0.0.1") return "is its control plane running? flyteops check";
  return "where it is out of reach from here: kubectl port-forward to it, then: --database postgresql://flyteops@127.0.0.1:5432/flyteops   (password in PGPASSWORD)";
}

function unreachable(thrown: unknown, host: string, port: number): UserError {
  return new UserError(`the archive at ${isSocket(host) ? host : `${host}:${port}`} does not answer: ${messageOf(thrown)}`, {
    exitCode: EXIT.unreachable,
    hint: advice(String((thrown as { code?: unknown }).code), host),
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
