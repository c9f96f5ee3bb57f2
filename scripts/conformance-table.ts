/**
 * Writes docs/conformance.md: what both control planes promise, promise by promise.
 *
 *     node --import tsx scripts/conformance-table.ts [--yes]
 *
 * The embedded control plane is always asked; a cluster is when KUBECONFIG names one (its context and server are printed
 * first, and one whose name says "prod" is refused without --yes). KUBECTLS names the kubectls, with commas between them.
 * Ends with 1 when a promise is not kept.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "prettier";
import { parse } from "yaml";
import { VERSION } from "../local/apiserver/documents/documents.ts";
import { ABSENT } from "../test/conformance/support/absent.ts";
import { openApi, textAt } from "../test/conformance/support/api.ts";
import { kubectls } from "../test/conformance/support/kubectl-programs.ts";

const TARGET = "docs/conformance.md";
const SUITE = "test/conformance/**/*.conformance.ts";

interface TestReport {
  readonly title: string;
  readonly fullTitle: string;
  readonly err: { readonly message?: string };
}

interface MochaReport {
  readonly passes: readonly TestReport[];
  readonly failures: readonly TestReport[];
  readonly pending: readonly TestReport[];
}

type Mark = "kept" | "broken" | "not run";
interface Outcome {
  readonly mark: Mark;
  readonly why?: string | undefined;
}

interface Plane {
  readonly name: string;
  readonly version: string;
  /** By `area|promise`. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** `conformance: kubectl @1.36 patches` → the area `kubectl`; a suite for each version counts as one. */
function areaOf({ title, fullTitle }: TestReport): string {
  const suite = fullTitle.slice(0, fullTitle.length - title.length).trim();
  return suite.replace(/^conformance: /, "").replace(/ @\S+$/, "");
}

const worse: Readonly<Record<Mark, number>> = { kept: 0, "not run": 1, broken: 2 };

function collected(report: MochaReport): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  const note = (tests: readonly TestReport[], mark: Mark) => {
    for (const test of tests) {
      const key = `${areaOf(test)}|${test.title}`;
      const held = outcomes.get(key);
      if (!held || worse[mark] > worse[held.mark]) outcomes.set(key, { mark, why: test.err.message });
    }
  };
  note(report.passes, "kept");
  note(report.pending, "not run");
  note(report.failures, "broken");
  return outcomes;
}

/** Runs the suite in a process of its own; KUBECONFIG decides against what. */
function runSuite(name: string, version: string, kubeconfig: string | undefined): Plane {
  const { KUBECONFIG: _mine, ...environment } = process.env;
  const directory = mkdtempSync(join(tmpdir(), "conformance-table-"));
  const output = join(directory, "report.json");
  const reporter = ["--reporter=json", `--reporter-option=output=${output}`];
  const args = ["--import=tsx", "node_modules/mocha/bin/mocha.js", "--import=tsx", "--timeout=10000", ...reporter, SUITE];
  const env = { ...environment, ...(kubeconfig ? { KUBECONFIG: kubeconfig } : {}) };
  spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], env });
  const outcomes = collected(JSON.parse(readFileSync(output, "utf8")) as MochaReport);
  rmSync(directory, { recursive: true, force: true });
  return { name, version, outcomes };
}

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { readonly cluster: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: { readonly server: string } }[];
}

async function realPlane(path: string): Promise<Plane> {
  const file = parse(readFileSync(path, "utf8")) as Kubeconfig;
  const name = file["current-context"] ?? "";
  const context = file.contexts?.find((one) => one.name === name)?.context;
  const server = file.clusters?.find((one) => one.name === context?.cluster)?.cluster.server ?? "";
  console.log(
    `cluster: context ${JSON.stringify(name)} at ${server}; the suite makes namespaces conf-… and definitions in conformance.flyteops.dev there, and removes them`,
  );
  if (/prod/i.test(`${name} ${context?.cluster ?? ""} ${server}`) && !process.argv.includes("--yes"))
    throw new Error(`the context ${JSON.stringify(name)} looks like production: say --yes if it is meant`);
  const api = openApi(path);
  const version = textAt((await api.get("/version")).body, "gitVersion");
  await api.close();
  return runSuite("cluster", version, path);
}

