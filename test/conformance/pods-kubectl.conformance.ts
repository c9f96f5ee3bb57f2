import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { at } from "./support/api.ts";
import { eventually, useNode } from "./support/cluster.ts";
import { describeKubectl, SCRIPT } from "./support/kubectl.ts";
import { containerOf, PATIENT, podsIn, script, shell, somePort } from "./support/pods.ts";

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z \w+$/;

describeKubectl(
  "kubectl on pods that run",
  (kubectl) => {
    const { cluster, done, run, start, minor } = kubectl;
    const pods = podsIn(cluster);
    const port = somePort();

    before(async () => {
      await pods.create("web", {
        containers: [
          script(`require("http").createServer((q, s) => { console.log("asked " + q.url); s.end("answer " + q.url); }).listen(${port}, "127.0.0.1")`, {
            env: [{ name: "WHO", value: "me" }],
          }),
          shell(`echo first; echo second; echo third; ${PATIENT}`, { name: "side" }),
        ],
      });
      // The second life goes on, so that nothing removes what the first one wrote.
      const lives = `if test -e /conformance/lived; then echo second life; ${PATIENT}; fi; touch /conformance/lived; echo one life; exit 1`;
      await pods.create("failing", {
        restartPolicy: "OnFailure",
        volumes: [{ name: "v", emptyDir: {} }],
        containers: [shell(lives, { volumeMounts: [{ name: "v", mountPath: "/conformance" }] })],
      });
      await pods.ready("web");
    });

    it("shows logs of a container, the last of them, with times, since when, and of the instance before", async () => {
      assert.equal(await done(["logs", "web", "-c", "side"]), "first\nsecond\nthird\n");
      assert.equal(await done(["logs", "web", "-c", "side", "--tail", "1"]), "third\n");
      assert.equal(await done(["logs", "web", "-c", "side", "--since", "1h"]), "first\nsecond\nthird\n");
      for (const line of (await done(["logs", "web", "-c", "side", "--timestamps"])).trim().split("\n")) assert.match(line, STAMP);
      await pods.when(
        "failing",
        "runs again",
        (pod) => Number(at(containerOf(pod), "restartCount")) === 1 && at(containerOf(pod), "state.running") !== undefined,
      );
      assert.equal(await done(["logs", "failing", "-p"]), "one life\n");
      await eventually("the second life has begun", async () => (await done(["logs", "failing"])) === "second life\n");
      const { code, err } = await run(["logs", "web", "-c", "nobody"]);
      assert.equal(code, 1);
      assert.match(err, /container nobody is not valid for pod web/);
    });

    it("follows a log as it is written, to the end of the container", async () => {
      await pods.create("talks", { containers: [shell("for i in 1 2 3; do echo $i; sleep 0.1; done")] });
      await pods.when("talks", "has begun", (pod) => /"running"|"terminated"/.test(JSON.stringify(pod)));
      assert.equal(await done(["logs", "-f", "talks"]), "1\n2\n3\n");
    });

    it("says how a container can be attached to that is not there", async () => {
      const { code, err } = await run(["attach", "web", "-c", "nobody"]);
      assert.deepEqual([code, /container.* nobody/.test(err)], [1, true], err);
      assert.equal((await run(["attach", "nopod"])).code, 1);
    });

    if (!process.env["KUBECONFIG"] && minor < 31)
      it("tells a kubectl that speaks only SPDY which one to take", async () => {
        const forward = await run(["port-forward", "pod/web", `:${port}`]);
        assert.deepEqual([forward.code, /portforward is offered over WebSocket only: kubectl 1\.31 and newer/.test(forward.err)], [1, true], forward.err);
        if (minor >= 30) return;
        const command = await run(["exec", "web", "-c", "main", "--", "true"]);
        assert.deepEqual([command.code, /exec is offered over WebSocket only: kubectl 1\.30 and newer/.test(command.err)], [1, true], command.err);
      });

    if (minor < 30) return;

    it("runs a command in a container: its streams, its environment, its exit code", async () => {
      const { code, out, err } = await run(["exec", "web", "-c", "main", "--", "sh", "-c", 'echo "out $WHO"; echo err >&2; exit 7']);
      assert.equal(code, 7);
      assert.equal(out, "out me\n");
      assert.match(err, /^err\n/);
      assert.equal(await done(["exec", "-i", "web", "-c", "main", "--", "cat"], "through and through"), "through and through");
      const large = "x".repeat(300_000);
      assert.equal((await done(["exec", "-i", "web", "-c", "main", "--", "sh", "-c", "cat"], large)).length, large.length);
    });

    it("refuses a command in a container that is not there", async () => {
      const { code, err } = await run(["exec", "web", "-c", "nobody", "--", "true"]);
      assert.equal(code, 1);
      assert.match(err, /container nobody (is )?not (valid|found)/);
      assert.equal((await run(["exec", "nopod", "--", "true"])).code, 1);
    });

    it("refuses a command in a pod that has ended", async () => {
      await pods.create("over", { containers: [shell("true")] });
      await pods.finished("over");
      const { code, err } = await run(["exec", "over", "--", "true"]);
      assert.deepEqual([code, /cannot exec into a container in a completed pod; current phase is Succeeded/.test(err)], [1, true], err);
    });

    it("gives a command a terminal, whose keys reach it", async function () {
      if (!existsSync(SCRIPT)) this.skip();
      const { code, out } = await kubectl.inTerminal(
        ["exec", "-it", "web", "-c", "main", "--", "sh"],
        "test -t 0 && test -t 1 && echo is-a-$((1))-terminal\nexit 3\n",
      );
      assert.match(out, /is-a-1-terminal/);
      assert.equal(code, 3);
      const interrupted = await kubectl.inTerminal(["exec", "-it", "web", "-c", "main", "--", "sh", "-c", "echo ready; sleep 60"], "\u0003", "ready");
      assert.equal(interrupted.code, 130);
    });

    it("attaches to what a container says from now on", async () => {
      await pods.create("speaks", { containers: [shell("trap 'exit 0' TERM; while :; do echo word; sleep 0.1; done")] });
      await pods.ready("speaks");
      const attached = start(["attach", "speaks"]);
      try {
        let said = "";
        attached.stdout?.on("data", (part: Buffer) => (said += part.toString()));
        while (!said.includes("word\nword\n")) await once(attached.stdout ?? attached, "data");
      } finally {
        attached.kill();
      }
    });

    if (minor < 31) return;

    it("forwards a port of this machine to the pod", async () => {
      const forward = start(["port-forward", "pod/web", `:${port}`]);
      try {
        let said = "";
        forward.stdout?.on("data", (part: Buffer) => (said += part.toString()));
        while (!/127\.0\.0\.1:(\d+)/.test(said)) await once(forward.stdout ?? forward, "data");
        const local = Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
        const ask = (path: string) =>
          new Promise<string>((resolve, reject) => {
            const asked = request({ host: "127.0.0.1", port: local, path, agent: false }, (response) => {
              let text = "";
              response.on("data", (part: Buffer) => (text += part.toString()));
              response.on("end", () => resolve(text));
            });
            asked.on("error", reject);
            asked.end();
          });
        assert.deepEqual(await Promise.all(["/one", "/two", "/three"].map(ask)), ["answer /one", "answer /two", "answer /three"]);
      } finally {
        forward.kill();
      }
    });
  },
  useNode,
);
