import { lstatSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { embeddedDatabaseIn, fieldsOf, messageOf, shellWord } from "../../base/index.ts";
import { isNotFound, Kinds, type KubeObject } from "../../kube/index.ts";
import type { RecordsConnection } from "../../records/index.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "../context.ts";
import { INSTALLATION } from "../storage.ts";
import { type DatabaseAddress, databaseUrl, isSocket, parseDatabaseUrl, type SslMode } from "./database-url.ts";

/** Option of the commands that read the archive. */
export interface ArchiveOptions {
  /** URL of its database as it is reached from here. */
  readonly database?: string;
}

/** Objects of an installation that say where its database is; the first is of `flyteops up` too. */
const CONFIG = { namespace: INSTALLATION.namespace, name: "flyteops-config" } as const;
const SECRET = { namespace: INSTALLATION.namespace, name: "flyteops-database" } as const;

type Holder = KubeObject & { data?: Record<string, string> };

async function dataOf(connection: Connection, kind: typeof Kinds.ConfigMap, ref: { readonly namespace: string; readonly name: string }) {
  const found = await connection.client.get<Holder>(kind, ref).catch((thrown: unknown) => {
    if (isNotFound(thrown)) return undefined;
    throw new UserError(`${kind.kind} ${ref.namespace}/${ref.name}, which leads to the archive, cannot be read: ${messageOf(thrown)}`, {
      exitCode: EXIT.unreachable,
      hint: "say where its database is: --database postgresql://user@host:5432/flyteops   (password in PGPASSWORD)",
    });
  });
  return found?.data ?? {};
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined; // not even YAML: whoever runs it says so
  }
}

/** A database in the controller's own pod has no port: it is asked from inside. */
function refuseEmbedded(directory: unknown): never {
  const url = databaseUrl({ ...embeddedDatabaseIn(String(directory)), sslMode: "disable" });
  throw new UserError("the archive of this installation is in the controller's pod, and is reached from there alone", {
    exitCode: EXIT.unreachable,
    hint: `kubectl exec -n ${INSTALLATION.namespace} deploy/flyteops-controller -- flyteops history --database ${shellWord(url)}`,
  });
}

/** The configuration of an installation, as its ConfigMap has it. */
function addressOfConfig(text: string, subject: string): DatabaseAddress | undefined {
  const section = fieldsOf(fieldsOf(parsedYaml(text))["database"]);
  if (section["embedded"] === true) refuseEmbedded(section["embeddedDirectory"] ?? "/var/lib/flyteops/postgres");
  const { host, port = 5432, dbname = "flyteops", username = "flyteops", options = "sslmode=verify-full" } = fieldsOf(section["postgres"]);
  if (typeof host !== "string") return undefined;
  const sslMode = String(options).replace(/^sslmode=/, "") as SslMode;
  return parseDatabaseUrl(databaseUrl({ host, port: Number(port), user: String(username), database: String(dbname), sslMode }), subject);
}

/**
 * The password of the database of `flyteops up`. A cluster may name any file, and what it names is sent to whoever listens: so it must be the
 * file of a state directory, ours, and for us alone.
 */
function passwordOfState(uri: string): string {
  const path = fileURLToPath(uri);
  const ofState = basename(path) === "password" && basename(dirname(path)) === "postgres";
  const found = ofState ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
  const isOurs = found?.isFile() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
  if (isOurs && lstatSync(join(dirname(dirname(path)), "kubeconfig"), { throwIfNoEntry: false })?.isFile()) return readFileSync(path, "utf8").trim();
  throw new UserError(`${path}, which is to be the password of the archive's database, is not one that flyteops up made for this user`, {
    exitCode: EXIT.unreachable,
    hint: "run it on the machine and as the user of flyteops up",
  });
}

const decoded = (text: string): string => Buffer.from(text, "base64").toString("utf8");

async function passwordOfSecret(connection: Connection, name: string = SECRET.name): Promise<string> {
  const { password = "" } = await dataOf(connection, Kinds.Secret, { ...SECRET, name });
  return decoded(password);
}

/** The authorities of the server, from where the installation has them; undefined: those of this machine. */
async function certificateOf(connection: Connection, facts: Readonly<Record<string, string>>): Promise<string | undefined> {
  const { databaseSecret: name = SECRET.name, databaseRootCertificate: text, databaseRootCertificateKey: key } = facts;
  if (text !== undefined || key === undefined) return text;
  const stored = (await dataOf(connection, Kinds.Secret, { ...SECRET, name }))[key];
  return stored === undefined ? undefined : decoded(stored);
}

function connectionOf(address: DatabaseAddress, password: string, rootCertificate?: string): RecordsConnection {
  const { host, port, user, database, sslMode } = address;
  // A command asks one thing and ends.
  const limits = { maxOpenConnections: 1, connectTimeoutMs: 10_000 };
  return { host, port, user, password, database, limits, tls: { mode: sslMode, ...(rootCertificate === undefined ? {} : { rootCertificate }) } };
}

/** An embedded PostgreSQL keeps its password beside the directory of its socket. The user named that one, and may read it or not. */
function passwordBeside(socketDirectory: string): string {
  try {
    return readFileSync(embeddedDatabaseIn(dirname(socketDirectory)).passwordPath, "utf8").trim();
  } catch {
    return ""; // not one of ours: it may need none
  }
}

async function givenByUser(deps: CliDeps, connection: Connection, text: string): Promise<RecordsConnection> {
  const address = parseDatabaseUrl(text, "--database");
  const stored = () => (isSocket(address.host) ? passwordBeside(address.host) : passwordOfSecret(connection));
  const password = address.password ?? deps.env["PGPASSWORD"] ?? (await stored());
  return connectionOf(address, password, address.sslRootCert === undefined ? undefined : readFileSync(address.sslRootCert, "utf8"));
}

/** How the archive of the installation that the connection leads to is reached. UserError where it does not say. */
export async function whereArchive(deps: CliDeps, connection: Connection, { database }: ArchiveOptions): Promise<RecordsConnection> {
  if (database !== undefined) return givenByUser(deps, connection, database);
  const facts = await dataOf(connection, Kinds.ConfigMap, INSTALLATION);
  const subject = `ConfigMap ${INSTALLATION.namespace}/${INSTALLATION.name}, key database`;
  if (facts["databaseEmbedded"] !== undefined) refuseEmbedded(facts["databaseEmbedded"]);
  const address =
    facts["database"] === undefined
      ? addressOfConfig((await dataOf(connection, Kinds.ConfigMap, CONFIG))["config.yaml"] ?? "{}", `ConfigMap ${CONFIG.namespace}/${CONFIG.name}, database`)
      : parseDatabaseUrl(facts["database"], subject);
  if (address === undefined)
    throw new UserError(`this cluster does not say where the archive is: ${subject}, is not there`, {
      exitCode: EXIT.unreachable,
      hint: "flyteops check   (or say it: --database postgresql://user@host:5432/flyteops)",
    });
  const { databasePassword, databaseSecret } = facts;
  const local = isSocket(address.host) && databasePassword !== undefined;
  const password = local ? passwordOfState(databasePassword) : await passwordOfSecret(connection, databaseSecret);
  return connectionOf(address, password, await certificateOf(connection, facts));
}
