import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { TerminalFailure } from "../../base/index.ts";

/** How PostgreSQL's programs are started: it refuses to run as root, and initdb needs a user that has a name. */
export interface RunAs {
  /** Put in front of the program and its arguments. */
  readonly prefix: readonly string[];
  /** For spawn; absent: as we are. */
  readonly ids: Ids | undefined;
  /** Who owns the database's files where that is not whoever runs this program. */
  readonly owner: Ids | undefined;
}

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** A database is to live in `root` (its files in `data`) and be run by the program `postgres`. */
export interface Places {
  readonly root: string;
  readonly data: string;
  readonly postgres: string;
}

const AS_WE_ARE: RunAs = { prefix: [], ids: undefined, owner: undefined };

/** Where programs are looked for; the caller's environment is not passed on. */
export const PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const NOBODY = 65_534;
/** In a user namespace root is somebody else: files stay root's own, but PostgreSQL sees an ordinary user. */
const NAMESPACE = ["unshare", "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, "--"];
/** The database ends with the program that started it, however that one ends. */
const DIES_WITH_US = ["setpriv", "--pdeathsig", "INT", "--"];

const run = promisify(execFile);

async function works(prefix: readonly string[], command: readonly string[] = ["true"], ids?: Ids): Promise<boolean> {
  const [program = "", ...args] = [...prefix, ...command];
  return run(program, args, { ...ids, cwd: "/", env: { PATH: PROGRAM_PATH } }).then(
    () => true,
    () => false,
  );
}

interface Account extends Ids {
  readonly name: string;
}

async function accounts(): Promise<Account[]> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  return text.split("\n").map((line) => {
    const [name = "", , uid, gid] = line.split(":");
    return { name, uid: Number(uid), gid: Number(gid) };
  });
}

async function ownerOf(directory: string): Promise<Ids | undefined> {
  return stat(directory).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => undefined,
  );
}

/** Passes directories that only root may enter, such as /root; what a container engine leaves to root includes it. */
const PASSING = "+dac_override,+dac_read_search";

const passing = ({ uid, gid }: Ids) => [
  "setpriv",
  `--reuid=${uid}`,
  `--regid=${gid}`,
  "--clear-groups",
  `--inh-caps=${PASSING}`,
  `--ambient-caps=${PASSING}`,
  "--",
];

async function asAccount({ uid, gid }: Ids, { root, postgres }: Places): Promise<RunAs> {
  const owner = { uid, gid };
  // Not `test -x`: access(2) asks for the account without what it was given besides.
  const reach = ["sh", "-c", 'cd "$1" && exec "$2" --version', "sh", root, postgres];
  if (await works([], reach, owner)) return { prefix: [], ids: owner, owner };
  const prefix = passing(owner);
  if (await works(prefix, reach)) return { prefix, ids: undefined, owner };
  throw new TerminalFailure(
    "DatabaseUnreachable",
    `PostgreSQL does not run as root, there is no user namespace, and user ${uid} may not enter ${root} or may not run ${postgres}: ` +
      "run flyteops as an ordinary user, or put both where every user may pass",
  );
}

/** Root: the owner of an existing database decides; for a new one a namespace is preferred to another account. */
async function asRoot(places: Places): Promise<RunAs> {
  const owner = await ownerOf(places.data);
  if (owner && owner.uid !== 0) return asAccount(owner, places);
  if (await works(NAMESPACE)) return { ...AS_WE_ARE, prefix: NAMESPACE };
  const known = await accounts();
  const account = known.find(({ name }) => name === "postgres") ?? known.find(({ name }) => name === "nobody");
  if (!account)
    throw new TerminalFailure(
      "DatabaseUserMissing",
      "PostgreSQL does not run as root, and there is neither a user namespace nor an account postgres or nobody to run it as",
    );
  return asAccount(account, places);
}

async function asOrdinaryUser(uid: number): Promise<RunAs> {
  const named = (await accounts()).some((account) => account.uid === uid);
  if (named || process.platform !== "linux" || !(await works(NAMESPACE))) return AS_WE_ARE;
  return { ...AS_WE_ARE, prefix: NAMESPACE };
}

/** How to run the database in these places, whether it is there already or not. */
export async function runAs(places: Places): Promise<RunAs> {
  const uid = process.geteuid?.();
  if (uid === undefined) return AS_WE_ARE;
  return uid === 0 ? asRoot(places) : asOrdinaryUser(uid);
}

/** The prefix that also ends the server when its parent dies, where the machine can. */
export async function serverPrefix(how: RunAs): Promise<readonly string[]> {
  const prefix = [...how.prefix, ...DIES_WITH_US];
  return process.platform === "linux" && (await works(prefix)) ? prefix : how.prefix;
}
