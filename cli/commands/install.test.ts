import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { seededRandom } from "../../base/index.ts";
import { installationNeeds } from "../../cmd/installation-needs.ts";
import type { Manifest } from "../../synth/index.ts";
import { virtualClock } from "../../test/support/virtual-clock.ts";
import type { Terminal } from "../context.ts";
import { runCli } from "../program.ts";
import { setOption } from "../set-option.ts";
import { registerInstall } from "./install.ts";

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function collecting(): Terminal & { text: string } {
  const terminal = {
    text: "",
    isTty: false,
    columns: 0,
    rows: 0,
    write(text: string): void {
      terminal.text += text;
    },
  };
  return terminal;
}

describe("flyteops install", () => {
  let cwd: string;
  beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "flyteops-install-"))));
  afterEach(() => rmSync(cwd, { recursive: true }));

  async function install(...argv: string[]): Promise<Said> {
    const [out, err] = [collecting(), collecting()];
    const deps = {
      clock: virtualClock(),
      random: seededRandom(1),
      out,
      err,
      env: { KUBECONFIG: join(cwd, "absent") },
      cwd,
      signal: new AbortController().signal,
      version: "1.2.3",
    };
    const code = await runCli(["install", ...argv], { ...deps, installationNeeds: async () => installationNeeds }, [registerInstall]);
    return { code, out: out.text, err: err.text };
  }
  const manifests = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  const config = (text: string): unknown => {
    const found = manifests(text).find(({ metadata }) => metadata.name === "flyteops-config")!;
    return parse((found["data"] as Record<string, string>)["config.yaml"]!);
  };

  it("prints everything in the order in which it is applied, and says that it looked at no cluster", async () => {
    const { code, out, err } = await install("--set", "config.storage.container=b");
    assert.equal(code, 0, err);
    const printed = manifests(out);
    assert.deepEqual([printed[0]?.kind, printed.at(-1)?.kind], ["Namespace", "PodDisruptionBudget"]);
    assert.match(err, /no cluster was looked at/);
  });

  it("takes values from files, the later over the earlier, and --set over all of them", async () => {
    writeFileSync(join(cwd, "a.yaml"), "config: {storage: {container: a, prefix: p}, logger: {level: debug}}\n");
    writeFileSync(join(cwd, "b.yaml"), "config: {storage: {container: b}}\n");
    const { out } = await install("--offline", "-f", "a.yaml", "-f", "b.yaml", "--set", "config.logger.level=error");
    const { storage, logger } = config(out) as { storage: object; logger: object };
    assert.deepEqual([{ ...storage, connection: undefined }, logger], [{ type: "s3", container: "b", prefix: "p", connection: undefined }, { level: "error" }]);
  });

  it("names every value that is wrong, and prints nothing", async () => {
    const { code, out, err } = await install("--offline", "--set", "config.logger.level=loud", "--set", "nope=1");
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /config\.logger\.level: /);
    assert.match(err, /nope: /);
  });

  it("says what to type when the bucket is missing", async () => {
    const { code, err } = await install("--offline");
    assert.equal(code, 2);
    assert.match(err, /config\.storage\.container: name the bucket/);
    assert.match(err, /flyteops install --set config\.storage\.container=…/);
  });

  it("refuses another namespace, an unknown flavour, and values that are no map", async () => {
    writeFileSync(join(cwd, "list.yaml"), "- a\n");
    for (const [argv, words] of [
      [["-n", "elsewhere"], /flyteops lives in flyteops-system/],
      [["--flavour", "huge"], /one of single, core/],
      [["-o", "xml"], /one of yaml, json, name/],
      [["-f", "list.yaml"], /not a map of values/],
      [["-f", "none.yaml"], /--values none\.yaml: ENOENT/],
      [["--set", "config"], /write key=value/],
    ] as const) {
      const { code, out, err } = await install("--offline", ...argv);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, words);
    }
  });

  it("quotes what kubectl would take for something else than text", async () => {
    const { out } = await install("--offline", "--set", "config.storage.container=b", "--set", "controller.podLabels.team=yes");
    assert.match(out, /team: "yes"/);
  });

  it("prints names and one JSON document too", async () => {
    const set = ["--offline", "--set", "config.storage.container=b"];
    assert.match((await install(...set, "-o", "name")).out, /^Namespace\/flyteops-system\nCustomResourceDefinition\//);
    assert.equal((JSON.parse((await install(...set, "-o", "json")).out) as { kind: string }).kind, "List");
  });
});

describe("--set", () => {
  const CASES: Readonly<Record<string, unknown>> = {
    "a.b=1": { a: { b: 1 } },
    "a=true": { a: true },
    "a=null": { a: null },
    "a=1.10": { a: "1.10" },
    "a=007": { a: "007" },
    "a={x,2}": { a: ["x", 2] },
    "a={}": { a: [] },
    "a=b=c": { a: "b=c" },
    "a.iam\\.gke\\.io/x=y": { a: { "iam.gke.io/x": "y" } },
    "a=": { a: "" },
  };
  for (const [typed, meant] of Object.entries(CASES)) it(`reads ${typed} as Helm does`, () => assert.deepEqual(setOption(typed), meant));
  for (const typed of ["=1", "a", "a..b=1", ".a=1"]) it(`refuses ${typed}`, () => assert.throws(() => setOption(typed), /write key=value/));
});
