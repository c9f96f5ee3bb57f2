import type { Command } from "commander";
import { addCommand, type Registry } from "../cli/index.ts";

const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), value];

/** `flyteops api`: what Flyte's own clients ask in a cluster. */
export function registerApi(registry: Registry): void {
  addCommand(registry, "api", {
    summary: "serve Flyte's RunService and ProjectService, read-only, for an installation in a cluster",
    examples: ["flyteops api", "flyteops api --config config.yaml --server.apiAddress :8090"],
  })
    .option("--config <file>", "configuration file or glob (repeat it; default: /etc/flyteops/config.d/*.yaml)", collect)
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText("after", "\nEvery key of the configuration is an option too, --section.key value: flyteops config docs\n")
    .action(async (options: { readonly config?: readonly string[] }, command: Command) => {
      const { runApi } = await import("./api/api.ts");
      const { deps } = registry;
      process.exit(await runApi(deps, { files: options.config, environment: deps.env, flags: [...command.args] }));
    });
}
