import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { TerminalFailure } from "../../base/index.ts";

/** How PostgreSQL's programs are started: it refuses to run as root, and initdb needs a user that has a name. */
export interface RunAs {
  /** Put in front of the program and its arguments. */
  readonly prefix: readonly string[];
  /** For spawn; absent: as we are. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

/** Where programs are looked for; the caller's environment is not passed on. */
export const PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const NOBODY = 65_534;
/** In a user namespace root is somebody else: files stay root's own, but PostgreSQL sees an ordinary user. */
const NAMESPACE = ["unshare", "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, "--"];
/** The database ends with the program that started it, however that one ends. */
const DIES_WITH_US = ["setpriv", "--pdeathsig", "INT", "--"];

const run = promisify(execFile);

async function works(prefix: readonly string[]): Promise<boolean> {
  const [program = "", ...args] = prefix;
  return run(program, [...args, "true"], { env: { PATH: PROGRAM_PATH } }).then(
    () => true,
    () => false,
  );
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

async function accounts(): Promise<Account[]> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  return text.split("\n").map((line) => {
    const [name = "", , uid, gid] = line.split(":");
    return { name, uid: Number(uid), gid: Number(gid) };
  });
}

async function ownerOf(directory: string): Promise<{ uid: number; gid: number } | undefined> {
  return stat(directory).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => undefined,
  );
}

/** Root: the owner of an existing database decides; for a new one a namespace is preferred to another account. */
async function asRoot(directory: string): Promise<RunAs> {
  const owner = await ownerOf(directory);
  if (owner && owner.uid !== 0) return { prefix: [], ids: owner };
  if (await works(NAMESPACE)) return { prefix: NAMESPACE, ids: undefined };
  const known = await accounts();
  const account = known.find(({ name }) => name === "postgres") ?? known.find(({ name }) => name === "nobody");
  if (!account)
    throw new TerminalFailure(
      "DatabaseUserMissing",
      "PostgreSQL does not run as root, and there is neither a user namespace nor an account postgres or nobody to run it as",
    );
  return { prefix: [], ids: { uid: account.uid, gid: account.gid } };
}

async function asOrdinaryUser(uid: number): Promise<RunAs> {
  const named = (await accounts()).some((account) => account.uid === uid);
  if (named || process.platform !== "linux" || !(await works(NAMESPACE))) return { prefix: [], ids: undefined };
  return { prefix: NAMESPACE, ids: undefined };
}

/** How to run the database whose data are, or will be, in `directory`. */
export async function runAs(directory: string): Promise<RunAs> {
  const uid = process.geteuid?.();
  if (uid === undefined) return { prefix: [], ids: undefined };
  return uid === 0 ? asRoot(directory) : asOrdinaryUser(uid);
}

/** The prefix that also ends the server when its parent dies, where the machine can. */
export async function serverPrefix(how: RunAs): Promise<readonly string[]> {
  const prefix = [...how.prefix, ...DIES_WITH_US];
  return process.platform === "linux" && (await works(prefix)) ? prefix : how.prefix;
}
