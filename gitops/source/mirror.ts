import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RetryableFailure, shortHash } from "../../base/index.ts";
import { type CommandDeps, type CommandLimits, gitText } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";
import { type ObjectReader, objectReader } from "./object-reader.ts";
import type { RefTarget } from "./ref-name.ts";

export interface MirrorDeps extends CommandDeps {
  /** Bytes of packed history a mirror may hold. */
  readonly maxBytes: number;
}

/** One remote repository's bare copy on disk. Calls must not overlap (the owner serialises them), except on `reader`. */
export interface Mirror {
  readonly directory: string;
  readonly reader: ObjectReader;
  /** Newest commit of the target, its objects present. */
  update(target: RefTarget, limits: CommandLimits): Promise<{ commit: string; branch: string | undefined }>;
  /** Drops unreachable objects when there are many. */
  tidy(limits: CommandLimits): Promise<void>;
  close(): Promise<void>;
}

interface Advertised {
  readonly refs: ReadonlyMap<string, string>;
  /** Branch that HEAD points to, without `refs/heads/`. */
  readonly head: string | undefined;
}

function parseAdvertisement(text: string): Advertised {
  const refs = new Map<string, string>();
  let head: string | undefined;
  for (const line of text.split("\n")) {
    const [id, name] = line.split("\t");
    if (id?.startsWith("ref: refs/heads/") && name === "HEAD") head = id.slice("ref: refs/heads/".length);
    else if (id && name) refs.set(name, id);
  }
  return { refs, head };
}

/** Opens or makes the bare repository. The address stands in its configuration, never in an argument list that `ps` would show. */
export async function openMirror(deps: MirrorDeps, directory: string, url: string): Promise<Mirror> {
  await createBare(deps, directory, url);
  const reader = objectReader(directory, deps.env);
  const git = (args: readonly string[], limits: CommandLimits) =>
    gitText(deps, directory, args, limits).catch((thrown: unknown) => {
      throw gitFailure(thrown, url);
    });
  return {
    directory,
    reader,
    async update(target, limits) {
      if (target.commit !== undefined) return { commit: await exactCommit(git, reader, target.commit, limits), branch: undefined };
      return followRef({ git, deps, directory, url }, target, limits);
    },
    async tidy(limits) {
      await git(["gc", "--auto", "--quiet", "--prune=1.hour.ago"], limits);
    },
    close: () => reader.close(),
  };
}

type Git = (args: readonly string[], limits: CommandLimits) => Promise<string>;

