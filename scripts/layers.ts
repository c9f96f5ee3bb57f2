/**
 * Checks the arrows between rooms: who may import whom, no import cycles between files (of types neither), no sibling imports among
 * controllers and plugins, no clocks, chance, console or environment where they do not belong. The table is the
 * source of truth of `docs/design/0001-rooms.md`; change both together, in a commit that says why.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import ts from "typescript";

const ROOMS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  cel: ["base"],
  schema: ["base", "cel"],
  crds: ["base", "schema"],
  proto: [],
  values: ["base", "proto"],
  engine: ["base", "cel", "crds", "proto", "values"],
  synth: ["base", "schema", "crds", "config"],
  gitops: ["base", "crds", "schema", "values", "engine", "kube", "blobs"],
  blobs: ["base"],
  records: ["base"],
  config: ["base", "schema"],
  kube: ["base", "cel"],
  plugins: ["base", "cel", "crds", "proto", "values", "kube"],
  controllers: ["base", "cel", "crds", "proto", "schema", "values", "engine", "synth", "gitops", "blobs", "records", "kube", "plugins"],
  copilot: ["base", "proto", "values", "blobs"],
  api: ["base", "crds", "proto", "values", "blobs", "records", "kube"],
  local: ["base", "schema", "cel", "kube"],
  cli: ["base", "cel", "schema", "config", "crds", "proto", "values", "engine", "synth", "gitops", "blobs", "records", "kube", "plugins"],
  cmd: ["*"],
  test: ["*"],
  bench: ["*"],
  scripts: ["*"],
};

/** Folders without sources of ours. Any other folder is a room and stands in the table. */
const NO_ROOMS = new Set(["node_modules", "dist", "coverage", "docs", "examples"]);

/** Pure rooms may not reach the machine at all; the others listed are edges and may import node:* modules. */
const NODE_MODULES_ALLOWED = new Set([
  "cmd",
  "test",
  "bench",
  "scripts",
  "local",
  "blobs",
  "records",
  "copilot",
  "gitops",
  "kube",
  "config",
  "cli",
  "controllers",
]);
const NODE_EXEMPT = new Set(["base/digest.ts", "cel/worker.ts", "cel/evaluator.ts", "schema/structural/format.ts"]);
const AMBIENT_ALLOWED = new Set(["cmd", "test", "bench", "scripts"]);
const AMBIENT =
  /\b(Date\.now\(|new Date\(\)|Math\.random\(|process\.(env|argv|exit|stdout|stderr)\b|console\.(log|error|warn|info)\(|(?<![.\w])set(Timeout|Interval|Immediate)\()/;

/** A room's door. Two rooms have a second one: who only walks structural schemas need not load the builder, who only moves data need not load the services. */
const DOOR = /^([a-z]+|schema\/structural|proto\/services)\/index\.ts$/;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join("proto", "gen")));
}

function importsOf(path: string, text: string): { internal: Import[]; modules: Import[] } {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, false);
  const internal: Import[] = [];
  const modules: Import[] = [];
  const add = (specifier: string, position: number) => {
    const line = source.getLineAndCharacterOfPosition(position).line + 1;
    if (specifier.startsWith(".")) internal.push({ from: path, to: normalize(join(dirname(path), specifier)), line });
    else modules.push({ from: path, to: specifier, line });
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, node.getStart(source));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) add(argument.text, node.getStart(source));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { internal, modules };
}

const roomOf = (path: string): string => path.split("/")[0] ?? "";
const isTest = (path: string): boolean => /\.(test|conformance)\.ts$/.test(path) || /\/(testing|fixtures)\/|\/fixture\.ts$/.test(path);

function arrowProblems(found: readonly Import[]): string[] {
  const problems: string[] = [];
  for (const { from, to, line } of found) {
    const [room, target] = [roomOf(from), roomOf(to)];
    if (isTest(from) || room === target) {
      const siblings = ["controllers", "plugins"].includes(room) && room === target && from.split("/").length > 2 && to.split("/").length > 2;
      if (siblings && !isTest(from) && from.split("/")[1] !== to.split("/")[1]) problems.push(`${from}:${line}: imports its sibling ${to}`);
      continue;
    }
    const allowed = ROOMS[room] ?? [];
    if (!allowed.includes("*") && !allowed.includes(target)) problems.push(`${from}:${line}: ${room}/ may not import ${target}/ (${to})`);
    else if (!allowed.includes("*") && target !== "proto" && !DOOR.test(to))
      problems.push(`${from}:${line}: import the door ${target}/index.ts instead of ${to}`);
  }
  return problems;
}

function cycleProblems(found: readonly Import[]): string[] {
  const graph = new Map<string, string[]>();
  for (const { from, to } of found) if (!isTest(from)) graph.set(from, [...(graph.get(from) ?? []), to]);
  const state = new Map<string, "open" | "done">();
  const problems: string[] = [];
  const walk = (path: string, trail: string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      problems.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
      return;
    }
    state.set(path, "open");
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of graph.keys()) walk(path, []);
  return problems;
}

function ambientProblems(path: string, text: string, modules: readonly Import[]): string[] {
  if (isTest(path)) return [];
  const room = roomOf(path);
  const problems: string[] = [];
  if (!NODE_MODULES_ALLOWED.has(room) && !NODE_EXEMPT.has(path))
    for (const { to, line } of modules) if (to.startsWith("node:")) problems.push(`${path}:${line}: ${room}/ may not import ${to}`);
  if (AMBIENT_ALLOWED.has(room)) return problems;
  text.split("\n").forEach((line, index) => {
    const hit = /^\s*(\*|\/\/|\/\*)/.test(line) ? null : AMBIENT.exec(line);
    if (hit) problems.push(`${path}:${index + 1}: ${hit[0]} belongs in cmd/; take a port instead`);
  });
  return problems;
}

const all: Import[] = [];
const problems: string[] = [];
for (const { name } of readdirSync(".", { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")))
  if (!(name in ROOMS) && !NO_ROOMS.has(name) && sourceFiles(name).length > 0) problems.push(`${name}/: a room that the table does not name`);
let files = 0;
for (const room of Object.keys(ROOMS)) {
  if (!existsSync(room)) continue;
  for (const path of sourceFiles(room).map((found) => relative(".", found))) {
    files += 1;
    const text = readFileSync(path, "utf8");
    const { internal, modules } = importsOf(path, text);
    all.push(...internal);
    problems.push(...ambientProblems(path, text, modules));
  }
}
problems.push(...arrowProblems(all), ...cycleProblems(all));
for (const problem of problems) console.error(problem);
console.log(`${files} files, ${all.length} imports, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
