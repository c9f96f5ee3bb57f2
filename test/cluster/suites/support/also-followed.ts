import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { ANNOTATION } from "../../../../base/index.ts";
import { Kinds } from "../../../../kube/index.ts";
import type { Followed } from "../../../e2e/support/followed.ts";
import { watchFor } from "../../../e2e/support/product.ts";
import { flyteops } from "../../../e2e/support/program.ts";
import type { Repository } from "../../../e2e/support/repository.ts";
import { services } from "./chart-values.ts";
import { installed } from "./installed.ts";
import { SYSTEM } from "./installation.ts";
import { PATIENCE_MS, sees } from "./seen.ts";

/** Nobody waits for it: commits are announced, as by a webhook. */
const INTERVAL = "10m";

/** What somebody sees who works in this namespace. */
async function productIn(namespace: string): Promise<Followed["product"]> {
  const kubeconfig = installed.on.path(`${namespace}.kubeconfig`);
  copyFileSync(installed.kubeconfig, kubeconfig);
  await installed.kubectl("config", "set-context", "--current", `--namespace=${namespace}`, "--kubeconfig", kubeconfig);
  const env = { ...installed.person, KUBECONFIG: kubeconfig };
  const { client } = installed;
  return {
    client,
    kubeconfig,
    cli: (...args) => flyteops(args, { cwd: installed.on.directory, env }),
    sees: (kind, ref, satisfied) => watchFor(client, kind, ref, satisfied, PATIENCE_MS),
  };
}

/** Has one more repository followed, of a project of its own whose Runs find the keys of the object store. @param make makes it at a path */
export async function alsoFollowed(project: string, make: (path: string) => Repository): Promise<Followed> {
  await installed.ready();
  const namespace = `${project}-development`;
  const repo = make(join(services.git.repositories, project));
  await installed.createSync(project, project, INTERVAL);
  await sees(installed.client, Kinds.Namespace, { name: namespace }, () => true);
  await installed.giveKeys(namespace);
  const look = async () => {
    await installed.kubectl("annotate", "gitsync", project, "-n", SYSTEM, "--overwrite", `${ANNOTATION.requestedAt}=${new Date().toISOString()}`);
  };
  return { repo, product: await productIn(namespace), sync: { namespace: SYSTEM, name: project }, look };
}
