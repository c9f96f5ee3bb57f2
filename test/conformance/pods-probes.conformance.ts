import assert from "node:assert/strict";
import { at, textAt } from "./support/api.ts";
import { eventually, useNode } from "./support/cluster.ts";
import { conditionIn, containerOf, PATIENT, podsIn, script, shell, somePort } from "./support/pods.ts";

const HTTP = (port: number, more = "") => `require("http").createServer((q, s) => { ${more} s.end("ok"); }).listen(${port})`;
/** A server of the gRPC health protocol that says SERVING. */
const GRPC = (port: number) => `
const { createServer } = require("http2");
createServer().on("stream", (s) => {
  s.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  s.on("wantTrailers", () => s.sendTrailers({ "grpc-status": "0" }));
  s.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
}).listen(${port});`;
const QUICK = { periodSeconds: 1, failureThreshold: 1 };

describe("conformance: probes", function () {
  this.timeout(90_000);
  const pods = podsIn(useNode());

  for (const [kind, server, action] of [
    ["http", (port: number) => HTTP(port), (port: number) => ({ httpGet: { path: "/", port } })],
    ["tcp", (port: number) => HTTP(port), (port: number) => ({ tcpSocket: { port } })],
    ["grpc", GRPC, (port: number) => ({ grpc: { port } })],
  ] as const) {
    it(`calls a container ready once its ${kind} probe passes`, async () => {
      const port = somePort();
      await pods.create(`ready-${kind}`, {
        containers: [script(`setTimeout(() => { ${server(port)} }, 300)`, { readinessProbe: { ...action(port), periodSeconds: 1 } })],
      });
      const begun = await pods.when(`ready-${kind}`, "runs", (pod) => at(containerOf(pod), "state.running") !== undefined);
      assert.equal(at(containerOf(begun), "ready"), false);
      assert.equal(at(containerOf(await pods.ready(`ready-${kind}`)), "ready"), true);
    });
  }

  it("takes readiness away when an exec probe fails, and says why", async () => {
    const readinessProbe = { exec: { command: ["/bin/sh", "-c", "echo not today; exit 1"] }, ...QUICK };
    await pods.create("unready", { containers: [shell(PATIENT, { readinessProbe })] });
    await eventually("an Event Unhealthy", async () => (await pods.reasons("unready")).includes("Unhealthy"));
    const pod = await pods.get("unready");
    assert.deepEqual([textAt(conditionIn(pod, "Ready"), "status"), textAt(conditionIn(pod, "Ready"), "reason")], ["False", "ContainersNotReady"]);
  });

  it("restarts a container whose liveness probe fails, after its startup probe has passed", async () => {
    const port = somePort();
    const startupProbe = { tcpSocket: { port }, periodSeconds: 1, failureThreshold: 30 };
    const livenessProbe = { httpGet: { path: "/", port }, ...QUICK };
    const server = HTTP(port, "s.statusCode = 500;");
    await pods.create("unhealthy", { restartPolicy: "Always", containers: [script(server, { startupProbe, livenessProbe })] });
    const pod = await pods.when("unhealthy", "was restarted", (now) => Number(at(containerOf(now), "restartCount")) > 0);
    assert.notEqual(at(containerOf(pod), "lastState.terminated"), undefined);
    const reasons = await pods.reasons("unhealthy");
    assert.ok(reasons.includes("Unhealthy") && reasons.includes("Killing"), reasons.join());
  });
});
