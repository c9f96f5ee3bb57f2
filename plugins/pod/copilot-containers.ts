import { TypedInterfaceSchema, toBinary } from "../../proto/index.ts";
import { CODE_PATH, escapeDollars } from "../environment.ts";
import type { BuildContext } from "../plugin.ts";
import { storageVariables } from "./storage-credentials.ts";

export const MAIN = "main";
export const DOWNLOAD = "copilot-download";
export const SIDECAR = "copilot-sidecar";

export const VOLUME = { inputs: "flyte-inputs", outputs: "flyte-outputs", code: "flyte-code", copilot: "flyte-copilot" } as const;
/** Where the two copilots meet; the user's containers do not see it. */
const MEETING_PATH = "/var/flyte/copilot";
const MEETING = { name: VOLUME.copilot, mountPath: MEETING_PATH };

type Container = Readonly<Record<string, unknown>>;

/** What Pod Security "restricted" asks of every container, as far as it does not depend on the image's user. */
export const CONTAINER_SECURITY = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } as const;

type Flags = Readonly<Record<string, string | readonly string[] | undefined>>;

function argumentsOf(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([flag, value]) => [value ?? []].flat().flatMap((one) => [`--${flag}`, escapeDollars(one)]));
}

function copilot(context: BuildContext, name: string, verb: string, flags: Flags, volumeMounts: readonly object[]): Container {
  const { config } = context;
  const env = storageVariables(context);
  return {
    name,
    image: config.copilotImage,
    command: ["flyteops", "copilot", verb],
    args: argumentsOf(flags),
    ...(env.length > 0 ? { env } : {}),
    resources: config.copilotResources,
    volumeMounts,
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function interfaceText({ recipe }: BuildContext): string {
  return Buffer.from(toBinary(TypedInterfaceSchema, recipe.interface)).toString("base64");
}

/** Runs to its end before the user's program starts. */
export function downloadContainer(context: BuildContext): Container {
  const { data, recipe, map, code, dataPrefixes } = context;
  const flags = {
    storage: data.storage,
    inputs: data.inputsUri,
    interface: interfaceText(context),
    to: recipe.data.inputPath,
    format: recipe.data.format,
    layout: recipe.data.layout,
    "map-index": map && String(map.index),
    over: map && map.over.join(","),
    code: code?.uri,
    "code-to": code && CODE_PATH,
    prefix: data.prefixUri,
    remote: dataPrefixes,
    meet: MEETING_PATH,
  };
  const mounts = [MEETING, { name: VOLUME.inputs, mountPath: recipe.data.inputPath }, ...(code ? [{ name: VOLUME.code, mountPath: CODE_PATH }] : [])];
  return copilot(context, DOWNLOAD, "download", flags, mounts);
}

/** A native sidecar: beside the program, and after it until everything is stored. It sees the inputs because an output may be a link to one. */
export function sidecarContainer(context: BuildContext): Container {
  const { data, recipe, dataPrefixes } = context;
  const flags = {
    storage: data.storage,
    from: recipe.data.outputPath,
    inputs: recipe.data.inputPath,
    prefix: data.prefixUri,
    raw: data.rawUri,
    interface: interfaceText(context),
    format: recipe.data.format,
    remote: dataPrefixes,
    meet: MEETING_PATH,
  };
  const mounts = [
    MEETING,
    { name: VOLUME.outputs, mountPath: recipe.data.outputPath },
    { name: VOLUME.inputs, mountPath: recipe.data.inputPath, readOnly: true },
  ];
  return { ...copilot(context, SIDECAR, "sidecar", flags, mounts), restartPolicy: "Always" };
}
