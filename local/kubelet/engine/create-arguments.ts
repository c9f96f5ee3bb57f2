import { ConfigError } from "../environment.ts";
import type { ContainerRequest } from "../container-runtime.ts";
import type { SecurityContext } from "../pod-shapes.ts";
import { byteCount, cpuMillis } from "../quantity.ts";
import type { ContainerMount } from "../root-plan.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { engineEnvironment } from "./engine-environment.ts";

export interface Person {
  readonly uid: number;
  readonly gid: number;
}

export interface CreateInput {
  readonly request: ContainerRequest;
  readonly engine: Pick<ContainerEngine, "name" | "rootless" | "limits">;
  readonly labels: Readonly<Record<string, string>>;
  /** Directories of this machine that the container sees at their own paths. */
  readonly sees: readonly string[];
  /** Who runs this program. */
  readonly person: Person;
}

/** What `create` is given, and what its program needs in its environment for it. */
export interface CreateCommand {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The command line that makes a container. Its network is that of this machine: what listens on a port is reached at
 * 127.0.0.1, as for every pod here, and no rights for networks of its own are needed. Throws ConfigError.
 */
export function createCommand(input: CreateInput): CreateCommand {
  const { request, labels } = input;
  const { command, args, container } = request;
  const [entrypoint, ...rest] = command;
  const environment = engineEnvironment(request.env);
  return {
    args: [
      ...["create", "--pull", "never", "--network", "host", "--log-driver", "none", "--security-opt", "label=disable", "--stop-timeout", "0"],
      ...["--name", nameOf(request), "--hostname", hostname(request)],
      ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
      ...environment.args,
      ...mountsOf(input).flatMap(mountArguments),
      ...(container.workingDir ? ["--workdir", container.workingDir] : []),
      ...limitArguments(input),
      ...securityArguments(input),
      ...(entrypoint === undefined ? [] : ["--entrypoint", entrypoint]),
      request.image?.reference ?? "",
      ...rest,
      ...args,
    ],
    environment: environment.values,
  };
}

/** Unique by the id at its end; what stands before it is for people. */
function nameOf({ pod, container, id }: ContainerRequest): string {
  return ["flyteops", pod.metadata.namespace, pod.metadata.name?.slice(0, 100), container.name, id.slice(0, 12)].join("_");
}

const hostname = ({ pod }: ContainerRequest): string => (pod.spec.hostname ?? pod.metadata.name ?? "").slice(0, 63).replace(/[-.]+$/, "");

function mountsOf({ request, sees }: CreateInput): ContainerMount[] {
  const message = request.container.terminationMessagePath || "/dev/termination-log";
  const own: ContainerMount[] = [
    { path: message, source: request.directories.terminationLog, file: true, readOnly: false },
    ...sees.map((path) => ({ path, source: path, file: false, readOnly: false })),
  ];
  return [...request.mounts, ...own.filter(({ path }) => !request.mounts.some((mount) => mount.path === path))];
}

/** A field of a comma-separated line may hold a comma when it is quoted. */
const field = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function mountArguments({ source, path, readOnly }: ContainerMount): string[] {
  return ["--mount", ["type=bind", field(`source=${source}`), field(`target=${path}`), ...(readOnly ? ["readonly"] : [])].join(",")];
}

function limitArguments({ request, engine }: CreateInput): string[] {
  const { limits = {}, requests = limits } = request.container.resources ?? {};
  const memory = byteCount(limits["memory"]);
  const cpu = cpuMillis(limits["cpu"]);
  const asked = cpuMillis(requests["cpu"]);
  return [
    ...(memory > 0 && engine.limits.memory ? ["--memory", String(memory), "--memory-swap", String(memory)] : []),
    ...(cpu > 0 && engine.limits.cpu ? ["--cpus", String(cpu / 1000)] : []),
    ...(asked > 0 && engine.limits.cpu ? ["--cpu-shares", String(Math.max(2, Math.floor((asked * 1024) / 1000)))] : []),
  ];
}

/** What engines give every container anyway: asking for these back after `drop: [ALL]` is no more than usual. */
const USUAL_CAPABILITIES = new Set(
  "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT NET_RAW AUDIT_WRITE MKNOD".split(" "),
);

interface Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

const capabilitiesOf = ({ capabilities }: SecurityContext): Capabilities => (capabilities ?? {}) as Capabilities;
const plain = (capability: string): string => capability.replace(/^CAP_/, "");

/** Rights beyond the usual ones, which a laptop does not give to what comes from a repository. */
export function refusedRights(context: SecurityContext): string[] {
  const extra = (capabilitiesOf(context).add ?? []).filter((capability) => !USUAL_CAPABILITIES.has(plain(capability)));
  return [...(context.privileged ? ["securityContext.privileged"] : []), ...extra.map((capability) => `securityContext.capabilities.add ${capability}`)];
}

function securityArguments(input: CreateInput): string[] {
  const { container, pod } = input.request;
  const context = container.securityContext ?? {};
  const { add = [], drop = [] } = capabilitiesOf(context);
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {};
  const user = userOf(input);
  return [
    ...(user === undefined ? [] : ["--user", user]),
    ...[...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])].flatMap((group) => ["--group-add", String(group)]),
    ...drop.flatMap((capability) => ["--cap-drop", plain(capability)]),
    ...add.filter((capability) => USUAL_CAPABILITIES.has(plain(capability))).flatMap((capability) => ["--cap-add", plain(capability)]),
    ...(context["allowPrivilegeEscalation"] === false ? ["--security-opt", "no-new-privileges"] : []),
    ...(context.readOnlyRootFilesystem ? ["--read-only", ...(input.engine.name === "podman" ? ["--read-only-tmpfs=false"] : [])] : []),
  ];
}

const isRoot = (user: string): boolean => /^(root|0)?(:.*)?$/.test(user);

/** `uid:gid` to run as; undefined leaves it to the image. Throws ConfigError where non-root is demanded and the image says root, as the kubelet does. */
function userOf({ request, engine, person }: CreateInput): string | undefined {
  const { pod, container, image } = request;
  const context = { ...pod.spec.securityContext, ...container.securityContext };
  const group = context.runAsGroup === undefined ? "" : `:${context.runAsGroup}`;
  if (context.runAsUser !== undefined) return `${context.runAsUser}${group || ":0"}`;
  const ofImage = image?.user ?? "";
  if (context.runAsNonRoot) refuseRoot(ofImage, request);
  // An engine that runs as root would leave files that the person at this machine can neither read nor delete.
  if (isRoot(ofImage) && engine.name === "docker" && !engine.rootless && person.uid !== 0) return `${person.uid}${group || `:${person.gid}`}`;
  return group === "" ? undefined : `${ofImage.replace(/:.*/, "") || "0"}${group}`;
}

function refuseRoot(user: string, { pod, container }: ContainerRequest): void {
  const at = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`;
  if (isRoot(user)) throw new ConfigError(`container has runAsNonRoot and image will run as root ${at}`);
  const [name = ""] = user.split(":");
  if (!/^\d+$/.test(name)) throw new ConfigError(`container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root ${at}`);
}
