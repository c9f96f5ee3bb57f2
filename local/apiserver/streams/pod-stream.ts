import type { WebSocket } from "ws";
import type { Core } from "../core.ts";
import type { PodStreams } from "../pod-streams.ts";
import type { ServerResponse } from "../request.ts";
import { badRequest, failure, notFound } from "../status.ts";
import { podContainer } from "../verbs/subresources.ts";
import { keyOfTarget } from "../verbs/update.ts";
import { flag } from "../wire/options.ts";
import type { Call } from "../wire/target.ts";
import { FORWARD_PROTOCOLS, serveForward } from "./port-forward.ts";
import { COMMAND_PROTOCOLS, type CommandTarget, serveAttach, serveExec } from "./remote-command.ts";

/** GET …/pods/NAME/exec, attach and portforward: an answer that turns the connection into a WebSocket. */
export function podStream(core: Core, call: Call): ServerResponse {
  const { namespace, name, subresource, kind } = call.target;
  const entry = core.store.get(keyOfTarget(call.target));
  if (!entry) throw notFound(kind, name);
  if (!core.podStreams) throw failure(501, "NotImplemented", `no node of this server offers ${subresource} of pods`, {});
  if (subresource === "portforward") return upgrade(call, FORWARD_PROTOCOLS, forwarding(core.podStreams, call));
  const container = podContainer(call, entry.object);
  const target: CommandTarget = { streams: core.podStreams, namespace, pod: name, container };
  if (subresource === "attach") return attached(call, target);
  const command = call.query.getAll("command");
  if (command.length === 0) throw badRequest("you must specify at least 1 command for the container");
  const asked = (stream: string) => flag(call.query, stream) === true;
  const options = { command, stdin: asked("stdin"), stdout: asked("stdout"), stderr: asked("stderr"), tty: asked("tty") };
  return upgrade(call, COMMAND_PROTOCOLS, (socket) => serveExec(socket, target, options));
}

function attached(call: Call, target: CommandTarget): ServerResponse {
  if (flag(call.query, "stdin") === true)
    throw badRequest(`containers run without standard input here: attach without -i, or exec -i a command in pod ${target.pod}`);
  return upgrade(call, COMMAND_PROTOCOLS, (socket) => serveAttach(socket, target));
}

function forwarding(streams: PodStreams, { target, query }: Call): (socket: WebSocket, protocol: string) => Promise<void> {
  const ports = query
    .getAll("ports")
    .flatMap((text) => text.split(","))
    .map(Number);
  const connect = (port: number) => streams.connect(target.namespace, target.name, port);
  return (socket, protocol) => serveForward(socket, protocol, ports, connect);
}

/** Throws 400 with what to use instead for a client that cannot speak WebSocket, or none of the protocols. */
function upgrade(call: Call, offered: readonly string[], serve: (socket: WebSocket, protocol: string) => Promise<void>): ServerResponse {
  const { subresource } = call.target;
  const wanted = (call.headers["upgrade"] ?? "").toLowerCase();
  const since = subresource === "portforward" ? "1.31" : "1.30";
  if (wanted.startsWith("spdy")) throw badRequest(`${subresource} is offered over WebSocket only: kubectl ${since} and newer speak it`);
  if (wanted !== "websocket") throw badRequest("Upgrade request required");
  const asked = (call.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const protocol = offered.find((name) => asked.includes(name));
  if (protocol === undefined) throw badRequest(`none of the subprotocols ${asked.join(", ")} is served; ${subresource} speaks ${offered.join(", ")}`);
  return { status: 101, headers: { "sec-websocket-protocol": protocol }, body: new Uint8Array(), webSocket: (socket) => serve(socket, protocol) };
}
