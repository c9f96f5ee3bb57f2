import type { Literal } from "../proto/index.ts";
import type { TaskRecipe } from "./task-recipe.ts";

/** A Kubernetes object as a plugin builds it. Shapes only: plugins know no client. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string>; [field: string]: unknown };
  [field: string]: unknown;
}

/** How to address a kind over the API. */
export interface ResourceKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Which action, attempt and item something is built for. */
export interface ActionIdentity {
  readonly namespace: string;
  /** Name of the TaskAction. */
  readonly name: string;
  readonly uid: string;
  readonly run: string;
  readonly runUid: string;
  readonly project: string;
  readonly domain: string;
  readonly action: string;
  readonly node: string;
  /** `file:line` of the Task, or "". */
  readonly source: string;
  /** Revision of the code or the Task, or "". */
  readonly revision: string;
}

export interface CodeBundle {
  /** Address of the tar in the object store. */
  readonly uri: string;
}

/** Where an attempt reads and writes. */
export interface AttemptData {
  /** Root of the object store, as the copilots are told it. */
  readonly storage: string;
  readonly inputsUri: string;
  /** Of this attempt (and item): results, errors and raw data lie under it. */
  readonly prefixUri: string;
  readonly rawUri: string;
}

/** Everything a plugin may build from. Equal contexts give equal manifests. */
export interface BuildContext {
  readonly identity: ActionIdentity;
  /** 0-based. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Of a map: which item, and which inputs hold one element per item. */
  readonly map?: {
    readonly index: number;
    /** Index in the whole map, of which this action may be one slice. */ readonly number: number;
    readonly over: readonly string[];
  };
  readonly recipe: TaskRecipe;
  /** Effective requests and limits of the container that runs the user's code. */
  readonly resources: ContainerResources;
  /** Run-level environment: wins over the task's. */
  readonly env: Readonly<Record<string, string>>;
  /** Inputs that a template refers to; of a map, this item's element. */
  readonly inputs: Readonly<Record<string, Literal>>;
  readonly data: AttemptData;
  /** URI prefixes below which data may be read that is not in the store. */
  readonly dataPrefixes: readonly string[];
  readonly code?: CodeBundle;
  readonly serviceAccountName?: string;
  readonly interruptible: boolean;
  /** Longest run of this attempt, milliseconds. */
  readonly timeoutMs?: number;
  /** When everything must be over, RFC 3339. */
  readonly deadline?: string;
  readonly config: PluginConfig;
}

export interface ContainerResources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

/** What an installation decides for every pod. */
export interface PluginConfig {
  /** Image that holds the copilots. */
  readonly copilotImage: string;
  readonly copilotResources: ContainerResources;
  /** Secret in the namespace of a task that holds the credentials of the object store, keyed by variable. Its copilots get them; its other containers never. */
  readonly storageSecret?: string;
  /** What copilots must know of the object store and is no secret: AWS_REGION, AWS_ENDPOINT_URL and the like. Goes before the Secret. */
  readonly storageEnv?: Readonly<Record<string, string>>;
  /** Seconds a pod gets to upload its outputs after the program has ended. */
  readonly uploadSeconds: number;
  /** uid of every container; absent: each image's own. */
  readonly runAsUser?: number;
  readonly fsGroup?: number;
  readonly interruptible?: { readonly tolerations?: readonly Readonly<Record<string, unknown>>[]; readonly nodeSelector?: Readonly<Record<string, string>> };
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Address of the console; a run's page is `<url>/<project>/<domain>/<run>`. */
  readonly consoleUrl?: string;
  /** How long trouble that may pass by itself is tolerated, milliseconds. */
  readonly grace: { readonly imagePullMs: number; readonly createContainerMs: number; readonly containerConfigMs: number };
}

export const defaultPluginConfig: PluginConfig = {
  copilotImage: "flyteops:dev",
  storageSecret: "flyteops-storage",
  copilotResources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "1", memory: "512Mi" } },
  uploadSeconds: 3_600,
  grace: { imagePullMs: 180_000, createContainerMs: 180_000, containerConfigMs: 30_000 },
};

export interface AttemptError {
  readonly code: string;
  /** USER: definition, code or data. SYSTEM: the platform. */
  readonly kind: "USER" | "SYSTEM";
  readonly message: string;
}

/** Which count of re-runs a failure draws on; `none` is never run again, `timeout` is the user's with a phase of its own. */
export type Budget = "user" | "system" | "preemption" | "timeout" | "none";

/** What an attempt's objects say about it. */
export type PhaseReport =
  | {
      readonly kind: "ongoing";
      readonly phase: "Queued" | "WaitingForResources" | "Initializing" | "Running";
      readonly message: string;
      /** When the user's program started, RFC 3339. */
      readonly startedAt?: string;
      /** Look again after this many milliseconds even if nothing changes. */
      readonly recheckAfter?: number;
    }
  /** Over, and the objects alone say why. `cleanup`: something may still start or run and must be deleted. */
  | {
      readonly kind: "failed";
      readonly error: AttemptError;
      readonly budget: Budget;
      readonly cleanup: boolean;
      readonly exitCode?: number;
      readonly startedAt?: string;
    }
  /** The user's program, or a copilot before or after it, has ended: what was stored says the rest. */
  | {
      readonly kind: "exited";
      readonly exitCode: number;
      readonly oomKilled: boolean;
      /** The copilots that ended badly, e.g. "copilot-sidecar exited with 1". */
      readonly copilot?: string;
      /** The program itself was started. */
      readonly ran: boolean;
      /** What Kubernetes kept of the last output. */
      readonly message: string;
      readonly startedAt?: string;
    };

export interface PhaseContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly config: PluginConfig;
}

/**
 * A plugin whose work is an object in the cluster. Both functions are pure; the controller creates, watches, aborts and
 * deletes. Must pass the compliance suite of test/support/describe-plugin.ts.
 */
export interface ResourcePlugin {
  readonly name: string;
  readonly taskTypes: readonly string[];
  /** Kinds that `build` makes; the first is the one whose name is the attempt's. */
  readonly watches: readonly ResourceKind[];
  /** The objects of one attempt, primary first, without namespace, owner, finalizer and labels: the controller stamps those. Throws TerminalFailure for a recipe it cannot carry. */
  build(context: BuildContext): readonly Manifest[];
  /** Reads the primary object. Never throws, whatever the status holds. */
  phase(primary: Manifest, context: PhaseContext): PhaseReport;
}

/** The plugins of an installation; the first that names a task type has it. */
export type PluginRegistry = readonly ResourcePlugin[];

export function pluginFor(registry: PluginRegistry, taskType: string): ResourcePlugin | undefined {
  return registry.find((plugin) => plugin.taskTypes.includes(taskType));
}
