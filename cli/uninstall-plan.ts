import { inParallel, sleep, type Clock } from "../base/index.ts";
import {
  allKinds,
  AppKind,
  GitSyncKind,
  isFinished,
  ProjectKind,
  ProjectQuotaKind,
  type Run,
  RunKind,
  TaskActionKind,
  TaskKind,
  TriggerKind,
  WorkflowKind,
} from "../crds/index.ts";
import { ignoreNotFound, isNotFound, type KindRef, Kinds, type KubeObject, type ObjectClient, type Stored } from "../kube/index.ts";
import { InstallationKinds } from "./installation-kinds.ts";

/** Ways in which a controller is told to leave an object alone. */
const QUIET: readonly { readonly kind: KindRef; readonly spec: Readonly<Record<string, unknown>> }[] = [
  { kind: GitSyncKind, spec: { suspend: true } },
  { kind: TriggerKind, spec: { active: false } },
];

/** The order in which objects go: what makes others first, what others need last. */
const DELETED: readonly KindRef[] = [TriggerKind, AppKind, RunKind, TaskActionKind, GitSyncKind, WorkflowKind, TaskKind, ProjectQuotaKind, ProjectKind];

const FIELD_MANAGER = "flyteops-uninstall";
const MANAGED = { labelSelector: "flyte.org/managed=true" };
const PARALLEL = 16;
const LOOK_AGAIN_MS = 1_000;

export interface Draining {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Until when, milliseconds since the epoch. */
  readonly deadline: number;
  say(line: string): void;
}

/** Objects of a kind; none when the kind itself is not there. */
export async function objectsOf<T extends KubeObject = KubeObject>(
  client: ObjectClient,
  kind: KindRef,
  where: { readonly labelSelector?: string; readonly namespace?: string } = {},
): Promise<Stored<T>[]> {
  const found = await client.list<T>(kind, where).catch((thrown: unknown) => {
    if (isNotFound(thrown)) return { items: [] };
    throw thrown;
  });
  return [...found.items];
}

async function patchSpec(client: ObjectClient, kind: KindRef, { metadata }: Stored, spec: object): Promise<void> {
  const { namespace, name, uid } = metadata;
  const body = { metadata: { uid }, spec };
  await client.patch(kind, { namespace, name }, { type: "merge", body }, { fieldManager: FIELD_MANAGER }).catch(ignoreNotFound);
}

/** Waits until nothing is left of what `remaining` lists. Answers what is left at the deadline. */
async function waitFor({ clock, signal, deadline }: Draining, remaining: () => Promise<readonly Stored[]>): Promise<readonly Stored[]> {
  for (;;) {
    const left = await remaining();
    if (left.length === 0 || clock.now() >= deadline || signal.aborted) return left;
    await sleep(clock, LOOK_AGAIN_MS, signal);
  }
}

/** Nothing begins any more: no repository is followed, no trigger fires. Answers what it changed, to be able to take that back. */
export async function calm(draining: Draining): Promise<() => Promise<void>> {
  const { client, say } = draining;
  const changed: { readonly kind: KindRef; readonly object: Stored; readonly back: object }[] = [];
  for (const { kind, spec } of QUIET) {
    for (const object of await objectsOf(client, kind)) {
      const before = (object["spec"] ?? {}) as Record<string, unknown>;
      const [[key, value] = ["", undefined]] = Object.entries(spec);
      if (before[key] === value || object.metadata.deletionTimestamp !== undefined) continue;
      await patchSpec(client, kind, object, spec);
      changed.push({ kind, object, back: { [key]: before[key] ?? null } });
    }
  }
  say(`${changed.length} GitSyncs and Triggers told to rest`);
  return async () => {
    await inParallel(changed, PARALLEL, ({ kind, object, back }) => patchSpec(client, kind, object, back));
  };
}

