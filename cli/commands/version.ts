import { addCommand, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { EXIT } from "../context.ts";

interface VersionOptions extends ConnectOptions {
  readonly client?: boolean;
  readonly output?: string;
}

async function serverVersion(registry: Registry, options: VersionOptions): Promise<string | undefined> {
  const [{ connect }, { bodyText }] = await Promise.all([import("../connect.ts"), import("../../kube/index.ts")]);
  const connection = await connect(registry.deps, options);
  try {
    const response = await connection.transport.send({ method: "GET", path: "/version" });
    return (JSON.parse(await bodyText(response.body)) as { gitVersion?: string }).gitVersion;
  } finally {
    await connection.close();
  }
}

export function registerVersion(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "version", {
      summary: "print the version of this program and of the cluster",
      examples: ["flyteops version", "flyteops version --client -o json"],
    }),
  )
    .option("--client", "only this program's")
    .option("-o, --output <format>", "json")
    .action(async (options: VersionOptions) => {
      const { deps } = registry;
      // No cluster, or none that answers, is no error of this question.
      const cluster = options.client ? undefined : await serverVersion(registry, options).catch(() => undefined);
      if (options.output === "json") deps.out.write(`${JSON.stringify({ flyteops: deps.version, kubernetes: cluster ?? null })}\n`);
      else deps.out.write(`flyteops ${deps.version}\n${options.client ? "" : `kubernetes ${cluster ?? "(no cluster answers)"}\n`}`);
      registry.finish(EXIT.ok);
    });
}
