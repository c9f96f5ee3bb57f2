import { resolve } from "node:path";
import type { Command } from "commander";
import { configDocument, type ConfigSources, configReference, type LoadedConfig, loadConfig, problemLine } from "../../config/index.ts";
import { addCommand, type Registry } from "../command.ts";
import { EXIT, UserError } from "../context.ts";
import { printable } from "../views/paint.ts";

const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), value];

function load({ deps }: Registry, sources: Omit<ConfigSources, "environment">): LoadedConfig {
  return loadConfig({ ...sources, files: sources.files?.map((file) => resolve(deps.cwd, file)), environment: deps.env });
}

/** Says what is wrong, one line each. */
function complain({ deps }: Registry, { problems }: LoadedConfig): number {
  for (const problem of problems) deps.err.write(`${printable(problemLine(problem))}\n`);
  deps.err.write(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}\n`);
  return EXIT.failed;
}

function registerDocs(registry: Registry): void {
  addCommand(registry, "docs", { summary: "print every key with its default and meaning, in Markdown", examples: ["flyteops config docs"] }).action(() => {
    registry.deps.out.write(configReference());
    registry.finish(EXIT.ok);
  });
}

function registerValidate(registry: Registry): void {
  addCommand(registry, "validate [files...]", {
    summary: "check configuration files (default: those of /etc/flyteops/config.d) and the environment as a start would",
    examples: ["flyteops config validate", "flyteops config validate config.yaml"],
  }).action((files: string[]) => {
    const loaded = load(registry, files.length > 0 ? { files } : {});
    if (loaded.problems.length > 0) return registry.finish(complain(registry, loaded));
    for (const file of loaded.files) registry.deps.out.write(`${printable(file)}: ok\n`);
    if (loaded.files.length === 0) registry.deps.out.write("no files; the environment and the defaults are ok\n");
    registry.finish(EXIT.ok);
  });
}

interface ShowOptions {
  readonly config?: readonly string[];
  readonly defaults?: boolean;
  readonly output: string;
}

function registerShow(registry: Registry): void {
  addCommand(registry, "show", {
    summary: "print the configuration that holds, with the place where each key was written",
    examples: ["flyteops config show", "flyteops config show --defaults -o json", "flyteops config show --config config.yaml --logger.level debug"],
  })
    .option("--config <file>", "configuration file or glob (repeat it)", collect)
    .option("--defaults", "every key, written or not")
    .option("-o, --output <format>", "yaml or json", "yaml")
    .allowUnknownOption()
    .allowExcessArguments()
    .action((options: ShowOptions, command: Command) => {
      const { output } = options;
      if (output !== "yaml" && output !== "json") throw new UserError(`-o ${output}: yaml or json`, { exitCode: EXIT.usage });
      const loaded = load(registry, { files: options.config, flags: command.args });
      if (loaded.problems.length > 0) return registry.finish(complain(registry, loaded));
      registry.deps.out.write(configDocument(loaded, { output, defaults: options.defaults === true }));
      registry.finish(EXIT.ok);
    });
}

export function registerConfig(registry: Registry): void {
  const config = addCommand(registry, "config", {
    summary: "the configuration of an installation: its keys, whether it is valid, what holds",
    examples: ["flyteops config docs", "flyteops config validate config.yaml", "flyteops config show --defaults"],
  });
  const below: Registry = { ...registry, program: config };
  for (const register of [registerDocs, registerValidate, registerShow]) register(below);
  const { deps } = registry;
  for (const command of config.commands)
    command.exitOverride().configureOutput({ writeOut: (text) => deps.out.write(text), writeErr: (text) => deps.err.write(text) });
}