/** Ends every Run that goes on, and waits until nothing of them is held: their pods are stopped, their records kept. */
export async function endRuns(draining: Draining): Promise<readonly Stored[]> {
  const { client, say } = draining;
  const unfinished = (await objectsOf<Run>(client, RunKind)).filter((run) => !isFinished(run));
  await inParallel(unfinished, PARALLEL, (run) => patchSpec(client, RunKind, run, { desiredState: "Aborted", abortReason: "flyteops is uninstalled" }));
  say(`${unfinished.length} unfinished Runs aborted`);
  const held = async () => [
    ...(await objectsOf<Run>(client, RunKind)).filter((run) => !isFinished(run) || (run.metadata.finalizers ?? []).length > 0),
    ...(await objectsOf(client, Kinds.Pod, MANAGED)).filter(({ metadata }) => (metadata.finalizers ?? []).length > 0),
  ];
  return waitFor(draining, held);
}

/** Deletes every object of ours, kind after kind, and waits for the controllers to let go of each. Answers what did not go. */
export async function deleteObjects(draining: Draining): Promise<readonly Stored[]> {
  const { client, say } = draining;
  for (const kind of DELETED) {
    const objects = await objectsOf(client, kind);
    await inParallel(objects, PARALLEL, async ({ metadata: { namespace, name, uid } }) => {
      await client.delete(kind, { namespace, name }, { uid, propagation: "Background" });
    });
    if (objects.length > 0) say(`${objects.length} ${kind.plural} deleted`);
    const left = await waitFor(draining, () => objectsOf(client, kind));
    if (left.length > 0) return left;
  }
  return [];
}

const OUR_FINALIZERS = /^flyte\.org\//;

/** Deletes our kinds, and waits until they are not served any more: who installs again at once must not find them going. Answers what did not go. */
export async function deleteKinds(draining: Draining): Promise<readonly Stored[]> {
  const { client, say } = draining;
  const names = new Set(allKinds.map(({ plural, group }) => `${plural}.${group}`));
  // Run again after a timeout, it finds some gone already.
  for (const name of names) await client.delete(Kinds.CustomResourceDefinition, { name }).catch(ignoreNotFound);
  const left = await waitFor(draining, async () =>
    (await objectsOf(client, Kinds.CustomResourceDefinition)).filter(({ metadata }) => names.has(metadata.name)),
  );
  if (left.length === 0) say(`${names.size} kinds deleted`);
  return left;
}

/** Takes our finalizers off what stays, after the controllers have gone: whoever deletes such an object later waits for nobody. A controller that comes back puts them on again. */
export async function releaseObjects({ client, say }: Draining): Promise<void> {
  let released = 0;
  for (const kind of [...DELETED, Kinds.Pod]) {
    const held = (await objectsOf(client, kind, kind.kind === "Pod" ? MANAGED : {})).filter(({ metadata }) =>
      metadata.finalizers?.some((each) => OUR_FINALIZERS.test(each)),
    );
    await inParallel(held, PARALLEL, async ({ metadata: { namespace, name, uid, finalizers = [] } }) => {
      const body = { metadata: { uid, finalizers: finalizers.filter((each) => !OUR_FINALIZERS.test(each)) } };
      await client.patch(kind, { namespace, name }, { type: "merge", body }, { fieldManager: FIELD_MANAGER });
    });
    released += held.length;
  }
  say(`${released} objects released`);
}

/** The Deployments of the installation. */
export const PROGRAMS = { labelSelector: "app.kubernetes.io/part-of=flyteops", namespace: "flyteops-system" } as const;

/** Their pods, without the one that a Helm hook runs this command in. */
const THEIR_PODS = { ...PROGRAMS, labelSelector: `${PROGRAMS.labelSelector},app.kubernetes.io/component!=uninstall` } as const;

/**
 * Lets the programs end, before Helm takes their Deployments away. A Deployment counts no pod that is about to end, and a controller that is
 * about to end still works: only when the pods are gone does nobody write any more.
 */
export async function stopPrograms(draining: Draining): Promise<readonly Stored[]> {
  const { client, say } = draining;
  const running = () => objectsOf(client, Kinds.Pod, THEIR_PODS);
  for (const each of await objectsOf(client, InstallationKinds.Deployment, PROGRAMS))
    await patchSpec(client, InstallationKinds.Deployment, each, { replicas: 0 });
  const left = await waitFor(draining, running);
  if (left.length === 0) say("the controllers have ended");
  return left;
}
