import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse, stringify } from "yaml";
import { isFields, type Json, messageOf } from "../../base/index.ts";
import type { Flavour, Manifest } from "../../synth/index.ts";
import { addCommand, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type CliDeps, EXIT, UserError } from "../context.ts";
import { setOption } from "../set-option.ts";

interface InstallOptions extends Omit<ConnectOptions, "namespace"> {
  readonly flavour: string;
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly namespace?: string;
  readonly output: string;
  readonly offline?: boolean;
}

const FLAVOURS: readonly string[] = ["single", "core"];
const OUTPUTS: readonly string[] = ["yaml", "json", "name"];
const NAMESPACE = "flyteops-system";

function usage(message: string, hint?: string): UserError {
  return new UserError(message, { exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
}

function refuseWrongOptions({ flavour, namespace, output }: InstallOptions): void {
  if (!FLAVOURS.includes(flavour)) throw usage(`--flavour ${flavour}: one of ${FLAVOURS.join(", ")}`);
  if (!OUTPUTS.includes(output)) throw usage(`-o ${output}: one of ${OUTPUTS.join(", ")}`);
  if (namespace !== undefined && namespace !== NAMESPACE) {
    throw usage(`--namespace ${namespace}: flyteops lives in ${NAMESPACE}, where controllers, Projects and clients look for it`);
  }
}

async function valuesFile(deps: CliDeps, path: string): Promise<Json> {
  const text = await readFile(resolve(deps.cwd, path), "utf8").catch((thrown: unknown) => {
    throw usage(`--values ${path}: ${messageOf(thrown)}`);
  });
  try {
    const parsed: unknown = parse(text, { maxAliasCount: 100 });
    if (parsed === null || parsed === undefined) return {};
    if (isFields(parsed)) return parsed as Json;
  } catch (thrown) {
    throw usage(`--values ${path}: ${messageOf(thrown)}`);
  }
  throw usage(`--values ${path}: not a map of values`);
}

/** What the files say, later ones over earlier ones, and what --set says over all of them. */
async function writtenValues(deps: CliDeps, { values = [], set = [] }: InstallOptions): Promise<Json> {
  const { mergeValues } = await import("../../synth/index.ts");
  const layers = [...(await Promise.all(values.map((path) => valuesFile(deps, path)))), ...set.map(setOption)];
  return layers.reduce<Json>((below, above) => mergeValues(below, above), {});
}

const OLD_MINOR = 30;

interface Looked {
  readonly minor: number;
  readonly version: string;
  readonly foreign: boolean;
}

/** The cluster that kubectl would use; undefined, and a line on standard error, when none answers. */
async function looked(deps: CliDeps, options: InstallOptions): Promise<Looked | undefined> {
  const [{ connect }, { discovery }, { hasForeignKinds }] = await Promise.all([
    import("../connect.ts"),
    import("../../kube/index.ts"),
    import("../foreign-kinds.ts"),
  ]);
  const { namespace: _, ...where } = options;
  let connection: Awaited<ReturnType<typeof connect>> | undefined;
  try {
    connection = await connect(deps, where);
    const { minor, gitVersion } = await discovery(connection.transport).version();
    return { minor: Number.parseInt(minor, 10), version: gitVersion, foreign: await hasForeignKinds(connection.client) };
  } catch (thrown) {
    const unsaid = "that Flyte 2 is not there, and that Kubernetes is 1.29 or newer";
    deps.err.write(`flyteops: no cluster was looked at (${messageOf(thrown)}); what that would have told: ${unsaid}\n`);
    return undefined;
  } finally {
    await connection?.close();
  }
}

/** What the cluster says before anything is installed in it. Resolves with a value to change, if it is too old for one object. Throws UserError. */
async function fitOf(deps: CliDeps, options: InstallOptions): Promise<Json> {
  const found = await looked(deps, options);
  if (!found) return {};
  const { FOREIGN_KINDS } = await import("../foreign-kinds.ts");
  if (found.foreign) throw new UserError(FOREIGN_KINDS.message, { exitCode: EXIT.failed, hint: FOREIGN_KINDS.hint });
  if (found.minor >= OLD_MINOR) return {};
  deps.err.write(`flyteops: Kubernetes ${found.version} has no ValidatingAdmissionPolicy: who gives a signal is not checked there\n`);
  return { signalPolicy: { enabled: false } };
}

/** kubectl reads YAML 1.1, in which `yes` without quotes is no text. */
const FOR_KUBECTL = { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0 } as const;

function print(deps: CliDeps, manifests: readonly Manifest[], output: string): void {
  if (output === "json") deps.out.write(`${JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }, null, 2)}\n`);
  else if (output === "name") for (const { kind, metadata } of manifests) deps.out.write(`${kind}/${metadata.name}\n`);
  else deps.out.write(manifests.map((manifest) => `---\n${stringify(manifest, FOR_KUBECTL)}`).join(""));
}

async function install(deps: CliDeps, options: InstallOptions): Promise<number> {
  refuseWrongOptions(options);
  if (!deps.installationNeeds) throw new Error("this program does not know what its controllers need");
  const flavour = options.flavour as Flavour;
  const written = await writtenValues(deps, options);
  const { installation, mergeValues, parseValues } = await import("../../synth/index.ts");
  const { problems } = parseValues(flavour, written);
  if (problems.length > 0) {
    const said = problems.map(({ path, message }) => `${path === "" ? "" : `${path}: `}${message}`).join("\n  ");
    throw usage(
      `the values of this installation:\n  ${said}`,
      `flyteops install --set ${problems[0]?.path || "key"}=…   (all values: docs/reference/installation.md)`,
    );
  }
  const fit = options.offline ? {} : await fitOf(deps, options);
  const { values } = parseValues(flavour, mergeValues(fit, written));
  print(deps, installation({ flavour, values, version: deps.version, needs: await deps.installationNeeds() }), options.output);
  return EXIT.ok;
}

const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), value];

export function registerInstall(registry: Registry): void {
  addCommand(registry, "install", {
    summary: "print everything that an installation in a cluster consists of, for kubectl apply",
    examples: [
      "flyteops install --set config.storage.container=my-bucket | kubectl apply --server-side -f -",
      "flyteops install --flavour core --set config.storage.container=my-bucket --set config.database.postgres.host=postgres.example.com > install.yaml",
      "flyteops install --set config.storage.container=b -o name",
    ],
  })
    .option("--flavour <name>", "single: one Deployment; core: controllers, sync and API apart", "single")
    .option("-f, --values <file>", "values in YAML (repeat it: later ones win)", collect)
    .option("--set <key=value>", "one value, over the files (repeat it)", collect)
    .option("-n, --namespace <name>", `only ${NAMESPACE}`)
    .option("--kubeconfig <file>", "cluster to look at first: whether Flyte 2 is there, how old it is")
    .option("--context <name>", "context of the kubeconfig")
    .option("--offline", "look at no cluster")
    .option("-o, --output <format>", "yaml, json, or name: what there is, in the order it is applied", "yaml")
    .addHelpText("after", "\nStep by step: docs/guides/install.md. Every value: docs/reference/installation.md. Afterwards: flyteops check\n")
    .action(async (options: InstallOptions) => registry.finish(await install(registry.deps, options)));
}
