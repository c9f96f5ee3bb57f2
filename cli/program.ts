import { Command, CommanderError } from "commander";
import { Failure, messageOf } from "../base/index.ts";
import type { Registry } from "./command.ts";
import { type CliDeps, EXIT, UserError } from "./context.ts";
import { printable } from "./views/paint.ts";

/** Adds one command to the program. `cmd/` passes those that wire whole programs (`up`, `down`). */
export type Registration = (registry: Registry) => void;

function newProgram(deps: CliDeps): Command {
  return new Command("flyteops")
    .description("Data and ML work, declared as YAML in git and run on Kubernetes.")
    .version(deps.version, "-V, --version", "print the version and exit")
    .helpOption("-h, --help", "show help")
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({ writeOut: (text) => deps.out.write(text), writeErr: (text) => deps.err.write(text) })
    .showSuggestionAfterError(true)
    .exitOverride();
}

/** What the machine refuses is nobody's mistake in a program: its own words say what. */
const MACHINE = new Set(["EACCES", "EDQUOT", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG", "ENFILE", "ENOSPC", "ENOTDIR", "EPERM", "EROFS"]);

function say(deps: CliDeps, thrown: unknown): number {
  if (thrown instanceof UserError) {
    deps.err.write(`flyteops: ${printable(thrown.message)}\n${thrown.hint ? `  ${printable(thrown.hint)}\n` : ""}`);
    return thrown.exitCode;
  }
  if (thrown instanceof Failure) {
    deps.err.write(`flyteops: ${printable(thrown.message)}\n`);
    const code = (thrown as { code?: unknown }).code;
    return code === 404 ? EXIT.notFound : code === 0 ? EXIT.unreachable : EXIT.failed;
  }
  if (MACHINE.has(String((thrown as NodeJS.ErrnoException | undefined)?.code))) {
    deps.err.write(`flyteops: ${printable(messageOf(thrown))}\n`);
    return EXIT.failed;
  }
  // Anything else is our own mistake: the stack is what a bug report needs.
  deps.err.write(`flyteops: internal error: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)}\n`);
  return EXIT.failed;
}

/** Runs one command line (without node and script). Resolves with the exit code; never rejects. */
export async function runCli(argv: readonly string[], deps: CliDeps, registrations: readonly Registration[]): Promise<number> {
  const program = newProgram(deps);
  let code: number = EXIT.ok;
  const registry: Registry = { program, deps, finish: (finished) => (code = finished) };
  for (const register of registrations) register(registry);
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeOut: (text) => deps.out.write(text), writeErr: (text) => deps.err.write(text) });
  try {
    if (argv.length === 0) {
      deps.err.write(program.helpInformation());
      return EXIT.usage;
    }
    await program.parseAsync([...argv], { from: "user" });
    return deps.signal.aborted && code === EXIT.ok ? EXIT.interrupted : code;
  } catch (thrown) {
    if (deps.signal.aborted) return EXIT.interrupted;
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return say(deps, thrown);
  }
}