const SIGN: Readonly<Record<Mark, string>> = { kept: "✓", broken: "✗", "not run": "–" };
const byArea = (planes: readonly Plane[]): Map<string, Set<string>> => {
  const areas = new Map<string, Set<string>>();
  for (const key of planes.flatMap(({ outcomes }) => [...outcomes.keys()])) {
    const [area = "", promise = ""] = [key.slice(0, key.indexOf("|")), key.slice(key.indexOf("|") + 1)];
    areas.set(area, (areas.get(area) ?? new Set()).add(promise));
  }
  return new Map([...areas].sort(([left], [right]) => left.localeCompare(right)));
};

function counted(plane: Plane, area: string): string {
  const marks = [...plane.outcomes].filter(([key]) => area === "" || key.startsWith(`${area}|`)).map(([, { mark }]) => mark);
  const kept = marks.filter((mark) => mark === "kept").length;
  const notRun = marks.filter((mark) => mark === "not run").length;
  return `${kept}/${marks.length - notRun}${notRun > 0 ? ` (${notRun} not run)` : ""}`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
const head = (...cells: readonly string[]): string[] => [row(...cells), row(...cells.map(() => "---"))];

function areaTable(planes: readonly Plane[], area: string, promises: ReadonlySet<string>): string[] {
  const marks = (promise: string) => planes.map(({ outcomes }) => SIGN[outcomes.get(`${area}|${promise}`)?.mark ?? "not run"]);
  const lines = [...promises].map((promise) => row(promise, ...marks(promise)));
  return ["", `### ${area[0]?.toUpperCase() ?? ""}${area.slice(1)}`, "", ...head("promise", ...planes.map(({ name }) => name)), ...lines];
}

function troubles(planes: readonly Plane[]): string[] {
  const lines = planes.flatMap(({ name, outcomes }) =>
    [...outcomes]
      .filter(([, { mark }]) => mark !== "kept")
      .map(([key, { mark, why }]) => `- ${name}, ${key.replace("|", ": ")}: ${mark}${why ? ` (${why.split("\n")[0] ?? ""})` : ""}`),
  );
  const missing = planes.some(({ name }) => name === "cluster") ? [] : ["- cluster: no promise was run, because KUBECONFIG named none"];
  const found = [...lines, ...missing];
  return found.length > 0 ? found : ["Every promise was run on both."];
}

function page(planes: readonly Plane[]): string {
  const areas = byArea(planes);
  const absent = ABSENT.map(({ what, status }) => row(what, String(status)));
  return [
    "# Conformance",
    "",
    "What flyteops relies on in Kubernetes, and what a person does to its resources with `kubectl`, as promises that a real API server with its controller manager and",
    "the embedded control plane of `flyteops up` keep alike. Written by `node --import tsx scripts/conformance-table.ts`; ✓ kept, ✗ broken, – not asked there.",
    "",
    ...planes.map(({ name, version }) => `- ${name}: ${version}`),
    `- kubectl: ${kubectls.map(({ version }) => version).join(", ") || "none"}; a promise about kubectl counts as kept when each of them keeps it`,
    "",
    "## Counts",
    "",
    ...head("area", ...planes.map(({ name }) => name)),
    ...[...areas.keys()].map((area) => row(area, ...planes.map((plane) => counted(plane, area)))),
    row("all", ...planes.map((plane) => counted(plane, ""))),
    "",
    "## Not run or not kept",
    "",
    ...troubles(planes),
    "",
    "## Absent from the embedded control plane",
    "",
    "Each answers with the status named here and a sentence, never as if it were there; the suite asks for every one.",
    "",
    ...head("what", "answer"),
    ...absent,
    "",
    "## Promises",
    ...[...areas].flatMap(([area, promises]) => areaTable(planes, area, promises)),
    "",
  ].join("\n");
}

const given = process.env["KUBECONFIG"];
const planes = [runSuite("embedded", VERSION.gitVersion, undefined)];
if (given) planes.push(await realPlane(given));
writeFileSync(TARGET, await format(page(planes), { parser: "markdown", printWidth: 160 }));
for (const plane of planes) console.log(`${plane.name} ${plane.version}: ${counted(plane, "")} promises kept`);
process.exitCode = planes.some(({ outcomes }) => [...outcomes.values()].some(({ mark }) => mark === "broken")) ? 1 : 0;
