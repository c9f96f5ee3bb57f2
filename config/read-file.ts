import { readFileSync } from "node:fs";
import { isMap, isScalar, LineCounter, type Node as YamlNode, parseDocument } from "yaml";
import { messageOf } from "../base/index.ts";
import { locate, type Setting } from "./keys.ts";
import type { Settings, SourcedProblem } from "./settings-of-text.ts";

function unreadable(path: string, thrown: unknown): SourcedProblem {
  const { code } = thrown as NodeJS.ErrnoException;
  const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? `this is a directory: write ${path}/*.yaml` : messageOf(thrown);
  return { path: "", message: why, source: path };
}

/** Walks the sections of a document down to the keys that hold values. A dotted key (`logger.level: info`) is a path. */
function collect(node: YamlNode | null, path: readonly string[], at: (node: YamlNode) => string, found: Setting[]): void {
  if (!isMap<YamlNode, YamlNode | null>(node)) return;
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    const inSections = locate(path).node?.kind === "object";
    const place = locate([...path, ...(inSections ? name.split(".") : [name])]);
    if (place.node?.kind === "object" && (isMap(value) || value === null || (isScalar(value) && value.value === null))) collect(value, place.path, at, found);
    else found.push({ path: place.path, value: value === null ? null : (value.toJSON() as unknown), source: at(key) });
  }
}

/** Settings of one file, each with its line. Never throws: what cannot be read is a problem of the file. */
export function readConfigFile(path: string): Settings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    return { settings: [], problems: [unreadable(path, thrown)] };
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, schema: "core" });
  const line = (offset: number) => `${path}:${counter.linePos(offset).line}`;
  if (document.errors.length > 0)
    return { settings: [], problems: document.errors.map((error) => ({ path: "", message: `not YAML: ${error.message}`, source: line(error.pos[0]) })) };
  const root = document.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null))
    return { settings: [], problems: [{ path: "", message: "a configuration is a map of sections", source: line(root.range?.[0] ?? 0) }] };
  const settings: Setting[] = [];
  collect(root, [], (node) => line(node.range?.[0] ?? 0), settings);
  return { settings, problems: [] };
}
