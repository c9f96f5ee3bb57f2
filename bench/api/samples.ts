import { type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { Kinds, type KindRef, type KubeObject } from "../../kube/index.ts";

/** A kind under load and the objects and patches that are sent. */
export interface Sample {
  readonly label: string;
  readonly kind: KindRef;
  make(name: string, namespace: string): KubeObject;
  /** Merge patch that changes the object, different for every turn. */
  change(turn: number): object;
  /** Merge patch of /status, for kinds that have it. */
  readonly report?: (turn: number) => object;
}

/** The schema of a TaskAction, rules included, under a group of our own: so it can be installed beside the real kinds of a peer. */
const GROUP = "bench.flyte.org";
export const BENCH_KIND: KindRef = { ...TaskActionKind, group: GROUP };

export function benchDefinition(): KubeObject {
  const crd = structuredClone(TaskActionKind.crd()) as {
    metadata: { name: string };
    spec: { group: string; names: { categories?: string[]; shortNames?: string[] } };
  };
  crd.metadata.name = `${TaskActionKind.plural}.${GROUP}`;
  crd.spec.group = GROUP;
  delete crd.spec.names.categories;
  delete crd.spec.names.shortNames;
  return crd as unknown as KubeObject;
}

const DIGEST = `sha256:${"5f".repeat(32)}`;
/** As large as the template of a small container task. */
const TEMPLATE = Buffer.from("template of a small task ".repeat(24)).toString("base64");

const spec: TaskAction["spec"] = {
  runName: "penguins-first",
  runUid: "1f2e3d4c-0000-4000-8000-0123456789ab",
  project: "ml",
  domain: "development",
  actionName: "train",
  actionType: "task",
  inputUri: "runs/ml/development/penguins-first/1f2e3d4c/train/inputs.pb",
  runOutputBase: "runs/ml/development/penguins-first/1f2e3d4c",
  taskType: "container",
  shortName: "train-fold",
  taskTemplate: TEMPLATE,
  node: "train",
  task: "train-fold",
  plan: DIGEST,
  source: "tasks/train-fold.yaml:3",
  policy: { retries: { limit: 1, system: 3, preemption: 5, onExit: { retry: [], fail: [], skip: [] } }, interruptible: false },
  desiredState: "Running",
};

const PHASES = ["Queued", "Initializing", "Running", "Succeeded"] as const;

export const taskActions: Sample = {
  label: "TaskAction, 1.5 KB",
  kind: BENCH_KIND,
  make: (name, namespace) => ({
    apiVersion: `${GROUP}/v1`,
    kind: "TaskAction",
    metadata: { name, namespace, labels: { "flyte.org/run": spec.runName, "flyte.org/run-uid": spec.runUid } },
    spec,
  }),
  change: (turn) => ({ spec: { abortReason: `turn ${turn}` } }),
  report: (turn) => ({ status: { phase: PHASES[turn % PHASES.length], attempts: 1 + (turn % 3), pod: "penguins-first-train-0", progress: `${turn}` } }),
};

export const configMaps: Sample = {
  label: "ConfigMap, 1 KB",
  kind: Kinds.ConfigMap,
  make: (name, namespace) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { text: "x".repeat(700) } }),
  change: (turn) => ({ data: { turn: String(turn) } }),
};
