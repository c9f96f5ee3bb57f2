import { isFields } from "../base/index.ts";
import { findFiles } from "./find-files.ts";
import type { Setting } from "./keys.ts";
import type { ConfigProblem } from "./literal-secrets.ts";
import { readConfigFile } from "./read-file.ts";
import { readEnvironment } from "./read-environment.ts";
import { readFlags } from "./read-flags.ts";
import { type Config, defaultConfig, parseConfig } from "./schema.ts";
import type { SourcedProblem } from "./settings-of-text.ts";

export const DEFAULT_FILES: readonly string[] = ["/etc/flyteops/config.d/*.yaml"];

/** Where a configuration is written; what comes later wins: defaults, files in order, environment, flags. */
export interface ConfigSources {
  /** Paths and globs. Absent: DEFAULT_FILES, of which none need exist. */
  readonly files?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `--section.key value` and nothing else. */
  readonly flags?: readonly string[];
}

export interface LoadedConfig {
  /** To be used only when there are no problems; the defaults otherwise. */
  readonly config: Config;
  /** What was written, without defaults. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Where each dotted key was written that holds. */
  readonly sources: ReadonlyMap<string, string>;
  readonly files: readonly string[];
  readonly problems: readonly SourcedProblem[];
}

/** Maps and lists are values: the last source has them whole. Sections are merged key by key, because settings are single keys. */
function merged(settings: readonly Setting[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { path, value } of settings) {
    let target = root;
    for (const step of path.slice(0, -1)) {
      const next = Object.hasOwn(target, step) ? target[step] : undefined;
      const below: Record<string, unknown> = isFields(next) ? next : {};
      Object.defineProperty(target, step, { value: below, enumerable: true, writable: true, configurable: true });
      target = below;
    }
    Object.defineProperty(target, path.at(-1) ?? "", { value, enumerable: true, writable: true, configurable: true });
  }
  return root;
}

/** Where a problem comes from: the key itself, what was written below it, above it, or beside it in its section. */
function sourceOf(path: string, sources: ReadonlyMap<string, string>): string {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const exact = sources.get(at);
    if (exact !== undefined) return exact;
    const below = [...sources].filter(([key]) => key.startsWith(`${at}.`)).map(([, source]) => source);
    if (below.length > 0) return [...new Set(below)].join(", ");
  }
  return "default";
}

const AT_NO_PATH = "must be an absolute path such as /etc/flyteops/secrets/password (what was written is not shown)";

/** A value under a key that names a file of a secret may be the secret itself, and an address may hold one: neither is repeated. */
function withoutSecrets({ path, message }: ConfigProblem): string {
  if (/Path$/.test(path) && message.includes("which is not")) return `${path.slice(path.lastIndexOf(".") + 1)} ${AT_NO_PATH}`;
  return message.replace(/\/\/[^/\s"]*@/g, "//***@");
}

/** Files that were asked for. A pattern that was given and finds nothing is a mistake; the default one need not find any. */
function filesOf(patterns: readonly string[] | undefined): { readonly files: readonly string[]; readonly problems: readonly SourcedProblem[] } {
  const found = (patterns ?? DEFAULT_FILES).map((pattern) => ({ pattern, files: findFiles(pattern) }));
  const empty = patterns === undefined ? [] : found.filter(({ files }) => files.length === 0);
  return {
    files: [...new Set(found.flatMap(({ files }) => files))],
    problems: empty.map(({ pattern }) => ({ path: "", message: "no file has such a name", source: pattern })),
  };
}

/** Reads every source, merges them and checks the result. Never throws: everything wrong is in `problems`, with its place. */
export function loadConfig({ files: patterns, environment = {}, flags = [] }: ConfigSources): LoadedConfig {
  const { files, problems: absent } = filesOf(patterns);
  const read = [...files.map(readConfigFile), readEnvironment(environment), readFlags(flags)];
  const settings = read.flatMap((each) => each.settings);
  const written = merged(settings);
  const sources = new Map(settings.map(({ path, source }) => [path.join("."), source]));
  const parsed = parseConfig(written);
  const wrong = parsed.problems.map((problem) => ({ path: problem.path, message: withoutSecrets(problem), source: sourceOf(problem.path, sources) }));
  const problems = [...absent, ...read.flatMap((each) => each.problems), ...wrong];
  return { config: problems.length === 0 ? parsed.config : defaultConfig, written, sources, files, problems };
}

/** One line for people: where, which key, what is wrong. */
export function problemLine({ source, path, message }: SourcedProblem): string {
  return path === "" ? `${source}: ${message}` : `${source}: ${path}: ${message}`;
}
