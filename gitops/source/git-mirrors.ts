import { join } from "node:path";
import { type Clock, type Logger, RetryableFailure, shortHash } from "../../base/index.ts";
import { commitTree } from "./commit-tree.ts";
import { gitBytes } from "./git-command.ts";
import { withCredentials } from "./git-credentials.ts";
import { gitFailure } from "./git-failure.ts";
import type { FileChange, GitRemote, Revision, RevisionRequest } from "./git-remote.ts";
import { type GitSettings, prepareGitSettings } from "./git-settings.ts";
import { parseRepositoryUrl } from "./git-url.ts";
import { watchRefs } from "./local-refs.ts";
import { type Mirror, openMirror } from "./mirror.ts";
import { refTarget, revisionText } from "./ref-name.ts";

export interface GitMirrorsDeps {
  /** Mirrors live in `<stateDir>/<hash>.git`. Nobody else may write there. */
  readonly stateDir: string;
  /** Laptop mode: file URLs and absolute paths are allowed. */
  readonly allowFile: boolean;
  /** PATH, HOME, SSH_AUTH_SOCK and proxy settings are taken from it, nothing else. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bytes of packed objects one mirror may hold; 4 GiB unless told. */
  readonly maxMirrorBytes?: number;
}

/** Fetches between two looks at whether a mirror needs tidying. */
const TIDY_EVERY = 50;

interface OpenMirror {
  readonly mirror: Promise<Mirror>;
  /** Ends when the last queued operation has ended: fetches into one mirror never overlap. */
  tail: Promise<unknown>;
  updates: number;
}

class GitMirrors implements GitRemote {
  readonly #deps: GitMirrorsDeps;
  readonly #mirrors = new Map<string, OpenMirror>();
  #settings: Promise<GitSettings> | undefined;

  constructor(deps: GitMirrorsDeps) {
    this.#deps = deps;
  }

  async resolve(request: RevisionRequest): Promise<Revision> {
    const target = refTarget(request.ref);
    const { url, scope } = request;
    const open = this.#open({ url, scope });
    const limits = { timeoutMs: request.timeoutMs, signal: request.signal };
    return this.#inTurn(open, async () => {
      const mirror = await open.mirror;
      const { commit, branch } = await this.#authenticated(request, (environment) => mirror.update(target, { ...limits, environment }));
      open.updates += 1;
      if (open.updates % TIDY_EVERY === 0) await mirror.tidy(limits).catch((thrown: unknown) => this.#deps.logger.debug("git mirror not tidied", { thrown }));
      const label = branch ?? target.label;
      return {
        url,
        ...(scope === undefined ? {} : { scope }),
        commit,
        label,
        text: revisionText(label, commit),
        ...parseCommit(await mirror.reader.read(commit)),
      };
    });
  }

  async tree(revision: Revision) {
    const mirror = await this.#open(revision).mirror;
    return commitTree({ ...(await this.#commandDeps()), directory: mirror.directory, reader: mirror.reader }, revision.commit, revision.text);
  }

  async changes(from: Revision, to: Revision): Promise<readonly FileChange[] | undefined> {
    const mirror = await this.#open(to).mirror;
    const args = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", from.commit, to.commit];
    try {
      return parseChanges(await gitBytes(await this.#commandDeps(), mirror.directory, args, 128 * 1024 * 1024, { timeoutMs: 60_000 }));
    } catch (thrown) {
      const failure = gitFailure(thrown, to.url);
      if (failure.reason === "RepositoryCorrupt" || failure.reason === "GitFailed") return undefined;
      throw failure;
    }
  }

  follow(url: string, notify: () => void): (() => Promise<void>) | undefined {
    const { localPath } = parseRepositoryUrl(url, this.#deps);
    return localPath === undefined ? undefined : watchRefs(localPath, notify, this.#deps);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#mirrors.values()].map(async (open) => (await open.mirror.catch(() => undefined))?.close()));
    this.#mirrors.clear();
  }

  #authenticated<T>({ url, credentials }: RevisionRequest, work: (environment: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
    return credentials === undefined ? work({}) : withCredentials(this.#deps.stateDir, url, credentials, work);
  }

  #open({ url: text, scope = "" }: Pick<RevisionRequest, "url" | "scope">): OpenMirror {
    const { url } = parseRepositoryUrl(text, this.#deps);
    // The address with its credentials decides: two followers share a mirror only when both may read it.
    const key = scope === "" ? url : `${scope} ${url}`;
    const known = this.#mirrors.get(key);
    if (known) return known;
    const opened: OpenMirror = { mirror: this.#openMirror(key, url), tail: Promise.resolve(), updates: 0 };
    this.#mirrors.set(key, opened);
    // A mirror that could not be opened (disk full, git missing) is tried again next time.
    opened.mirror.catch(() => this.#mirrors.delete(key));
    return opened;
  }

  async #openMirror(key: string, url: string): Promise<Mirror> {
    const deps = { ...(await this.#commandDeps()), maxBytes: this.#deps.maxMirrorBytes ?? 4 * 1024 ** 3 };
    return openMirror(deps, join(this.#deps.stateDir, `${shortHash(key, 24)}.git`), url).catch((thrown: unknown) => {
      throw gitFailure(thrown, url);
    });
  }

  async #commandDeps() {
    this.#settings ??= prepareGitSettings(this.#deps.stateDir, this.#deps.allowFile, this.#deps.environment);
    return { env: (await this.#settings).env, clock: this.#deps.clock };
  }

  #inTurn<T>(open: OpenMirror, work: () => Promise<T>): Promise<T> {
    const result = open.tail.then(work);
    open.tail = result.catch(() => undefined);
    return result;
  }
}

/** Author, time and first line of a commit object. */
function parseCommit(content: Buffer): Pick<Revision, "author" | "committedAtMs" | "subject"> {
  const text = content.toString("utf8");
  const author = /^author (.*?) ?<([^>\n]*)> /m.exec(text);
  const committed = /^committer .*> ([0-9]+) [+-][0-9]{4}$/m.exec(text)?.[1];
  if (!text.startsWith("tree ")) throw new RetryableFailure("RefNotFound", "the ref does not point to a commit");
  const subject = text.slice(text.indexOf("\n\n") + 2).split("\n", 1)[0] ?? "";
  return { author: { name: author?.[1] ?? "", email: author?.[2] ?? "" }, committedAtMs: Number(committed ?? 0) * 1000, subject };
}

function parseChanges(output: Buffer): FileChange[] {
  const fields = output.toString("utf8").split("\0");
  const changes: FileChange[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const letter = fields[index];
    const change = letter === "A" ? "added" : letter === "D" ? "deleted" : "modified";
    changes.push({ path: fields[index + 1] ?? "", change });
  }
  return changes;
}

/** Git through bare mirrors kept below a state directory. One instance per state directory. */
export function gitMirrors(deps: GitMirrorsDeps): GitRemote {
  return new GitMirrors(deps);
}
