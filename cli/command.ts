import type { Command } from "commander";
import type { CliDeps, Connection } from "./context.ts";
import type { ConnectOptions } from "./connect.ts";

/** What a command file needs to add itself to the program. */
export interface Registry {
  readonly program: Command;
  readonly deps: CliDeps;
  /** Called with the exit code of the command that ran. */
  readonly finish: (code: number) => void;
}

export interface CommandText {
  readonly summary: string;
  /** Lines a user could type, shown by `--help`. At least one. */
  readonly examples: readonly string[];
}

/** Adds a command with its summary and examples. `usage` is commander's form: `tree <run>`. */
export function addCommand(registry: Registry, usage: string, text: CommandText): Command {
  const examples = text.examples.map((example) => `  ${example}\n`).join("");
  return registry.program.command(usage).description(text.summary).addHelpText("after", `\nExamples:\n${examples}`);
}

/** The options of every command that talks to a cluster. */
export function connectionOptions(command: Command): Command {
  return command
    .option("-n, --namespace <name>", "namespace, <project>-<domain> (default: the context's, else wherever the name is found)")
    .option("--kubeconfig <file>", "kubeconfig file (default: $KUBECONFIG, else .flyteops/kubeconfig here or above, else ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig");
}

/** Runs a command's body with an open connection, which is closed whatever happens. */
export function connected<Options extends ConnectOptions, Args extends unknown[]>(
  registry: Registry,
  body: (connection: Connection, options: Options, ...args: Args) => Promise<number>,
): (...actionArgs: unknown[]) => Promise<void> {
  return async (...actionArgs) => {
    // Commander passes the declared arguments, then the options, then the command itself.
    const options = actionArgs.at(-2) as Options;
    const { connect } = await import("./connect.ts");
    const connection = await connect(registry.deps, options);
    try {
      registry.finish(await body(connection, options, ...(actionArgs.slice(0, -2) as Args)));
    } finally {
      await connection.close();
    }
  };
}
