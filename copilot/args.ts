import { parseArgs } from "node:util";
import { parseDuration, TerminalFailure } from "../base/index.ts";
import { fromBinary, type TypedInterface, TypedInterfaceSchema } from "../proto/index.ts";
import { type FileLayout, isParameterProblems, type Parameter, parametersOf } from "../values/index.ts";

interface CommonArguments {
  /** Root of the object store. */
  readonly storage: string;
  /** URI of the attempt: error.pb, result.json and outputs.pb are written below it. */
  readonly prefix: string;
  /** Where else data may be read: URI prefixes. Without one, nowhere but in the store. */
  readonly remote: readonly string[];
  readonly timeoutMs: number;
  /** A directory that both copilots of a pod see: the sidecar says there that it listens, the download waits for it. */
  readonly meet?: string;
}

export interface DownloadArguments extends CommonArguments {
  readonly command: "download";
  /** URI of inputs.pb. */
  readonly inputs: string;
  readonly parameters: readonly Parameter[];
  readonly to: string;
  readonly format: "JSON" | "YAML";
  readonly layout: FileLayout;
  readonly item?: { readonly index: number; readonly over: readonly string[] };
  readonly code?: { readonly uri: string; readonly to: string };
}

export interface SidecarArguments extends CommonArguments {
  readonly command: "sidecar";
  readonly from: string;
  /** The input directory, which links in the outputs may lead to. */
  readonly inputs?: string;
  /** URI below which the bytes of files and directories go. */
  readonly raw: string;
  readonly parameters: readonly Parameter[];
}

export type CopilotArguments = DownloadArguments | SidecarArguments;

export const USAGE = `usage:
  flyteops copilot download --storage URI --prefix URI --inputs URI --interface BASE64 --to DIR
      [--format JSON|YAML] [--layout Direct|NamedDir] [--map-index N --over a,b] [--code URI --code-to DIR]
      [--remote URI …] [--meet DIR] [--timeout 1h]
  flyteops copilot sidecar --storage URI --prefix URI --raw URI --interface BASE64 --from DIR
      [--inputs DIR] [--remote URI …] [--format JSON|YAML] [--meet DIR] [--timeout 1h]`;

const OPTIONS = {
  storage: { type: "string" },
  prefix: { type: "string" },
  inputs: { type: "string" },
  interface: { type: "string" },
  to: { type: "string" },
  from: { type: "string" },
  raw: { type: "string" },
  format: { type: "string", default: "JSON" },
  layout: { type: "string", default: "Direct" },
  "map-index": { type: "string" },
  over: { type: "string" },
  code: { type: "string" },
  "code-to": { type: "string" },
  remote: { type: "string", multiple: true },
  meet: { type: "string" },
  timeout: { type: "string", default: "1h" },
} as const;

type Values = ReturnType<typeof parsed>["values"];

function parsed(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
}

function usage(message: string): TerminalFailure {
  return new TerminalFailure("BadArguments", message);
}

/** Reads the arguments after `copilot`. Throws TerminalFailure `BadArguments`. */
export function copilotArguments(argv: readonly string[]): CopilotArguments {
  const { values, positionals } = parse(argv);
  const [command, ...rest] = positionals;
  if (rest[0] !== undefined) throw usage(`unexpected argument ${rest[0]}`);
  if (command === "download") return downloadArguments(values);
  if (command === "sidecar") return sidecarArguments(values);
  throw usage(command === undefined ? "download or sidecar?" : `there is no command ${command}`);
}

function parse(argv: readonly string[]): ReturnType<typeof parsed> {
  try {
    return parsed(argv);
  } catch (thrown) {
    throw usage(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function required(values: Values, name: Exclude<keyof Values & keyof typeof OPTIONS, "remote">): string {
  const value = values[name];
  if (value === undefined) throw usage(`--${name} is missing`);
  return value;
}

function common(values: Values): CommonArguments {
  const timeoutMs = parseDuration(values.timeout);
  if (timeoutMs === undefined) throw usage(`--timeout ${values.timeout} is no duration such as 30m`);
  return {
    storage: required(values, "storage"),
    prefix: required(values, "prefix").replace(/\/+$/, ""),
    remote: values.remote ?? [],
    timeoutMs,
    ...(values.meet === undefined ? {} : { meet: values.meet }),
  };
}

function oneOf<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw usage(`--${name} is ${allowed.join(" or ")}, not ${value}`);
  return found;
}

function downloadArguments(values: Values): DownloadArguments {
  const index = values["map-index"];
  if ((index === undefined) !== (values.over === undefined)) throw usage("--map-index and --over belong together");
  if (index !== undefined && !/^\d{1,9}$/.test(index)) throw usage(`--map-index ${index} is no item number`);
  if ((values.code === undefined) !== (values["code-to"] === undefined)) throw usage("--code and --code-to belong together");
  return {
    command: "download",
    ...common(values),
    inputs: required(values, "inputs"),
    parameters: parameters(interfaceOf(values).inputs),
    to: required(values, "to"),
    format: oneOf("format", values.format, ["JSON", "YAML"]),
    layout: oneOf("layout", values.layout, ["Direct", "NamedDir"]),
    ...(index === undefined ? {} : { item: { index: Number(index), over: (values.over ?? "").split(",").filter((name) => name !== "") } }),
    ...(values.code === undefined ? {} : { code: { uri: values.code, to: required(values, "code-to") } }),
  };
}

function sidecarArguments(values: Values): SidecarArguments {
  oneOf("format", values.format, ["JSON", "YAML"]);
  return {
    command: "sidecar",
    ...common(values),
    from: required(values, "from"),
    ...(values.inputs === undefined ? {} : { inputs: values.inputs }),
    raw: required(values, "raw").replace(/\/+$/, ""),
    parameters: parameters(interfaceOf(values).outputs),
  };
}

function interfaceOf(values: Values): TypedInterface {
  try {
    return fromBinary(TypedInterfaceSchema, Buffer.from(required(values, "interface"), "base64"));
  } catch (thrown) {
    if (thrown instanceof TerminalFailure) throw thrown;
    throw usage("--interface is no base64 of a flyteidl2.core.TypedInterface");
  }
}

function parameters(map: TypedInterface["inputs"]): readonly Parameter[] {
  const result = parametersOf(map);
  if (isParameterProblems(result)) throw usage(result[0]?.message ?? "the interface is not valid");
  return result as readonly Parameter[];
}
