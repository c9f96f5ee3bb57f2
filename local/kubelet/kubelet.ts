import { mkdirSync, readdirSync, realpathSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { delimiter, join } from "node:path";
import { type Clock, type Logger, messageOf } from "../../base/index.ts";
import { type EventRecorder, eventRecorder, type InformerSet, Kinds } from "../../kube/index.ts";
import type { ContainerRuntime } from "./container-runtime.ts";
import type { ContainerEngine } from "./engine/container-engine.ts";
import { engineRuntime } from "./engine/engine-runtime.ts";
import { type HeldPods, heldPods } from "./held-pods.ts";
import { type ImageNotUsed, imageNotes, plainImage } from "./image-notes.ts";
import { memoryLimits } from "./memory-limit.ts";
import { registerNode } from "./node-object.ts";
import { type PodLogSource, podLogSource } from "./pod-log-source.ts";
import { type PodStreams, podStreams } from "./pod-streams.ts";
import { type PodRun, podRun } from "./pod-run.ts";
import { type Container, type Pod, uidOf } from "./pod-shapes.ts";
import { podSources } from "./pod-sources.ts";
import { processReaper } from "./process-reaper.ts";
import { processRuntime } from "./process-runtime.ts";
import type { Amounts } from "./resources.ts";
import { sandbox, type SandboxCapability } from "./sandbox.ts";
import { statusWriter } from "./status-writer.ts";

export interface KubeletDeps {
  /** Runs elsewhere; the kubelet reads pods through it and writes with its client. */
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From `sandboxCapability`, found out once per program. */
  readonly capability: SandboxCapability;
}

export interface KubeletOptions {
  /** Name of the Node; default `flyteops`. */
  readonly nodeName?: string;
  /** The kubelet's own directory; made when absent. */
  readonly stateDir: string;
  /** PATH of containers. */
  readonly hostPath: string;
  /** Directory to put in front of PATH for an image name. `own` images are ours: nobody needs to be told that they are not pulled. */
  readonly images?: ReadonlyMap<string, { readonly path: string; readonly own?: boolean }>;
  /** A directory no container sees, but for those below it that `sees` names. Not enforced where there are no mount namespaces. */
  readonly hidden?: { readonly directory: string; readonly sees: (container: Container) => readonly string[] };
  /** What a person can do about a program that is not on this machine, for the message of ProgramNotFound. */
  readonly waysOut?: (image: string) => Promise<string>;
  /** What may be given to pods at the same time; default: the CPUs and the memory of this machine. */
  readonly capacity?: Partial<Amounts>;
  readonly maxPods?: number;
  /** Bytes of one log file before it is rotated; one rotated file is kept. Default 10 MiB. */
  readonly logBytes?: number;
  /** What a container may take to end when this program ends. Default 2 s. */
  readonly shutdownGraceMs?: number;
  /** Once per pod and container that runs a program of this machine in place of an image. */
  readonly onImageNotUsed?: (note: ImageNotUsed) => void;
  /** Runs containers from their images. Absent, and for every image that `images` names: processes of this machine. */
  readonly engine?: ContainerEngine | undefined;
  /** False: limits are watched by polling even where cgroups could be used. */
  readonly useCgroups?: boolean;
}

export interface Kubelet {
  /** Where the API server reads logs from. */
  readonly logs: PodLogSource;
  /** Where its exec, attach and port-forward lead. */
  readonly streams: PodStreams;
  /** Registers the node and runs its pods until the signal aborts; resolves when no process is left. Rejects when the node cannot be registered. */
  run(signal: AbortSignal): Promise<void>;
}

const DEFAULT_LOG_BYTES = 10 * 2 ** 20;
const DEFAULT_SHUTDOWN_GRACE_MS = 2_000;
const DEFAULT_MAX_PODS = 110;

/** Containers as processes of this machine. */
function startProcesses(deps: KubeletDeps, options: KubeletOptions, images: ImageDirectories, machine: Machine): ContainerRuntime {
  const { clock, capability } = deps;
  const { stateDir, logger } = machine;
  const processes = join(stateDir, "processes");
  const { hidden } = options;
  const memory = memoryLimits(clock, options.useCgroups ?? true);
  const runtime = processRuntime({
    clock,
    sandbox: sandbox(capability, stateDir),
    reaper: processReaper(processes),
    memory,
    processes,
    hostPath: options.hostPath,
    imagePath: (image) => images.directoryOf(image)?.path,
    hidden: hidden && ((container) => ({ directory: realpathSync(hidden.directory), sees: hidden.sees(container) })),
    waysOut: options.waysOut,
    programFound: (pod, container, program) => {
      if (!images.directoryOf(container.image ?? "")?.own) void images.note(pod, container, program);
    },
  });
  const facts = { capability: capability.kind, memoryLimits: memory.enforcedBy };
  if (capability.kind === "namespaces") {
    logger.info("containers have their own mount and process namespaces", { ...facts, userNamespace: capability.userNamespace });
  } else {
    logger.info("containers run without namespaces: mount paths are rewritten", { ...facts, because: capability.reason });
  }
  return runtime;
}

/** What runs instead of images, and who is told of it. */
function imageDirectories({ images: given = new Map(), hostPath, onImageNotUsed }: KubeletOptions, events: EventRecorder) {
  const images = new Map([...given].map(([image, entry]) => [plainImage(image), entry]));
  const ours = new Set([...hostPath.split(delimiter), ...[...images.values()].map(({ path }) => path)].filter((path) => path.startsWith("/")));
  const note = imageNotes(
    (unused) => {
      onImageNotUsed?.(unused);
      void events.record(unused.pod, { type: "Normal", reason: "ImageNotUsed", message: unused.message });
    },
    (directory) => ours.has(directory),
  );
  const directoryOf = (image: string) => images.get(plainImage(image));
  return { note, directoryOf };
}

type ImageDirectories = ReturnType<typeof imageDirectories>;

interface Machine {
  readonly stateDir: string;
  readonly logger: Logger;
}

/** Which runtime is a container's. */
interface Runtimes {
  readonly of: (container: Container) => ContainerRuntime;
  /** As the Node says it. */
  readonly version: string;
  /** Takes directories away in which containers wrote. What cannot be taken away stays, and the log says so. */
  removeFiles(directories: readonly string[]): Promise<void>;
  close(): void;
}

/** Makes the runtimes ready and ends what an earlier start left in them. */
async function startRuntimes(deps: KubeletDeps, options: KubeletOptions, images: ImageDirectories, machine: Machine): Promise<Runtimes> {
  const { engine } = options;
  const processes = startProcesses(deps, options, images, machine);
  const engines = engine && engineRuntime({ engine, clock: deps.clock, stateDir: machine.stateDir, sees: options.hidden?.sees });
  const all = engines ? [processes, engines] : [processes];
  for (const runtime of all) {
    const ended = await runtime.removeLeftovers();
    if (ended > 0) machine.logger.info("ended containers of an earlier start", { runtime: runtime.scheme, ended });
  }
  return {
    of: (container) => (engines && !images.directoryOf(container.image ?? "") ? engines : processes),
    version: engine ? `${engine.name}://${engine.version}` : `process://${deps.capability.kind}`,
    async removeFiles(directories) {
      try {
        await (engines ?? processes).removeFiles(directories);
      } catch (thrown) {
        machine.logger.error("files of a pod could not be removed", { error: messageOf(thrown) });
      }
    },
    close() {
      for (const runtime of all) runtime.close();
    },
  };
}

/** A pod in deletion still gets its Killing events. */
function living(pod: Pod): Pod {
  const { deletionTimestamp: _, ...metadata } = pod.metadata;
  return { ...pod, metadata };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })));

