import { join, relative, resolve } from "node:path";
import { type Failure, stringifyJson } from "../../base/index.ts";
import type { CheckOptions, CheckResult, LocalFiles } from "../../gitops/index.ts";
import { addCommand, type Registry } from "../command.ts";
import { type CliDeps, EXIT, UserError } from "../context.ts";
import { paintFor, printable } from "../views/paint.ts";
import { type Checked, githubLines, problemLines, summaryLine } from "../views/problems.ts";

const FORMATS = ["text", "json", "github"] as const;
type Format = (typeof FORMATS)[number];

interface ValidateOptions {
  readonly ref?: string;
  readonly project?: string;
  readonly domain?: string;
  readonly include?: readonly string[];
  readonly output: string;
}

function formatOf({ output }: ValidateOptions): Format {
  const format = FORMATS.find((each) => each === output);
  if (!format) throw new UserError(`-o ${output}: one of ${FORMATS.join(", ")}`, { exitCode: EXIT.usage });
  return format;
}

function checkOptions(path: string, { project, domain, include }: ValidateOptions): CheckOptions {
  if ((project === undefined) !== (domain === undefined)) throw new UserError("--project and --domain go together", { exitCode: EXIT.usage });
  return {
    path,
    ...(include && include.length > 0 ? { include } : {}),
    ...(project !== undefined && domain !== undefined ? { tenant: { project, domain } } : {}),
  };
}

/** What cannot be looked at at all is a mistake of the command line, not a problem of the repository. */
function asUsage(thrown: unknown): never {
  // By its field: the room is loaded on demand, and may bring its own copy of the class.
  if (thrown instanceof Error && (thrown as Partial<Failure>).retry === "terminal")
    throw new UserError(thrown.message, { exitCode: EXIT.usage, cause: thrown });
  throw thrown;
}

async function check(deps: CliDeps, path: string, options: ValidateOptions): Promise<{ result: CheckResult; files: LocalFiles }> {
  const { checkRepository, localCommit, workingTree } = await import("../../gitops/index.ts");
  const directory = resolve(deps.cwd, path);
  const local = { environment: deps.env, clock: deps.clock };
  const files = await (options.ref === undefined ? workingTree(directory, local) : localCommit(directory, options.ref, local)).catch(asUsage);
  try {
    return { result: await checkRepository(files.tree, checkOptions(files.path, options)).catch(asUsage), files };
  } finally {
    await files.close();
  }
}

function printText(deps: CliDeps, checked: Checked, shown: (file: string) => string): void {
  const paint = paintFor(deps.out, deps.env);
  for (const line of problemLines(checked.problems, paint, shown)) deps.out.write(`${line}\n`);
  deps.out.write(`${summaryLine(checked, paint)}\n`);
  if (checked.problems.some(({ code }) => code === "NamespaceMissing")) {
    deps.err.write("the repository of one project is checked with: flyteops validate --project <project> --domain <domain>\n");
  }
}

async function validate(deps: CliDeps, path: string, options: ValidateOptions): Promise<number> {
  const format = formatOf(options);
  const { result, files } = await check(deps, path, options);
  const checked: Checked = { problems: result.problems, objects: result.objects.length, files: result.files.size, ignored: result.ignored };
  if (format === "json") deps.out.write(`${stringifyJson(checked, 2)}\n`);
  else if (format === "github") {
    for (const line of githubLines(checked.problems)) deps.out.write(`${printable(line)}\n`);
    deps.err.write(`${summaryLine(checked, paintFor(deps.err, deps.env))}\n`);
  } else printText(deps, checked, (file) => relative(deps.cwd, join(files.root, file)));
  return result.problems.some(({ severity }) => severity === "error") ? EXIT.failed : EXIT.ok;
}

/** `flyteops validate [path]`: what the sync would say about a directory, before it is committed. */
export function registerValidate(registry: Registry): void {
  addCommand(registry, "validate [path]", {
    summary: "check a directory of manifests: the same checks as the sync makes, every problem at once",
    examples: [
      "flyteops validate",
      "flyteops validate flows --project ml --domain development",
      "flyteops validate --ref origin/main",
      "flyteops validate -o github   # annotations in a GitHub workflow",
    ],
  })
    .option("--ref <revision>", "check this commit, branch or tag instead of the files on disk")
    .option("--project <name>", "check as the repository of this project (with --domain)")
    .option("--domain <name>", "the project's domain; its namespace is the default")
    .option("--include <glob...>", "files to read, as globs below the path (default: **/*.yaml **/*.yml)")
    .option("-o, --output <format>", FORMATS.join(", "), "text")
    .addHelpText("after", "\nExit codes: 0 valid (warnings allowed), 1 problems, 2 wrong usage.\n")
    .action(async (path: string | undefined, options: ValidateOptions) => registry.finish(await validate(registry.deps, path ?? ".", options)));
}
