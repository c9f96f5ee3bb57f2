import { parseDuration } from "../../base/index.ts";
import { allKinds } from "../../crds/index.ts";
import { discovery, ignoreNotFound, type KindRef, Kinds, type ObjectClient, type Stored } from "../../kube/index.ts";
import { addCommand, connected, type Registry } from "../command.ts";
import type { ConnectOptions } from "../connect.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "../context.ts";
import { refuseForeignKinds } from "../foreign-kinds.ts";
import { calm, deleteKinds, deleteObjects, type Draining, endRuns, objectsOf, PROGRAMS, releaseObjects, stopPrograms } from "../uninstall-plan.ts";

interface UninstallOptions extends ConnectOptions {
  readonly yes?: boolean;
  readonly keepCrds?: boolean;
  readonly drainOnly?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly timeout: string;
}

const NAMESPACE = "flyteops-system";

function refuseLeft(left: readonly Stored[], timeout: string): void {
  if (left.length === 0) return;
  const shown = left.slice(0, 5).map(({ kind, metadata }) => `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`);
  const more = left.length > 5 ? ` and ${left.length - 5} more` : "";
  throw new UserError(`after ${timeout}, still there: ${shown.join(", ")}${more}. What comes after them was left alone`, {
    hint: "see what holds them: flyteops check; kubectl describe …; then run this again, with a longer --timeout. If the controllers will not come back: --force",
  });
}

/** What a run of this command would do, in its words. */
async function planOf(client: ObjectClient, options: UninstallOptions): Promise<string[]> {
  const counted = await Promise.all(allKinds.map(async (kind) => [kind.plural, (await objectsOf(client, kind)).length] as const));
  const objects = counted.filter(([, count]) => count > 0).map(([plural, count]) => `${count} ${plural}`);
  const all = objects.length === 0 ? "no objects" : objects.join(", ");
  const lines = options.force
    ? ["end the controllers", `take the finalizers of flyteops off ${all}: what is not in the archive yet is lost`]
    : ["tell GitSyncs and Triggers to rest", "abort unfinished Runs and wait until their pods have stopped and their records are kept"];
  if (options.keepCrds) {
    lines.push("end the controllers", `keep ${all}, and take the finalizers of flyteops off them`);
    return options.drainOnly ? lines : [...lines, "delete the objects of the installation", "keep the kinds"];
  }
  return [...lines, `delete ${all}, in order, and wait for each`, "delete the objects of the installation", "delete the kinds"];
}

/** What an installation consists of besides kinds and objects of them, the last applied first. */
const INSTALLED: readonly { readonly apiVersion: string; readonly kind: string; readonly namespaced: boolean }[] = [
  { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", namespaced: true },
  { apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", namespaced: true },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget", namespaced: true },
  { apiVersion: "v1", kind: "Service", namespaced: true },
  { apiVersion: "apps/v1", kind: "Deployment", namespaced: true },
  { apiVersion: "v1", kind: "ConfigMap", namespaced: true },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespaced: true },
  { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicyBinding", namespaced: false },
  { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy", namespaced: false },
  { apiVersion: "flowcontrol.apiserver.k8s.io/v1", kind: "FlowSchema", namespaced: false },
  { apiVersion: "flowcontrol.apiserver.k8s.io/v1", kind: "PriorityLevelConfiguration", namespaced: false },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", namespaced: true },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", namespaced: true },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", namespaced: false },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", namespaced: false },
  { apiVersion: "v1", kind: "ServiceAccount", namespaced: true },
];

/** Deletes what carries the label of the installation: in its namespace, and of the cluster itself. */
async function deleteInstallation({ client, transport }: Connection, say: (line: string) => void): Promise<void> {
  const kinds = discovery(transport);
  let deleted = 0;
  for (const { apiVersion, kind } of INSTALLED) {
    const served: KindRef | undefined = await kinds.kind(apiVersion, kind);
    if (!served) continue;
    const labelled = await objectsOf(client, served, { labelSelector: PROGRAMS.labelSelector });
    for (const { metadata } of labelled.filter((each) => !served.namespaced || each.metadata.namespace === NAMESPACE)) {
      await client.delete(served, { namespace: metadata.namespace, name: metadata.name }, { uid: metadata.uid, propagation: "Background" });
      deleted += 1;
    }
  }
  say(`${deleted} objects of the installation deleted`);
}

