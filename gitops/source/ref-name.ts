import { TerminalFailure } from "../../base/index.ts";
import type { GitRef } from "./git-remote.ts";

/** The rules of `git check-ref-format`, and no leading hyphen: a ref can never be read as an option. */
export function isValidRefName(name: string): boolean {
  if (name === "" || name.length > 1024 || name === "@" || name.startsWith("-")) return false;

  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(name) || name.includes("..") || name.includes("@{") || name.endsWith(".")) return false;
  return name.split("/").every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}

export interface RefTarget {
  /** Full name on the remote; `HEAD` for the default branch; undefined when a commit is named. */
  readonly name: string | undefined;
  readonly commit: string | undefined;
  /** How a revision of it is printed: the part before `@sha1:`. */
  readonly label: string;
  /** `branch main`, for messages. */
  readonly spoken: string;
}

function checked(kind: string, name: string): string {
  if (!isValidRefName(name)) throw new TerminalFailure("InvalidRef", `spec.ref.${kind} ${JSON.stringify(name)} is not a valid git ref name`);
  return name;
}

/** Which ref a request means: name > commit > tag > branch. Throws InvalidRef (terminal). */
export function refTarget(ref: GitRef): RefTarget {
  if (ref.name !== undefined) return namedRef(ref.name);
  if (ref.commit !== undefined) return namedCommit(ref.commit);
  if (ref.tag !== undefined) return { name: `refs/tags/${checked("tag", ref.tag)}`, commit: undefined, label: ref.tag, spoken: `tag ${ref.tag}` };
  if (ref.branch !== undefined) {
    return { name: `refs/heads/${checked("branch", ref.branch)}`, commit: undefined, label: ref.branch, spoken: `branch ${ref.branch}` };
  }
  return { name: "HEAD", commit: undefined, label: "HEAD", spoken: "default branch" };
}

function namedRef(name: string): RefTarget {
  if (!name.startsWith("refs/"))
    throw new TerminalFailure("InvalidRef", `spec.ref.name ${JSON.stringify(name)} must be a full name, for example refs/heads/main`);
  return { name: checked("name", name), commit: undefined, label: name, spoken: `ref ${name}` };
}

function namedCommit(commit: string): RefTarget {
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) {
    throw new TerminalFailure("InvalidRef", `spec.ref.commit ${JSON.stringify(commit)} must be the whole object id (40 hexadecimal characters, lower case)`);
  }
  return { name: undefined, commit, label: "", spoken: `commit ${commit.slice(0, 12)}` };
}

/** `main@sha1:<hex>`; without a label `sha1:<hex>`. */
export function revisionText(label: string, commit: string): string {
  const algorithm = commit.length === 64 ? "sha256" : "sha1";
  return label === "" ? `${algorithm}:${commit}` : `${label}@${algorithm}:${commit}`;
}