/** Runs the pods bound to one node as processes of this machine, a plain client of the Kubernetes API. */
export function kubelet(deps: KubeletDeps, options: KubeletOptions): Kubelet {
  const { clock } = deps;
  const { client } = deps.informers;
  const logger = deps.logger.with({ room: "kubelet" });
  const nodeName = options.nodeName ?? "flyteops";
  mkdirSync(options.stateDir, { recursive: true });
  const stateDir = realpathSync(options.stateDir);
  const podsDir = join(stateDir, "pods");
  const directoryOf = (uid: string) => join(podsDir, uid);
  const node: Amounts = {
    cpuMillis: options.capacity?.cpuMillis ?? availableParallelism() * 1000,
    memoryBytes: options.capacity?.memoryBytes ?? totalmem(),
  };
  const pods = deps.informers.of<Pod>({ kind: Kinds.Pod });
  const events = eventRecorder({ client, clock, logger, component: "kubelet" });
  const statuses = statusWriter(client, clock, logger);
  const images = imageDirectories(options, events);
  let held: HeldPods | undefined;

  /** Deletes what pods have left that went while nobody looked. */
  async function sweep({ removeFiles }: Runtimes): Promise<void> {
    const known = new Set(pods.list().map((pod) => pod.metadata.uid));
    mkdirSync(podsDir, { recursive: true });
    await removeFiles(
      readdirSync(podsDir)
        .filter((uid) => !known.has(uid))
        .map(directoryOf),
    );
  }

  function podRuns(runtimes: Runtimes, ended: (pod: Pod) => void): (pod: Pod) => PodRun {
    const shared = {
      runtimeOf: runtimes.of,
      clock,
      node,
      logBytes: options.logBytes ?? DEFAULT_LOG_BYTES,
      sources: (namespace: string) => podSources(client, namespace),
      ended,
    };
    return (pod) =>
      podRun(pod, {
        ...shared,
        directory: directoryOf(uidOf(pod)),
        note: (about, type, reason, message) => void events.record(living(about), { type, reason, message }),
        report: (about, status) => statuses.write(about, status),
        failed: (about, thrown) => logger.error("pod could not be worked on", { pod: about.metadata.name, error: messageOf(thrown) }),
      });
  }

  return {
    streams: podStreams({ clock, pods, runOf: (uid) => held?.runOf(uid) }),
    logs: podLogSource({ clock, pods, nodeName, directoryOf, runOf: (uid) => held?.runOf(uid) }),
    async run(signal) {
      await pods.whenSynced(signal);
      if (signal.aborted) return;
      const runtimes = await startRuntimes(deps, options, images, { stateDir, logger });
      await sweep(runtimes);
      const begin = podRuns(runtimes, (pod) => void mine.ended(pod));
      const mine = heldPods({ client, clock, logger, statuses, nodeName, node, directoryOf, begin, removeFiles: runtimes.removeFiles, signal });
      held = mine;
      const capacity = { name: nodeName, capacity: node, pods: options.maxPods ?? DEFAULT_MAX_PODS, runtime: runtimes.version };
      await registerNode(client, capacity, clock.now());
      const stopListening = pods.onChange((change) => mine.see(change));
      for (const pod of pods.list()) mine.see({ type: "added", object: pod });
      await aborted(signal);
      stopListening();
      await mine.shutdown(options.shutdownGraceMs ?? DEFAULT_SHUTDOWN_GRACE_MS);
      statuses.close();
      runtimes.close();
    },
  };
}
