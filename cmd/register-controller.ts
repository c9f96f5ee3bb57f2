import type { Command } from "commander";
import { addCommand, type Registry } from "../cli/index.ts";

const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), value];

interface ControllerOptions {
  readonly config?: readonly string[];
  readonly controllers?: string;
}

/** `flyteops controller`: what an installation in a cluster runs. */
export function registerController(registry: Registry): void {
  addCommand(registry, "controller", {
    summary: "run the controllers of an installation in a cluster (on a laptop: flyteops up)",
    examples: ["flyteops controller", "flyteops controller --controllers sync,trigger --config config.yaml --logger.level debug"],
  })
    .option("--config <file>", "configuration file or glob (repeat it; default: /etc/flyteops/config.d/*.yaml)", collect)
    .option("--controllers <names>", "which controllers, separated by commas (default: *, all); the same as --controller.controllers")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText("after", "\nEvery key of the configuration is an option too, --section.key value: flyteops config docs\n")
    .action(async (options: ControllerOptions, command: Command) => {
      const { runController } = await import("./controller/controller.ts");
      const named = options.controllers === undefined ? [] : ["--controller.controllers", options.controllers];
      const { deps } = registry;
      const code = await runController(deps, { files: options.config, environment: deps.env, flags: [...named, ...command.args] });
      // A pass that does not end must not keep the program; SIGTERM is how it ends, so that is no interruption.
      process.exit(code);
    });
}
