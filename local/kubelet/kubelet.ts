import { mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { delimiter, join } from "node:path";
import { type Clock, type Logger, messageOf, sleep } from "../../base/index.ts";
import { type Change, eventRecorder, type InformerSet, Kinds } from "../../kube/index.ts";
import { type ImageNotUsed, imageNotes, plainImage } from "./image-notes.ts";
import { lostStatus, wasStarted } from "./lost-pods.ts";
import { memoryLimits } from "./memory-limit.ts";
import { registerNode } from "./node-object.ts";
import { type PodLogSource, podLogSource } from "./pod-log-source.ts";
import { type PodRun, podRun } from "./pod-run.ts";
import { type Container, isFinished, type Pod } from "./pod-shapes.ts";
import { podSources } from "./pod-sources.ts";
import { killLeftovers, processReaper } from "./process-reaper.ts";
import { type Amounts, podRequests } from "./resources.ts";
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
  /** What may be given to pods at the same time; default: the CPUs and the memory of this machine. */
  readonly capacity?: Partial<Amounts>;
  readonly maxPods?: number;
  /** Bytes of one log file before it is rotated; one rotated file is kept. Default 10 MiB. */
  readonly logBytes?: number;
  /** What a container may take to end when this program ends. Default 2 s. */
  readonly shutdownGraceMs?: number;
  /** Once per pod and container that runs a program of this machine in place of an image. */
  readonly onImageNotUsed?: (note: ImageNotUsed) => void;
  /** False: limits are watched by polling even where cgroups could be used. */
  readonly useCgroups?: boolean;
}

export interface Kubelet {
  /** Where the API server reads logs from. */
  readonly logs: PodLogSource;
  /** Registers the node and runs its pods until the signal aborts; resolves when no process is left. Rejects when the node cannot be registered. */
  run(signal: AbortSignal): Promise<void>;
}

/** A pod of ours. `run` is absent once it has ended. */
interface Held {
  run: PodRun | undefined;
  pod: Pod;
  dying: boolean;
}

const DELETE_RETRY_MS = 500;

