import { addCommand, type Registry } from "../cli/index.ts";
import type { UpOptions } from "./up/up-options.ts";

const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), value];

function registerUpCommand(registry: Registry): void {
  addCommand(registry, "up", {
    summary: "run all of flyteops on this machine and follow a git repository",
    examples: [
      "flyteops up",
      "flyteops up --repo ../flows --branch main",
      "flyteops up --once -o json",
      "flyteops up --image python:3.12=.venv/bin",
      "flyteops up --runtime podman",
    ],
  })
    .option("--repo <dir|url>", "repository to follow (default: this directory)")
    .option("--branch <name>", "branch to follow (default: the one that is checked out; of a URL its default branch)")
    .option("--path <dir>", "only this directory of the repository")
    .option("--state <dir>", "where everything is kept", ".flyteops")
    .option("--port <number>", "port of the Kubernetes API on 127.0.0.1 (default: a free one, the same again next time)")
    .option("--metrics-port <number>", "serve Prometheus metrics at 127.0.0.1 (default: not)")
    .option("--once", "end when every Run of the repository has finished: exit code 0 if all succeeded, 1 if not")
    .option("--image <image=dir>", "programs of this directory stand for this image, before PATH (repeat it)", collect)
    .option("--runtime <name>", "what runs containers: docker or podman, from their images, or process: programs of this machine instead", "process")
    .option("-o, --output <format>", "json: with --once, one JSON document on standard output")
    .option("--log-level <level>", "error, info or debug; the log is <state>/flyteops.log", "info")
    .action(async (options: UpOptions) => {
      const { up } = await import("./up/up.ts");
      registry.finish(await up(registry.deps, options));
    });
}

function registerDownCommand(registry: Registry): void {
  addCommand(registry, "down", {
    summary: "stop the `flyteops up` that uses a state directory",
    examples: ["flyteops down", "flyteops down --purge"],
  })
    .option("--state <dir>", "its state directory", ".flyteops")
    .option("--purge", "also delete the state directory: resources, history, outputs")
    .action(async (options: { state: string; purge?: boolean }) => {
      const { down } = await import("./down.ts");
      registry.finish(await down(registry.deps, options));
    });
}

export function registerUp(registry: Registry): void {
  registerUpCommand(registry);
  registerDownCommand(registry);
}