async function createBare(deps: MirrorDeps, directory: string, url: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!(await exists(join(directory, "HEAD")))) await gitText(deps, directory, ["init", "--bare", "--quiet"], { timeoutMs: 30_000 });
  await rm(join(directory, "shallow.lock"), { force: true });
  const escaped = url.replace(/["\\]/g, "\\$&");
  const config = `[core]\n\trepositoryformatversion = 0\n\tbare = true\n[remote "origin"]\n\turl = "${escaped}"\n`;
  const file = join(directory, "config");
  if ((await readFile(file, "utf8").catch(() => "")) !== config) await writeFile(file, config, { mode: 0o600 });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isPresent(reader: ObjectReader, commit: string): Promise<boolean> {
  return reader.read(commit).then(
    () => true,
    () => false,
  );
}

const FETCH = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance", "--no-write-fetch-head", "--force"];

/** A named commit never changes: the network is asked only when the mirror does not hold it. */
async function exactCommit(git: Git, reader: ObjectReader, commit: string, limits: CommandLimits): Promise<string> {
  if (await isPresent(reader, commit)) return commit;
  const keep = `refs/follow/${commit}`;
  try {
    await git([...FETCH, "--depth=1", "origin", `+${commit}:${keep}`], limits);
  } catch (thrown) {
    if (!(thrown instanceof RetryableFailure) || thrown.reason !== "RefNotFound") throw thrown;
    // Old servers hand out advertised refs only: bring all branches and look again.
    await git([...FETCH, "origin", "+refs/heads/*:refs/all/heads/*"], limits);
  }
  if (!(await isPresent(reader, commit))) throw new RetryableFailure("RefNotFound", `commit ${commit} does not exist in the repository`);
  return commit;
}

interface Follow {
  readonly git: Git;
  readonly deps: MirrorDeps;
  readonly directory: string;
  readonly url: string;
}

async function followRef(follow: Follow, target: RefTarget, limits: CommandLimits): Promise<{ commit: string; branch: string | undefined }> {
  const name = target.name ?? "HEAD";
  const seen = parseAdvertisement(await follow.git(["ls-remote", "--symref", "origin", "HEAD", name, `${name}^{}`], limits));
  const advertised = seen.refs.get(name);
  if (advertised === undefined) throw await missingRef(follow.git, target, limits);
  const kept = `refs/follow/${shortHash(name, 20)}`;
  if ((await keptId(follow.directory, kept)) !== advertised) await fetchInto(follow, name, kept, limits);
  const commit = (await follow.git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${kept}^{commit}`], limits)).trim();
  return { commit, branch: name === "HEAD" ? seen.head : undefined };
}

/** Id that one of our own refs points to: read from its file, which saves a process; a packed ref just costs a fetch. */
async function keptId(directory: string, ref: string): Promise<string | undefined> {
  return readFile(join(directory, ref), "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

async function fetchInto(follow: Follow, name: string, kept: string, limits: CommandLimits): Promise<void> {
  const guard = new AbortController();
  const stop = () => guard.abort();
  limits.signal?.addEventListener("abort", stop, { once: true });
  const watch = watchSize(follow, guard);
  try {
    await follow.git([...FETCH, "--depth=1", "origin", `+${name}:${kept}`], { ...limits, signal: guard.signal });
  } catch (thrown) {
    if (watch.exceeded())
      throw new RetryableFailure("RepositoryTooLarge", `the fetch brought more than ${follow.deps.maxBytes} bytes and was stopped`, { cause: thrown });
    throw thrown;
  } finally {
    watch.stop();
    limits.signal?.removeEventListener("abort", stop);
  }
}

/** Git has no size limit for a fetch: the packs are looked at twice a second, and the fetch is ended when they grow too large. */
function watchSize(follow: Follow, guard: AbortController): { exceeded(): boolean; stop(): void } {
  let exceeded = false;
  let cancel: () => void = () => undefined;
  let stopped = false;
  const look = async () => {
    if ((await packBytes(follow.directory)) > follow.deps.maxBytes) {
      exceeded = true;
      guard.abort();
    } else if (!stopped) {
      cancel = follow.deps.clock.after(500, () => void look());
    }
  };
  cancel = follow.deps.clock.after(500, () => void look());
  return {
    exceeded: () => exceeded,
    stop() {
      stopped = true;
      cancel();
    },
  };
}

async function packBytes(directory: string): Promise<number> {
  const packs = join(directory, "objects", "pack");
  const names = await readdir(packs).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(packs, name)).then(
        (entry) => entry.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Says whether the repository is empty or only this ref is not there, and which branches are. */
async function missingRef(git: Git, target: RefTarget, limits: CommandLimits): Promise<RetryableFailure> {
  const { refs } = parseAdvertisement(await git(["ls-remote", "origin"], limits));
  if (refs.size === 0) return new RetryableFailure("RepositoryEmpty", "the repository has no commit yet");
  const branches = [...refs.keys()].filter((name) => name.startsWith("refs/heads/")).map((name) => name.slice("refs/heads/".length));
  const known = branches.length === 0 ? "it has no branches" : `its branches are: ${branches.slice(0, 10).join(", ")}${branches.length > 10 ? ", …" : ""}`;
  return new RetryableFailure("RefNotFound", `${target.spoken} does not exist in the repository; ${known}`);
}
