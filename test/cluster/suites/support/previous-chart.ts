import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { root } from "../../../e2e/support/program.ts";

/** The oldest release whose kinds are kept: as long as none was published, it stands for the last one. */
const RELEASE = "0.1.0";
const KINDS = `crds/released/${RELEASE}`;

export interface PreviousChart {
  readonly path: string;
  /** Where it comes from, in words. */
  readonly origin: string;
}

const git = (...args: readonly string[]) =>
  execFileSync("git", ["-C", root, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 });

const releasedFiles = () => readdirSync(join(root, KINDS)).filter((file) => file.endsWith(".yaml"));
const definition = (file: string) => parse(readFileSync(file, "utf8")) as { readonly spec: unknown };

/** The commit that wrote down the kinds of the release; undefined where the history does not reach that far. */
function releaseCommit(): string | undefined {
  try {
    if (git("rev-parse", "--is-shallow-repository").trim() !== "false") return undefined;
    return git("log", "--diff-filter=A", "--format=%H", "--", `${KINDS}/runs.yaml`).trim().split("\n").at(-1) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The chart of the release before this one: as it was when the kinds of the release were written down. Without history it is today's chart with
 * the kinds of the release.
 */
export function previousChart(directory: string): PreviousChart {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "flyteops-core");
  const commit = releaseCommit();
  if (commit !== undefined) {
    const archive = execFileSync("git", ["-C", root, "archive", commit, "charts/flyteops-core"], { maxBuffer: 1 << 28 });
    execFileSync("tar", ["-x", "-C", directory, "--strip-components=1"], { input: archive });
    return { path, origin: `charts/flyteops-core of commit ${commit.slice(0, 12)}` };
  }
  cpSync(join(root, "charts/flyteops-core"), path, { recursive: true });
  for (const file of releasedFiles()) {
    const at = join(path, "files/kinds", file);
    writeFileSync(at, stringify({ ...definition(at), spec: definition(join(root, KINDS, file)).spec }, { aliasDuplicateObjects: false }));
  }
  return { path, origin: `today's templates with ${KINDS}: THE HISTORY OF THIS CHECKOUT DOES NOT REACH BACK TO THE RELEASE` };
}

/** Kinds of the chart whose definition is not the released one; empty: it is the chart of that release. */
export function unlikeReleased({ path }: PreviousChart): string[] {
  return releasedFiles().filter((file) => !isDeepStrictEqual(definition(join(path, "files/kinds", file)).spec, definition(join(root, KINDS, file)).spec));
}
