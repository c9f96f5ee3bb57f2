import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Kinds } from "../../kube/index.ts";
import { realClock, sh, startWorld } from "./fixtures/world.ts";
import { testApi } from "./fixtures/test-api.ts";
import { killLeftovers, readOrNothing, startTime } from "./process-reaper.ts";
import { sandboxCapability } from "./sandbox-capability.ts";

const survivors = (marker: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && readOrNothing(`/proc/${name}/cmdline`) === `sleep\0${marker}\0`)
    .map(Number);

/** Resolves once so many processes carry the marker; fails after five seconds. */
async function untilSurvivors(marker: string, count: number): Promise<void> {
  const deadline = Date.now() + 5_000;
  for (let now = survivors(marker).length; now !== count; now = survivors(marker).length) {
    assert.ok(Date.now() < deadline, `${now} processes instead of ${count}`);
    await new Promise((resolve) => realClock.after(10, () => resolve(undefined)));
  }
}

function doomed(stateDir: string, marker: string, mode: string): Promise<ChildProcess> {
  // Compiled or not, the program beside this one.
  const compiled = import.meta.url.endsWith(".js");
  const program = fileURLToPath(new URL(compiled ? "./fixtures/doomed.js" : "./fixtures/doomed.ts", import.meta.url));
  const child = spawn(process.execPath, [...(compiled ? [] : ["--import", "tsx"]), program, stateDir, marker, mode], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => chunk.toString().includes("running") && resolve(child));
    child.on("exit", (code) => reject(new Error(`ended with ${code}`)));
  });
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.on("exit", resolve));

describe("the end of a node", function () {
  this.timeout(15_000);
  let stateDir: string;
  const children: ChildProcess[] = [];

  before(function () {
    if (process.platform !== "linux") this.skip();
  });
  beforeEach(() => {
    stateDir = realpathSync(mkdtempSync(join(tmpdir(), "kubelet-test-")));
  });
  afterEach(() => void children.splice(0).map((child) => child.kill("SIGKILL")));
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  for (const mode of ["namespaces", "plain"]) {
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      it(`leaves no process behind after ${signal} (${mode})`, async function () {
        if (mode === "namespaces" && (await sandboxCapability(process.env["PATH"] ?? "")).kind === "plain") return this.skip();
        const marker = `${90_000 + Math.floor(process.pid % 9_000)}.${mode === "plain" ? 1 : 2}${signal === "SIGKILL" ? 9 : 15}`;
        const child = await doomed(stateDir, marker, mode);
        children.push(child);
        await untilSurvivors(marker, mode === "plain" ? 2 : 5);
        const end = ended(child);
        child.kill(signal);
        await end;
        await untilSurvivors(marker, 0);
      });
    }
  }

  it("kills at the next start what outlived even the watchdog, and spares a stranger with its pid", async () => {
    const left = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    const stranger = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    writeFileSync(join(stateDir, String(left.pid)), startTime(left.pid ?? 0) ?? "");
    writeFileSync(join(stateDir, String(stranger.pid)), "12345");
    const gone = ended(left);
    assert.equal(killLeftovers(stateDir), 1);
    await gone;
    assert.equal(stranger.exitCode, null);
    const end = ended(stranger);
    stranger.kill("SIGKILL");
    await end;
  });

  it("reports pods that ran as disrupted, starts those that had not, and keeps logs", async () => {
    const capability = await sandboxCapability(process.env["PATH"] ?? "");
    const api = await testApi(realClock);
    const first = await startWorld({ capability, stateDir, api });
    await first.pod("ran", { containers: [sh("echo before; sleep 1000")] });
    await first.pod("always", { restartPolicy: "Always", containers: [sh("trap 'exit 0' TERM; echo started; while :; do sleep 0.05; done")] });
    await first.pod("done", { containers: [sh("echo result")] });
    await first.finished("done");
    await first.pod("pending", { containers: [sh("echo $KEY", { env: [{ name: "KEY", valueFrom: { secretKeyRef: { name: "later", key: "k" } } }] })] });
    await first.when("ran", ({ status }) => status?.phase === "Running");
    await first.when("always", ({ status }) => status?.phase === "Running");
    await first.when("pending", ({ status }) => JSON.stringify(status).includes("CreateContainerConfigError"));
    await first.close(true);
    await api.client.create(Kinds.Secret, { apiVersion: "v1", kind: "Secret", metadata: { name: "later", namespace: "default" }, data: { k: "eA==" } });

    const second = await startWorld({ capability, stateDir, api });
    const lost = await second.finished("ran");
    assert.deepEqual([lost.phase, lost.reason, lost.message], ["Failed", "NodeShutdown", "the node was restarted"]);
    const disruption = lost.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual([disruption?.status, disruption?.reason], ["True", "TerminationByKubelet"]);
    assert.equal(await second.log("ran", "main"), "before\n");
    assert.equal((await second.finished("pending")).phase, "Succeeded");
    assert.equal(await second.log("done", "main"), "result\n");
    const again = await second.when("always", ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1 && status.phase === "Running");
    assert.equal(again.status?.containerStatuses?.[0]?.ready, true);
    await second.close();
  });
});
