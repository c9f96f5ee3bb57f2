import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../../../base/index.ts";
import { runAttached } from "../attached-command.ts";
import type { ContainerExit, ContainerRequest, RunningContainer } from "../container-runtime.ts";
import { LaunchFailed } from "../runtime-errors.ts";
import { askEngine, complaint, type ContainerEngine } from "./container-engine.ts";
import { type EngineState, hasStarted, inspectContainer, isGoing } from "./engine-state.ts";
import type { MemoryWatch } from "./kernel-kills.ts";
import { heldOutput } from "./held-output.ts";

export interface EngineContainerDeps {
  readonly engine: ContainerEngine;
  readonly clock: Clock;
  /** Watches the memory where the engine cannot. */
  readonly limit: MemoryWatch | undefined;
}

const LOOK_MS = 25;
/** 128 + SIGKILL. */
const KILLED = 137;

/** Starts a container that has been created, with its output attached. Resolves once its program runs or has run; rejects with LaunchFailed. */
export async function startContainer(id: string, request: ContainerRequest, deps: EngineContainerDeps): Promise<RunningContainer> {
  const { engine, limit } = deps;
  const { program, environment } = engine;
  const output = heldOutput(request.output);
  const client = spawn(program, ["start", "--attach", id], { env: { ...environment }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  client.stdout.on("data", (chunk: Buffer) => output.stdout(chunk));
  client.stderr.on("data", (chunk: Buffer) => output.stderr(chunk));
  const closed = closeOf(client);
  const begun = await firstSign(id, closed, deps);
  if (!begun || !hasStarted(begun)) {
    await removeContainer(engine, id);
    throw new LaunchFailed(begun?.error || complaint({ exitCode: 1, stdout: "", stderr: output.dropped() }) || "the container could not be started");
  }
  output.release();
  const kill = () => void signalContainer(engine, id, "KILL");
  if (isGoing(begun)) limit?.watch(begun.pid, kill);
  return {
    id,
    imageId: request.image?.id ?? "",
    exited: closed.then(() => conclude(id, deps)),
    signal: (name) => void signalContainer(engine, id, name === "SIGTERM" ? (begun.stopSignal ?? name) : name),
    kill,
    exec({ command, ...rest }) {
      const flags = [...(rest.stdin ? ["--interactive"] : []), ...(rest.terminal ? ["--tty"] : [])];
      return runAttached({ argv: [program, "exec", ...flags, id, ...command], env: environment, cwd: "/" }, rest);
    },
  };
}

function closeOf(client: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    client.on("error", () => resolve());
    client.on("close", () => resolve());
  });
}

/** The state when the program runs, or when the engine's program has given up or is through. */
async function firstSign(id: string, closed: Promise<void>, { engine, clock }: EngineContainerDeps): Promise<EngineState | undefined> {
  let over = false;
  void closed.then(() => (over = true));
  for (;;) {
    const last = over;
    const state = await inspectContainer(engine, id);
    if (last || !state || hasStarted(state)) return state;
    await Promise.race([closed, new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))]);
  }
}

/** The end of a container: what it left is read, then it is removed. One that somebody else removed counts as killed. */
async function conclude(id: string, { engine, limit }: EngineContainerDeps): Promise<ContainerExit> {
  let state = await inspectContainer(engine, id);
  if (state && isGoing(state)) {
    await askEngine(engine, ["wait", id], { timeoutMs: 0 });
    state = await inspectContainer(engine, id);
  }
  const exceeded = limit?.exceeded() === true;
  limit?.close();
  await removeContainer(engine, id);
  const exitCode = state?.exitCode ?? KILLED;
  return { exitCode, outOfMemory: state?.outOfMemory === true || (exitCode === KILLED && exceeded) };
}

/** One that has ended meanwhile is no error. */
async function signalContainer(engine: ContainerEngine, id: string, signal: string): Promise<void> {
  await askEngine(engine, ["kill", "--signal", signal, id]);
}

export async function removeContainer(engine: ContainerEngine, id: string): Promise<void> {
  await askEngine(engine, ["rm", "--force", "--volumes", id]);
}
