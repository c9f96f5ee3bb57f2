import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { expectExit, flyteops, type ProgramOptions, start } from "../../../e2e/support/program.ts";

export const SYSTEM = "flyteops-system";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The cluster as its administrator sees it through kubectl, which lies on PATH. */
export interface Kubectl {
  (...args: readonly string[]): Promise<string>;
  apply(manifests: readonly object[]): Promise<string>;
}

export function kubectlOf(directory: string, options: ProgramOptions): Kubectl {
  let files = 0;
  const call = async (...args: readonly string[]) => (await expectExit(0, start("kubectl", args, options).ended)).out;
  return Object.assign(call, {
    apply(manifests: readonly object[]) {
      const file = join(directory, `manifests-${(files += 1)}.yaml`);
      writeFileSync(file, manifests.map((manifest) => stringify(manifest, { aliasDuplicateObjects: false })).join("---\n"));
      return call("apply", "--server-side", "--force-conflicts", "-f", file);
    },
  });
}

/** What `flyteops install` prints. @param values of the installation @param more arguments such as `--flavour` */
export async function installation(directory: string, values: object, options: ProgramOptions, ...more: readonly string[]): Promise<Manifest[]> {
  const file = join(directory, "values.yaml");
  writeFileSync(file, stringify(values));
  const { out } = await expectExit(0, flyteops(["install", "--values", file, "-o", "json", ...more], options));
  const { items } = parse(out) as { items: Manifest[] };
  return items;
}

/** A kubeconfig that speaks as a ServiceAccount of the installation: with its rights and no others. */
export async function asAccount(kubectl: Kubectl, kubeconfig: string, account: string, path: string): Promise<string> {
  const token = (await kubectl("create", "token", account, "--namespace", SYSTEM, "--duration=4h")).trim();
  const config = parse(await kubectl("config", "view", "--raw", "--minify", "--kubeconfig", kubeconfig)) as { users: { user: object }[] };
  for (const entry of config.users) entry.user = { token };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}
