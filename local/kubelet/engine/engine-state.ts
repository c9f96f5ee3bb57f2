import { askEngine, type ContainerEngine } from "./container-engine.ts";

/** A container as the engine's `inspect` tells of it. */
export interface EngineState {
  /** `created`, `running`, `exited`, … */
  readonly status: string;
  readonly pid: number;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** Why it could not be started, where the engine says so. */
  readonly error: string;
  /** What the image wants in place of SIGTERM. */
  readonly stopSignal: string | undefined;
}

interface Inspected {
  readonly State?: { readonly Status?: string; readonly Pid?: number; readonly ExitCode?: number; readonly OOMKilled?: boolean; readonly Error?: string };
  readonly Config?: { readonly StopSignal?: string | number };
}

/** Undefined when there is no such container any more. */
export async function inspectContainer(engine: ContainerEngine, id: string): Promise<EngineState | undefined> {
  const answer = await askEngine(engine, ["container", "inspect", id]);
  if (answer.exitCode !== 0) return undefined;
  const [{ State = {}, Config = {} } = {}] = JSON.parse(answer.stdout) as Inspected[];
  return {
    status: State.Status ?? "",
    pid: State.Pid ?? 0,
    exitCode: State.ExitCode ?? 0,
    outOfMemory: State.OOMKilled === true,
    error: State.Error ?? "",
    stopSignal: Config.StopSignal ? String(Config.StopSignal) : undefined,
  };
}

const NOT_STARTED = new Set(["created", "configured", "initialized", ""]);
const GOING = new Set(["running", "paused", "stopping", "restarting"]);

export const hasStarted = ({ status }: EngineState): boolean => !NOT_STARTED.has(status);
export const isGoing = ({ status }: EngineState): boolean => GOING.has(status);
