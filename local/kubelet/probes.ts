import { execFile } from "node:child_process";
import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Clock } from "../../base/index.ts";
import { messageOf } from "../../base/index.ts";
import { type ContainerInstance, launcherEnvironment } from "./container-start.ts";
import { readOrNothing } from "./process-reaper.ts";
import { rewritePaths } from "./container-mounts.ts";
import type { Container, HttpGet, LifecycleHook, Probe } from "./pod-shapes.ts";
import { boundedRights, type Namespaces, oddEnvironment, type Sandbox } from "./sandbox.ts";
import type { RunningProcess } from "./spawn-process.ts";

/** Undefined: passed. Otherwise why not. */
type Answer = string | undefined;

export interface ProbeDeps {
  readonly clock: Clock;
  readonly sandbox: Sandbox;
}

/** What probes may bring about; each is called only on a change. */
export interface ProbeListener {
  started(): void;
  ready(isReady: boolean): void;
  /** A liveness or startup probe has given up. */
  unhealthy(kind: "Liveness" | "Startup"): void;
  /** Each failed look, for an Event. */
  failed(kind: "Liveness" | "Readiness" | "Startup", message: string): void;
}

/** Runs the probes of one container instance until the signal aborts. The startup probe holds the others back. */
export function runProbes(container: Container, instance: ContainerInstance, listener: ProbeListener, deps: ProbeDeps, signal: AbortSignal): void {
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const others = () => {
    listener.started();
    if (livenessProbe) repeat(livenessProbe, "Liveness", (passed) => passed || listener.unhealthy("Liveness"));
    if (readinessProbe) repeat(readinessProbe, "Readiness", listener.ready);
    else listener.ready(true);
  };
  if (!startupProbe) return others();
  const startup = new AbortController();
  repeat(
    startupProbe,
    "Startup",
    (passed) => {
      startup.abort();
      if (passed) others();
      else listener.unhealthy("Startup");
    },
    startup.signal,
  );

  /** Looks every period; `change` hears when enough looks in a row agree on something new. */
  function repeat(probe: Probe, kind: "Liveness" | "Readiness" | "Startup", change: (passed: boolean) => void, until?: AbortSignal): void {
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const needed = { true: probe.successThreshold ?? 1, false: probe.failureThreshold ?? 3 };
    let known: boolean | undefined;
    let run = { passed: true, count: 0 };
    const look = async () => {
      const problem = await ask(probe, container, instance, deps);
      if (signal.aborted || until?.aborted) return;
      const passed = problem === undefined;
      if (!passed) listener.failed(kind, `${kind} probe failed: ${problem}`);
      run = run.passed === passed ? { passed, count: run.count + 1 } : { passed, count: 1 };
      if (run.count >= needed[`${passed}`] && known !== passed) {
        known = passed;
        change(passed);
      }
      again(periodMs);
    };
    const again = (delayMs: number) => {
      if (signal.aborted || until?.aborted) return;
      const cancel = deps.clock.after(delayMs, () => void look());
      signal.addEventListener("abort", cancel, { once: true });
    };
    again((probe.initialDelaySeconds ?? 0) * 1000);
  }
}

async function ask(probe: Probe, container: Container, instance: ContainerInstance, deps: ProbeDeps): Promise<Answer> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec) return execInContainer(instance, probe.exec.command ?? [], timeoutMs, deps.sandbox);
  if (probe.httpGet) return httpAnswer(probe.httpGet, container, timeoutMs);
  if (probe.tcpSocket) return tcpAnswer(probe.tcpSocket.host ?? "127.0.0.1", portOf(probe.tcpSocket.port, container), timeoutMs);
  return "the probe names no action";
}

/** Runs a lifecycle hook to its end or its time limit; returns why it failed. */
export async function runHook(hook: LifecycleHook, container: Container, instance: ContainerInstance, timeoutMs: number, deps: ProbeDeps): Promise<Answer> {
  if (hook.exec) return execInContainer(instance, hook.exec.command ?? [], timeoutMs, deps.sandbox);
  if (hook.httpGet) return httpAnswer(hook.httpGet, container, timeoutMs);
  const { seconds = 0 } = hook.sleep ?? {};
  await new Promise<void>((resolve) => deps.clock.after(Math.min(seconds * 1000, timeoutMs), resolve));
  return undefined;
}

const portOf = (port: number | string, container: Container): number => Number(container.ports?.find(({ name }) => name === port)?.containerPort ?? port);

/** A command inside the namespaces of a running container, with its environment. */
function execInContainer(
  { process: running, preparation }: ContainerInstance,
  command: readonly string[],
  timeoutMs: number,
  { capability }: Sandbox,
): Promise<Answer> {
  const real = capability.kind === "namespaces";
  const [file = "", ...args] = real
    ? [...enterNamespaces(running, preparation.workingDir, capability), ...oddEnvironment(preparation), ...command]
    : [...oddEnvironment(preparation), ...command.map((word) => rewritePaths(word, preparation.mounts))];
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, killSignal: "SIGKILL" as const, env: launcherEnvironment(preparation), cwd: real ? "/" : preparation.workingDir };
    execFile(file, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(undefined);
      resolve(error.killed ? `command timed out after ${timeoutMs / 1000}s` : (stdout + stderr).trim() || error.message);
    });
  });
}

/** The launcher still lives in the namespaces it made; only the process namespace is that of the container's first process. */
function enterNamespaces({ pid, leader }: RunningProcess, workingDir: string, capability: Namespaces): string[] {
  const { tools, userNamespace } = capability;
  const id = (name: string) => new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(readOrNothing(`/proc/${pid}/status`) ?? "")?.[1] ?? "0";
  const who = userNamespace ? ["--user", "--preserve-credentials"] : ["--setuid", id("Uid"), "--setgid", id("Gid")];
  return [
    tools.nsenter,
    "--target",
    String(leader),
    ...who,
    "--mount",
    `--pid=/proc/${pid}/ns/pid`,
    ...boundedRights(capability),
    tools.sh,
    "-c",
    'cd "$0" && exec "$@"',
    workingDir,
  ];
}

function httpAnswer(get: HttpGet, container: Container, timeoutMs: number): Promise<Answer> {
  const secure = get.scheme === "HTTPS";
  const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = {
    host: get.host ?? "127.0.0.1",
    port: portOf(get.port, container),
    path: get.path || "/",
    headers,
    timeout: timeoutMs,
    rejectUnauthorized: false,
    agent: false,
  };
  return new Promise((resolve) => {
    const sent = (secure ? httpsRequest : httpRequest)(options, (response) => {
      response.resume();
      const code = response.statusCode ?? 0;
      resolve(code >= 200 && code < 400 ? undefined : `HTTP probe failed with statuscode: ${code}`);
    });
    sent.on("timeout", () => sent.destroy(new Error("timed out")));
    sent.on("error", (error) => resolve(messageOf(error)));
    sent.end();
  });
}

function tcpAnswer(host: string, port: number, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => settle(undefined));
    socket.on("timeout", () => settle("timed out"));
    socket.on("error", (error) => settle(error.message));
  });
}
