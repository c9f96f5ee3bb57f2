import { parse } from "yaml";
import { isFields, messageOf } from "../base/index.ts";
import type { ConfigProblem } from "./literal-secrets.ts";
import { locate, meantKey, type Node, type Setting } from "./keys.ts";

export interface SourcedProblem extends ConfigProblem {
  /** Where it was written: `/etc/flyteops/config.d/config.yaml:3`, `FLYTEOPS_LOGGER__LEVEL`, `--logger.level`, `default`. */
  readonly source: string;
}

export interface Settings {
  readonly settings: readonly Setting[];
  readonly problems: readonly SourcedProblem[];
}

/** Splits a map at an object of the schema into the values of its keys. */
export function settingsOf(value: unknown, path: readonly string[], source: string, node: Node | undefined): Setting[] {
  if (node?.kind !== "object" || !isFields(value)) return [{ path, value, source }];
  return Object.entries(value).flatMap(([key, item]) => {
    const at = locate([...path, key]);
    return settingsOf(item, at.path, source, at.node);
  });
}

const flow = (text: string): unknown => parse(text, { schema: "core" }) as unknown;

/** The value that a text of the environment or the command line stands for. Lists may be separated by commas; maps are JSON or YAML. */
function valueOfText(text: string, node: Node): unknown {
  switch (node.kind) {
    case "string":
    case "quantity":
      return text;
    case "list":
      if (text.trimStart().startsWith("[")) return flow(text);
      return text === "" ? [] : text.split(",").map((item) => item.trim());
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "integer":
    case "number":
      return /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
    default:
      return flow(text);
  }
}

/** What one text under a key means. An unknown key, and a map that is not one, are problems of their source. */
export function settingsOfText(written: readonly string[], text: string, source: string): Settings {
  const { path, node } = locate(written);
  const problem = (message: string): Settings => ({ settings: [], problems: [{ path: path.join("."), message, source }] });
  if (node === undefined) return problem(`there is no such key${meantKey(path)}`);
  try {
    const value = valueOfText(text, node);
    if (node.kind === "object" && !isFields(value)) return problem(`${path.at(-1) ?? ""} has keys of its own: write a map, or set one of them`);
    return { settings: settingsOf(value, path, source, node), problems: [] };
  } catch (thrown) {
    return problem(`not JSON or YAML: ${messageOf(thrown).split("\n")[0] ?? ""}`);
  }
}
