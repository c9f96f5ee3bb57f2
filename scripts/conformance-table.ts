/**
 * Writes docs/conformance.md: what both control planes promise, promise by promise.
 *
 *     node --import tsx scripts/conformance-table.ts [node|api] [--yes]
 *
 * The embedded control plane is always asked. With a tier, that real cluster is brought up, asked and taken down (test/cluster);
 * otherwise the cluster of KUBECONFIG is asked if there is one (its context and server are printed first, and one whose name says
 * "prod" is refused without --yes). KUBECTLS names the kubectls, with commas between them; without it these are the oldest, the newest
 * and the first two that speak WebSocket of those that lie around as kubectl.1.NN, and that of the built cluster.
 * Ends with 1 when a promise is not kept.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "prettier";
import { parse } from "yaml";
import { VERSION } from "../local/apiserver/documents/documents.ts";
import { ABSENT } from "../test/conformance/support/absent.ts";
import { openApi, textAt } from "../test/conformance/support/api.ts";
import type { Outcome } from "../test/conformance/support/cluster.ts";
import type { Program } from "../test/conformance/support/kubectl-programs.ts";
import { families, type Family, versionOf } from "../test/cluster/programs/families.ts";
import { tableKubectls } from "./conformance-kubectls.ts";

const TARGET = "docs/conformance.md";
const SUITE = "test/conformance/**/*.conformance.ts";

const [KUBERNETES] = families as readonly [Family];
const kubectls: readonly Program[] = tableKubectls();
const KUBECTLS = kubectls.map(({ path }) => path).join(",");

type Mark = Outcome["mark"];

interface Plane {
  readonly name: string;
  readonly version: string;
  /** By `area|promise`. */
  readonly outcomes: ReadonlyMap<string, Pick<Outcome, "mark" | "why">>;
}

/** `conformance: kubectl @1.36 patches` → the area `kubectl`; a suite for each version counts as one. */
function areaOf({ title, fullTitle }: Pick<Outcome, "title" | "fullTitle">): string {
  const suite = fullTitle.slice(0, fullTitle.length - title.length).trim();
  return suite.replace(/^conformance: /, "").replace(/ @\S+$/, "");
}

const worse: Readonly<Record<Mark, number>> = { kept: 0, "not run": 1, broken: 2 };

function collected(found: readonly Outcome[]): Plane["outcomes"] {
  const outcomes = new Map<string, Pick<Outcome, "mark" | "why">>();
  for (const { mark, why, ...test } of found) {
    const key = `${areaOf(test)}|${test.title}`;
    const held = outcomes.get(key);
    if (!held || worse[mark] > worse[held.mark]) outcomes.set(key, { mark, why });
  }
  return outcomes;
}

/** Runs the suite by a program that does so, and reads how each promise ended. Throws when none did. */
function resultsOf(name: string, version: string, args: readonly string[], more: NodeJS.ProcessEnv): Plane {
  const { KUBECONFIG: _mine, ...environment } = process.env;
  const directory = mkdtempSync(join(tmpdir(), "conformance-table-"));
  const results = join(directory, "results.json");
  const env = { ...environment, ...more, KUBECTLS, CONFORMANCE_RESULTS: results };
  spawnSync(process.execPath, ["--import=tsx", ...args], { stdio: ["ignore", "inherit", "inherit"], env });
  if (!existsSync(results)) throw new Error(`the suite did not run on ${name}`);
  const outcomes = collected(JSON.parse(readFileSync(results, "utf8")) as Outcome[]);
  rmSync(directory, { recursive: true, force: true });
  return { name, version, outcomes };
}

/** Runs the suite in a process of its own; KUBECONFIG decides against what. */
function runSuite(name: string, version: string, kubeconfig: string | undefined): Plane {
  const args = ["node_modules/mocha/bin/mocha.js", "--import=tsx", "--timeout=10000", "--reporter=dot", SUITE];
  return resultsOf(name, version, args, kubeconfig ? { KUBECONFIG: kubeconfig } : {});
}

/** Brings a real cluster up for the suite. */
function tierPlane(tier: string): Plane {
  const parts = `etcd, API server, controller manager, scheduler${tier === "node" ? ", kubelet, containerd" : ""}`;
  return resultsOf("cluster", `${versionOf(KUBERNETES)} (${parts})`, ["test/cluster/main.ts", tier, "--only=conformance"], {});
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
  const asked = new Set(planes.flatMap(({ outcomes }) => [...outcomes.keys()]));
  const apart = planes
    .map(({ name, outcomes }) => ({ name, count: asked.size - outcomes.size }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `; ${count} of them are not asked of ${name}, because they are about what only the other lacks`);
  return found.length > 0 ? found : [`Every promise was kept${apart.join("")}.`];
}

function page(planes: readonly Plane[]): string {
  const areas = byArea(planes);
  const absent = ABSENT.map(({ what, status }) => row(what, String(status)));
  return [
    "# Conformance",
    "",
    "What flyteops relies on in Kubernetes, and what a person does to its resources with `kubectl`, as promises that a real API server with its controller manager and",
    "the embedded control plane of `flyteops up` keep alike. Written by `node --import tsx scripts/conformance-table.ts node`; ✓ kept, ✗ broken, – not asked there.",
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

const tier = process.argv.slice(2).find((word) => word === "node" || word === "api");
const given = process.env["KUBECONFIG"];
const planes = [runSuite("embedded", VERSION.gitVersion, undefined)];
if (tier) planes.push(tierPlane(tier));
else if (given) planes.push(await realPlane(given));
writeFileSync(TARGET, await format(page(planes), { parser: "markdown", printWidth: 160 }));
for (const plane of planes) console.log(`${plane.name} ${plane.version}: ${counted(plane, "")} promises kept`);
process.exitCode = planes.some(({ outcomes }) => [...outcomes.values()].some(({ mark }) => mark === "broken")) ? 1 : 0;
