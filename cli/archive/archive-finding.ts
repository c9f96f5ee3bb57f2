import { messageOf, silentLogger } from "../../base/index.ts";
import { archiveState, type RecordsConnection } from "../../records/index.ts";
import { type CliDeps, type Connection, UserError } from "../context.ts";
import type { Finding } from "../finding.ts";
import { isSocket } from "./database-url.ts";
import { whereArchive } from "./where-archive.ts";

const subject = "archive";
/** SQLSTATEs of a server that was reached, and does not let in: a wrong password, an unknown account, a database that is not there. */
const REFUSED = new Set(["28P01", "28000", "3D000"]);

const addressOf = ({ host, port, database }: RecordsConnection): string => `${isSocket(host) ? host : `${host}:${port}`}/${database}`;

/** The state of the tables, as somebody sees it who only reads. */
export function tablesFinding(address: string, { applied, known }: { readonly applied: number; readonly known: number }): Finding {
  if (applied === known) return { subject, level: "ok", message: `${address} answers, its tables are up to date` };
  if (applied > known)
    return {
      subject,
      level: "warning",
      message: `the tables at ${address} are of a newer flyteops than this program`,
      hint: "use the program of that version",
    };
  const hint = "the controllers make and change them when they start: kubectl logs deployment/flyteops-controller -n flyteops-system";
  return { subject, level: "problem", message: `${applied === 0 ? "there are no tables" : "the tables are of an older flyteops"} at ${address}`, hint };
}

function silence(address: string, thrown: unknown): Finding {
  const cause = (thrown as { cause?: unknown }).cause ?? thrown;
  if (REFUSED.has(String((cause as { code?: unknown }).code)))
    return { subject, level: "problem", message: `${address} does not let in whom the configuration names: ${messageOf(cause)}` };
  // Its own network may be all that reaches it. The programs are not ready while they cannot.
  return { subject, level: "warning", message: `${address} does not answer from here, which need not be wrong: ${messageOf(cause)}` };
}

/** Whether the database that an installation names answers from here, and what its tables are like. */
export async function archiveFinding(deps: CliDeps, connection: Connection): Promise<Finding> {
  let where: RecordsConnection;
  try {
    where = await whereArchive(deps, connection, {});
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return { subject, level: "warning", message: `not looked at: ${thrown.message}`, ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) };
  }
  const address = addressOf(where);
  try {
    return tablesFinding(address, await archiveState({ connection: where, logger: silentLogger }));
  } catch (thrown) {
    return silence(address, thrown);
  }
}
