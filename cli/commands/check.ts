import { addCommand, connectionOptions, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type CliDeps, type Connection, EXIT } from "../context.ts";
import type { Finding } from "../finding.ts";
import { paintFor } from "../views/paint.ts";

interface CheckOptions extends ConnectOptions {
  readonly output?: string;
}

/** Without a cluster there is still the machine to check: `flyteops check` is also what one types before `up`. */
async function connectionIfAny(deps: CliDeps, options: ConnectOptions): Promise<(Connection & { close(): Promise<void> }) | undefined> {
  const { connect } = await import("../connect.ts");
  return connect(deps, options).catch((thrown: unknown) => {
    if (options.kubeconfig ?? deps.env["KUBECONFIG"]) throw thrown;
    return undefined;
  });
}

function print(deps: CliDeps, findings: readonly Finding[]): void {
  const paint = paintFor(deps.out, deps.env);
  const mark = { ok: paint.good("ok  "), warning: paint.busy("warn"), problem: paint.bad("FAIL") };
  for (const finding of findings) {
    deps.out.write(`${mark[finding.level]}  ${finding.subject}: ${finding.message}\n`);
    if (finding.hint) deps.out.write(`      ${finding.hint}\n`);
  }
}

export function registerCheck(registry: Registry): void {
  connectionOptions(
    addCommand(registry, "check", {
      summary: "check this machine (before `up`), and the installation when a cluster answers",
      examples: ["flyteops check", "flyteops check -o json"],
    }),
  )
    .option("-o, --output <format>", "json")
    .action(async (options: CheckOptions) => {
      const { deps } = registry;
      // Knows what an installation consists of, which takes a while to load and no other command asks.
      const { checkCluster, checkMachine } = await import("../checks.ts");
      const findings = await checkMachine(deps);
      const connection = await connectionIfAny(deps, options);
      if (connection) {
        try {
          findings.push(...(await checkCluster(deps, connection)));
        } finally {
          await connection.close();
        }
      }
      if (options.output === "json") deps.out.write(`${JSON.stringify(findings, null, 2)}\n`);
      else print(deps, findings);
      registry.finish(findings.some((finding) => finding.level === "problem") ? EXIT.failed : EXIT.ok);
    });
}