/** Runs the pods bound to one node as processes of this machine, a plain client of the Kubernetes API. */
export function kubelet(deps: KubeletDeps, options: KubeletOptions): Kubelet {
  const { clock, capability } = deps;
  const logger = deps.logger.with({ room: "kubelet" });
  const { client } = deps.informers;
  const nodeName = options.nodeName ?? "flyteops";
  mkdirSync(options.stateDir, { recursive: true });
  const stateDir = realpathSync(options.stateDir);
  const podsDir = join(stateDir, "pods");
  const node: Amounts = {
    cpuMillis: options.capacity?.cpuMillis ?? availableParallelism() * 1000,
    memoryBytes: options.capacity?.memoryBytes ?? totalmem(),
  };
  const pods = deps.informers.of<Pod>({ kind: Kinds.Pod });
  const images = new Map([...(options.images ?? [])].map(([image, entry]) => [plainImage(image), entry]));
  const ours = new Set([...options.hostPath.split(delimiter), ...[...images.values()].map(({ path }) => path)].filter((path) => path.startsWith("/")));
  const isOurs = (directory: string) => ours.has(directory);
  const events = eventRecorder({ client, clock, logger, component: "kubelet" });
  const statuses = statusWriter(client, clock, logger);
  const noteImage = imageNotes((note) => {
    options.onImageNotUsed?.(note);
    void events.record(note.pod, { type: "Normal", reason: "ImageNotUsed", message: note.message });
  }, isOurs);
  const held = new Map<string, Held>();
  const directoryOf = (uid: string) => join(podsDir, uid);

  function startRuns(signal: AbortSignal) {
    const killed = killLeftovers(join(stateDir, "processes"));
    if (killed > 0) logger.info("ended processes of an earlier start", { killed });
    const reaper = processReaper(join(stateDir, "processes"));
    const memory = memoryLimits(clock, options.useCgroups ?? true);
    const box = sandbox(capability, stateDir);
    logger.info(
      capability.kind === "namespaces"
        ? "containers have their own mount and process namespaces"
        : "containers run without namespaces: mount paths are rewritten",
      {
        capability: capability.kind,
        memoryLimits: memory.enforcedBy,
        ...(capability.kind === "plain" ? { because: capability.reason } : { userNamespace: capability.userNamespace }),
      },
    );
    const { hidden } = options;
    const shared = {
      clock,
      sandbox: box,
      reaper,
      memory,
      node,
      hostPath: options.hostPath,
      hidden: hidden && ((container: Container) => ({ directory: realpathSync(hidden.directory), sees: hidden.sees(container) })),
      logBytes: options.logBytes ?? 10 * 2 ** 20,
      sources: (namespace: string) => podSources(client, namespace),
      imagePath: (image: string) => images.get(plainImage(image))?.path,
    };
    const begin = (pod: Pod): PodRun =>
      podRun(pod, {
        ...shared,
        directory: directoryOf(pod.metadata.uid ?? ""),
        note: (about, type, reason, message) => void events.record(living(about), { type, reason, message }),
        programFound: (container, { program }) => {
          if (!images.get(plainImage(container.image ?? ""))?.own) void noteImage(pod, container, program);
        },
        report: (about, status) => statuses.write(about, status),
        ended: (about) => void ended(about, signal),
        failed: (about, thrown) => logger.error("pod could not be worked on", { pod: about.metadata.name, error: messageOf(thrown) }),
      });
    return { begin, reaper };
  }

  /** A pod in deletion still gets its Killing events. */
  function living(pod: Pod): Pod {
    const { deletionTimestamp: _, ...metadata } = pod.metadata;
    return { ...pod, metadata };
  }

  function see({ type, object: pod, previous }: Change<Pod>, begin: (pod: Pod) => PodRun, signal: AbortSignal): void {
    if (pod.spec.nodeName !== nodeName || signal.aborted) return;
    const uid = pod.metadata.uid;
    // A list after a broken watch may show another pod of the same name without having shown the end of the first.
    if (previous && previous.metadata.uid !== uid) forget(previous.metadata.uid, held.get(previous.metadata.uid));
    const known = held.get(uid);
    if (type === "deleted") return forget(uid, known);
    if (known) return refresh(known, pod, signal);
    const mine: Held = { run: undefined, pod, dying: false };
    held.set(uid, mine);
    if (isFinished(pod) || (pod.metadata.deletionTimestamp !== undefined && !wasStarted(pod))) return refresh(mine, pod, signal);
    if (wasStarted(pod) && pod.spec.restartPolicy === "Never") return reportFinal(mine, lostStatus(pod, clock.now()), signal);
    const lacking = shortOf(pod);
    if (lacking !== undefined)
      return reportFinal(mine, { phase: "Failed", reason: `OutOf${lacking}`, message: `Node didn't have enough resource: ${lacking}` }, signal);
    mine.run = begin(pod);
  }

  function refresh(known: Held, pod: Pod, signal: AbortSignal): void {
    known.pod = pod;
    if (known.run) known.run.update(pod);
    else if (pod.metadata.deletionTimestamp !== undefined) void letGo(known, signal);
  }

  function reportFinal(mine: Held, status: Pod["status"] & object, signal: AbortSignal): void {
    statuses.write(mine.pod, status);
    if (mine.pod.metadata.deletionTimestamp !== undefined) void letGo(mine, signal);
  }

  /** Pods that were bound past the scheduler may not fit. */
  function shortOf(pod: Pod): string | undefined {
    const used = [...held.values()].flatMap(({ run }) => (run ? podRequests(run.pod) : []));
    const asks = podRequests(pod);
    const sum = (of: (amounts: Amounts) => number) => used.reduce((total, amounts) => total + of(amounts), of(asks));
    if (asks.cpuMillis > 0 && sum((amounts) => amounts.cpuMillis) > node.cpuMillis) return "cpu";
    return asks.memoryBytes > 0 && sum((amounts) => amounts.memoryBytes) > node.memoryBytes ? "memory" : undefined;
  }

  async function ended(pod: Pod, signal: AbortSignal): Promise<void> {
    const mine = held.get(pod.metadata.uid ?? "");
    if (signal.aborted) return;
    // Not at once: whoever waits for the end of this pod acts in this very moment.
    await Promise.all(["volumes", "home"].map((part) => rm(join(directoryOf(pod.metadata.uid ?? ""), part), { recursive: true, force: true })));
    if (!mine) return rmSync(directoryOf(pod.metadata.uid ?? ""), { recursive: true, force: true });
    mine.run = undefined;
    if (mine.pod.metadata.deletionTimestamp !== undefined) await letGo(mine, signal);
  }

  /** The last word on a deleted pod: its final status first, then the deletion without grace. What finalizers hold stays. */
  async function letGo(mine: Held, signal: AbortSignal): Promise<void> {
    if (mine.dying) return;
    mine.dying = true;
    const { name = "", namespace, uid } = mine.pod.metadata;
    await statuses.flushed(uid ?? "");
    while (!signal.aborted) {
      try {
        await client.delete(Kinds.Pod, { namespace, name }, { uid, gracePeriodSeconds: 0 });
        return;
      } catch (thrown) {
        if (thrown instanceof Error && "code" in thrown && (thrown.code === 409 || thrown.code === 404)) return;
        logger.debug("pod not deleted yet", { pod: name, error: messageOf(thrown) });
        await sleep(clock, DELETE_RETRY_MS, signal);
      }
    }
  }

  function forget(uid: string, known: Held | undefined): void {
    held.delete(uid);
    statuses.forget(uid);
    if (known?.run) known.run.remove();
    else rmSync(directoryOf(uid), { recursive: true, force: true });
  }

  return {
    logs: podLogSource({ clock, pods, nodeName, directoryOf, runOf: (uid) => held.get(uid)?.run }),
    async run(signal) {
      await pods.whenSynced(signal);
      if (signal.aborted) return;
      const known = new Set(pods.list().map((pod) => pod.metadata.uid));
      mkdirSync(podsDir, { recursive: true });
      for (const uid of readdirSync(podsDir)) if (!known.has(uid)) rmSync(directoryOf(uid), { recursive: true, force: true });
      const { begin, reaper } = startRuns(signal);
      await registerNode(client, { name: nodeName, capacity: node, pods: options.maxPods ?? 110, runtime: `process://${capability.kind}` }, clock.now());
      const stopListening = pods.onChange((change) => see(change, begin, signal));
      for (const pod of pods.list()) see({ type: "added", object: pod }, begin, signal);
      await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })));
      stopListening();
      await Promise.all([...held.values()].map(({ run }) => run?.shutdown(options.shutdownGraceMs ?? 2_000)));
      statuses.close();
      reaper.close();
    },
  };
}
