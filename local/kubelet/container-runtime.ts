/**
 * What the kubelet needs from whatever runs containers. Above this port stands what every runtime shares: which container
 * runs when, volumes, environment, probes, restarts, logs, status. Below it: how one container is started and ended.
 */
import type { ContainerDirectories } from "./container-mounts.ts";
import type { Container, Pod } from "./pod-shapes.ts";
import type { ContainerMount } from "./root-plan.ts";

/** One instance of one container, with everything that Kubernetes decides about it. */
export interface ContainerRequest {
  /** Unique among all instances of all pods. */
  readonly id: string;
  readonly pod: Pod;
  readonly container: Container;
  /** As declared and resolved; what the image or the machine adds is the runtime's. */
  readonly env: ReadonlyMap<string, string>;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** The pod's volumes. */
  readonly mounts: readonly ContainerMount[];
  readonly directories: ContainerDirectories;
  /** Of the image, as the runtime's store named it. */
  readonly image: StoredImage | undefined;
  readonly output: Output;
}

/** Where the standard output of a container goes. */
export interface Output {
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
}

/** Where the output of a command goes; a promise asks it to wait. */
export interface CommandOutput {
  stdout(chunk: Uint8Array): void | Promise<void>;
  stderr(chunk: Uint8Array): void | Promise<void>;
}

export interface ContainerExit {
  /** As a shell counts: 128 + signal for a process ended by a signal. */
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
  /** Ended because it wanted more memory than its limit. */
  readonly outOfMemory: boolean;
}

/** A command beside the container's first process, with its user, environment, files and processes. */
export interface ExecRequest {
  readonly command: readonly string[];
  /** Absent: standard input is empty. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly terminal?: TerminalSize | undefined;
  readonly output: CommandOutput;
  /** Ends the command. */
  readonly signal: AbortSignal;
}

/** The size of a terminal when the command starts, and later ones as they come. */
export interface TerminalSize {
  readonly onResize: (listener: (columns: number, rows: number) => void) => void;
}

export interface RunningContainer {
  /** After the runtime's scheme in `containerID`. */
  readonly id: string;
  readonly imageId: string;
  /** Resolves when every process of the container is gone and all its output has been handed over. */
  readonly exited: Promise<ContainerExit>;
  /** To the first process only, as Kubernetes does; the runtime may send what the image prefers to SIGTERM. */
  signal(name: NodeJS.Signals): void;
  /** SIGKILL to everything of the container. */
  kill(): void;
  /** Resolves with the exit code of the command. Rejects with LaunchFailed when it could not be started. */
  exec(request: ExecRequest): Promise<number>;
}

export interface StoredImage {
  /** What to start containers from. */
  readonly reference: string;
  readonly id: string;
  /** Name or number, with or without a group; empty: root. */
  readonly user: string;
}

/** The images of this machine. */
export interface ImageStore {
  /** Undefined when the image is not here. Rejects with ImageProblem when its name is none. */
  find(image: string): Promise<StoredImage | undefined>;
  /** Fetches an image; asked twice at once it is fetched once. Rejects with ImageProblem. */
  pull(image: string): Promise<StoredImage>;
}

export interface ContainerRuntime {
  /** Scheme of container ids: `process`, `docker`, `podman`. */
  readonly scheme: string;
  /** Absent: images are not used. */
  readonly images?: ImageStore | undefined;
  /** A look that is possible before the pod's volumes are filled: whether the container's program surely cannot be found. */
  lacksProgram(container: Container): boolean;
  /** Rejects with ConfigError, CreateFailed, ProgramNotFound or LaunchFailed. */
  start(request: ContainerRequest): Promise<RunningContainer>;
  /** Fields that are accepted and have no effect, for one Event. */
  ignores(pod: Pod): readonly string[];
  /** Takes away directories in which containers wrote, whoever their files belong to. */
  removeFiles(directories: readonly string[]): Promise<void>;
  /** Ends what an earlier start of this program left; returns how many that were. */
  removeLeftovers(): Promise<number>;
  /** Nothing runs any more. */
  close(): void;
}
