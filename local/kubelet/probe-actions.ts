import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { messageOf } from "../../base/index.ts";
import type { RunningContainer } from "./container-runtime.ts";
import { grpcHealth } from "./grpc-health.ts";
import type { Container, HttpGet, LifecycleHook, Probe } from "./pod-shapes.ts";

/** Undefined: passed. Otherwise why not. */
export type Answer = string | undefined;

/** Containers of a pod answer on the loopback address of this machine. */
const HOST = "127.0.0.1";

/** One look at a container. Never rejects. */
export async function askProbe(probe: Probe, container: Container, running: RunningContainer): Promise<Answer> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec) return execAnswer(running, probe.exec.command ?? [], timeoutMs);
  if (probe.httpGet) return httpAnswer(probe.httpGet, container, timeoutMs);
  if (probe.grpc) return grpcHealth({ host: HOST, port: probe.grpc.port, service: probe.grpc.service ?? "", timeoutMs });
  if (probe.tcpSocket) return tcpAnswer(probe.tcpSocket.host || HOST, portOf(probe.tcpSocket.port, container), timeoutMs);
  return "the probe names no action";
}

/** The exec or HTTP action of a lifecycle hook, to its end or its time limit. */
export async function runAction(hook: LifecycleHook, container: Container, running: RunningContainer, timeoutMs: number): Promise<Answer> {
  if (hook.exec) return execAnswer(running, hook.exec.command ?? [], timeoutMs);
  return hook.httpGet ? httpAnswer(hook.httpGet, container, timeoutMs) : undefined;
}

const portOf = (port: number | string, container: Container): number => Number(container.ports?.find(({ name }) => name === port)?.containerPort ?? port);

/** What is kept of a probe's output for its Event, as the kubelet keeps it. */
const OUTPUT_MAX = 10_240;

async function execAnswer(running: RunningContainer, command: readonly string[], timeoutMs: number): Promise<Answer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const keep = (chunk: Uint8Array) => {
    if (bytes < OUTPUT_MAX) parts.push(chunk);
    bytes += chunk.byteLength;
  };
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const exitCode = await running.exec({ command, output: { stdout: keep, stderr: keep }, signal: late });
    if (late.aborted) return `command timed out: ${JSON.stringify(command.join(" "))} timed out after ${timeoutMs / 1000}s`;
    const said = Buffer.concat(parts).subarray(0, OUTPUT_MAX).toString("utf8").trim();
    return exitCode === 0 ? undefined : said || `command ended with exit code ${exitCode}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function httpAnswer(get: HttpGet, container: Container, timeoutMs: number): Promise<Answer> {
  const secure = get.scheme === "HTTPS";
  const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const port = portOf(get.port, container);
  const host = get.host || HOST;
  const path = (get.path || "/").replace(/^(?!\/)/, "/");
  const options = { host, port, path, headers, rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(timeoutMs) };
  return new Promise((resolve) => {
    const sent = (secure ? httpsRequest : httpRequest)(options, (response) => {
      response.resume();
      const code = response.statusCode ?? 0;
      resolve(code >= 200 && code < 400 ? undefined : `HTTP probe failed with statuscode: ${code}`);
    });
    const at = `Get "${secure ? "https" : "http"}://${host}:${port}${path}"`;
    sent.on("error", (error) => resolve(`${at}: ${error.name === "AbortError" ? `no answer within ${timeoutMs / 1000}s` : dialled(error)}`));
    sent.end();
  });
}

function tcpAnswer(host: string, port: number, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.timeout(timeoutMs) });
    const settle = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => settle(undefined));
    socket.on("error", (error) => settle(error.name === "AbortError" ? `dial tcp ${host}:${port}: i/o timeout` : dialled(error)));
  });
}

/** In the words of the real kubelet where people search for them. */
function dialled(error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  return error.code === "ECONNREFUSED" ? `dial tcp ${error.address}:${error.port}: connect: connection refused` : messageOf(error);
}
