import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../base/index.ts";
import { memoryStore } from "../../blobs/index.ts";
import { type CliDeps, commands, downloadOutputs, runCli } from "../../cli/index.ts";
import { down } from "../../cmd/down.ts";
import { holderOf, takeStateDirectory } from "../../cmd/state-directory.ts";
import { systemClock } from "../../cmd/system.ts";
import { blobLiteral, listLiteral, mapLiteral, stringLiteral } from "../../values/index.ts";

function depsIn(cwd: string): { deps: CliDeps; said: { out: string; err: string } } {
  const said = { out: "", err: "" };
  const terminal = (stream: "out" | "err") => ({ write: (text: string) => void (said[stream] += text), isTty: false, columns: 0, rows: 0 });
  const { KUBECONFIG: _, ...env } = process.env;
  const signal = new AbortController().signal;
  return { deps: { clock: systemClock, random: seededRandom(1), out: terminal("out"), err: terminal("err"), env, cwd, signal, version: "0" }, said };
}

describe("the command line in a hostile place", function () {
  this.timeout(10_000);
  let place: string;
  beforeEach(() => (place = realpathSync(mkdtempSync(join(tmpdir(), "flyteops-hostile-")))));
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  const state = (files: Record<string, string>): string => {
    const directory = join(place, ".flyteops");
    mkdirSync(directory, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    return directory;
  };

  for (const holder of ['{"pid":-1}', '{"pid":-1,"startedAt":""}', '{"pid":0}', '{"pid":1}', '{"pid":99999999}', '{"pid":"1"}', "[]", "null", "7"]) {
    it(`signals nobody because of a pid file that says ${holder}`, () => assert.equal(holderOf(state({ "flyteops.pid": holder })), undefined));
  }

  it("deletes no directory that holds anything else than its state", async () => {
    const directory = state({ kubeconfig: "", "thesis.tex": "years of work" });
    await assert.rejects(down(depsIn(place).deps, { state: directory, purge: true }), /thesis\.tex.*nothing was deleted/);
    assert.ok(existsSync(join(directory, "thesis.tex")));
  });

  it("makes no database in a directory that holds something else", () => {
    assert.throws(() => takeStateDirectory(state({ "thesis.tex": "" })), /holds thesis\.tex/);
  });

  it("closes a directory of its own to everybody else", () => {
    const directory = state({});
    takeStateDirectory(directory).release();
    assert.equal(statSync(directory).mode & 0o777, 0o700);
  });

  it("does not go on with a state that came with a repository", () => {
    const directory = state({ port: "1" });
    execFileSync("git", ["init", "-q", place]);
    takeStateDirectory(directory).release();
    execFileSync("git", ["-C", place, "add", "-f", ".flyteops/port"]);
    assert.throws(() => takeStateDirectory(directory), /is part of a git repository/);
  });

  const kubeconfigs: Record<string, string> = {
    "runs a program": "{exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [PLACE/ran]}}",
    "reads a file": "{tokenFile: /etc/hostname}",
    "uses a plugin": "{auth-provider: {name: gcp, config: {cmd-path: touch, cmd-args: PLACE/ran}}}",
  };
  const kubeconfig = (user: string, server = "https://127.0.0.1:1") =>
    `{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: "${server}"}}], users: [{name: u, user: ${user}}]}`;

  for (const [what, user] of Object.entries(kubeconfigs)) {
    it(`uses no kubeconfig it merely found that ${what}`, async () => {
      state({ kubeconfig: kubeconfig(user.replaceAll("PLACE", place)) });
      const { deps, said } = depsIn(place);
      assert.notEqual(await runCli(["get", "runs"], deps, commands), 0);
      assert.match(said.err, /was not written by flyteops up/);
      assert.equal(existsSync(join(place, "ran")), false);
    });
  }

  it("sends no token to another machine because of a kubeconfig it merely found", async () => {
    state({ kubeconfig: kubeconfig("{token: t}", "https://example.com:443") });
    const { deps, said } = depsIn(place);
    assert.notEqual(await runCli(["get", "runs"], deps, commands), 0);
    assert.match(said.err, /was not written by flyteops up/);
  });

  it("uses the kubeconfig that flyteops up wrote", async () => {
    state({ kubeconfig: kubeconfig("{token: t}") });
    const { deps, said } = depsIn(place);
    assert.notEqual(await runCli(["get", "runs"], deps, commands), 0);
    assert.match(said.err, /did not answer/);
  });

  it("writes downloads below the directory it was given, whatever their names and whatever lies there", async () => {
    const store = memoryStore();
    await store.write("x/data", "content");
    await store.write("tree/a/b", "leaf");
    const target = join(place, "out");
    const outputs = new Map([
      ["report", blobLiteral({ kind: "file" }, store.uri("x/data"))],
      ["by-name", mapLiteral(["../up", "__proto__", "/etc/x", ".."].map((key) => [key, stringLiteral(key)]))],
      ["all", listLiteral([stringLiteral("5")])],
      ["tree", blobLiteral({ kind: "directory" }, store.uri("tree"))],
    ]);
    for (const path of await downloadOutputs(store, outputs, target)) assert.ok(path.startsWith(`${target}/`), path);
    assert.equal(existsSync(join(place, "up")), false);
    writeFileSync(join(place, "victim"), "mine");
    rmSync(join(target, "report"));
    symlinkSync(join(place, "victim"), join(target, "report"));
    await assert.rejects(downloadOutputs(store, outputs, target), /in the way/);
    assert.equal(readFileSync(join(place, "victim"), "utf8"), "mine");
    rmSync(target, { recursive: true });
    mkdirSync(target);
    symlinkSync(place, join(target, "tree"));
    await assert.rejects(downloadOutputs(store, outputs, target), /in the way/);
    assert.equal(existsSync(join(place, "a")), false);
    for (const name of ["..", "../x", "/etc/x", "", "a\0b"])
      await assert.rejects(downloadOutputs(store, new Map([[name, stringLiteral("x")]]), target), /no name/, name);
  });
});