/** What the controllers would let go of in good order, taken from them: they may be gone already. */
async function takeAway(draining: Draining, timeout: string): Promise<void> {
  refuseLeft(await stopPrograms(draining), timeout);
  await releaseObjects(draining);
}

/** Everything of flyteops goes, and so does what people made of its kinds. */
async function removeAll(connection: Connection, draining: Draining, timeout: string): Promise<void> {
  refuseLeft(await deleteObjects(draining), timeout);
  await deleteInstallation(connection, draining.say);
  refuseLeft(await deleteKinds(draining), timeout);
}

/** The controllers go; kinds and objects stay, and nothing holds the objects. */
async function keepObjects(connection: Connection, draining: Draining, wake: () => Promise<void>, { drainOnly, timeout }: UninstallOptions): Promise<void> {
  await takeAway(draining, timeout);
  await wake();
  if (!drainOnly) await deleteInstallation(connection, draining.say);
}

async function uninstall(deps: CliDeps, connection: Connection, options: UninstallOptions): Promise<number> {
  const ms = parseDuration(options.timeout);
  if (ms === undefined) throw new UserError(`--timeout ${options.timeout}: a duration such as 10m`, { exitCode: EXIT.usage });
  if (options.drainOnly && !options.keepCrds) throw new UserError("--drain-only goes with --keep-crds", { exitCode: EXIT.usage });
  const { client } = connection;
  await refuseForeignKinds(client);
  if (options.dryRun || !options.yes) {
    for (const line of await planOf(client, options)) deps.out.write(`${line}\n`);
    if (options.dryRun) return EXIT.ok;
    throw new UserError(`nothing was changed in ${connection.source}`, { exitCode: EXIT.usage, hint: "to do this: flyteops uninstall --yes" });
  }
  const say = (line: string): void => deps.err.write(`${line}\n`);
  const draining: Draining = { client, clock: deps.clock, signal: deps.signal, deadline: deps.clock.now() + ms, say };
  const wake = await calm(draining);
  if (options.force) await takeAway(draining, options.timeout);
  else refuseLeft(await endRuns(draining), options.timeout);
  if (options.keepCrds) await keepObjects(connection, draining, wake, options);
  else await removeAll(connection, draining, options.timeout);
  if (!options.drainOnly) await sayWhatStays(client, say);
  return EXIT.ok;
}

/** The namespace holds Secrets that we did not make, and perhaps the volume with the history: it is not ours to delete. */
async function sayWhatStays(client: ObjectClient, say: (line: string) => void): Promise<void> {
  const namespace = await client.get(Kinds.Namespace, { name: NAMESPACE }).catch(ignoreNotFound);
  if (namespace)
    say(`namespace ${NAMESPACE} stays, with its Secrets and the volume of an embedded database; to delete both: kubectl delete namespace ${NAMESPACE}`);
}

export function registerUninstall(registry: Registry): void {
  addCommand(registry, "uninstall", {
    summary: "take flyteops out of a cluster: end what runs, then delete objects, controllers and kinds",
    examples: ["flyteops uninstall --dry-run", "flyteops uninstall --yes", "flyteops uninstall --yes --keep-crds"],
  })
    .option("-y, --yes", "do it; without, the plan is printed and nothing changes")
    .option("--dry-run", "print the plan, and succeed")
    .option("--keep-crds", "keep the kinds and all objects, with nothing left that holds them")
    .option("--drain-only", "with --keep-crds: leave the objects of the installation to whoever made them, as Helm")
    .option("--force", "do not wait for the controllers, which may be gone: what they hold is taken from them")
    .option("--timeout <duration>", "how long to wait for controllers to let go", "10m")
    .option("--kubeconfig <file>", "kubeconfig file (default: $KUBECONFIG, else .flyteops/kubeconfig here or above, else ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig")
    .action(connected<UninstallOptions, []>(registry, (connection, options) => uninstall(registry.deps, connection, options)));
}
