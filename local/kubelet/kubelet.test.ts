import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Kinds } from "../../kube/index.ts";
import { fastClock, sh, startWorld, type World } from "./fixtures/world.ts";
import type { PodStatus } from "./pod-shapes.ts";
import { sandboxCapability } from "./sandbox-capability.ts";

const ended = (status: PodStatus, name = "main") => {
  const found = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find((each) => each.name === name);
  return found && "terminated" in found.state ? found.state.terminated : undefined;
};

for (const mode of ["namespaces", "plain"] as const) {
  describe(`kubelet (${mode})`, function () {
    this.timeout(10_000);
    let world: World;

    before(async function () {
      const capability = mode === "plain" ? ({ kind: "plain", reason: "asked for" } as const) : await sandboxCapability(process.env["PATH"] ?? "");
      if (capability.kind !== mode) return this.skip();
      world = await startWorld({ capability, clock: fastClock(5) });
    });
    after(() => world?.close());

    it("runs a container to its end and reports what the real kubelet reports", async () => {
      await world.pod("hello", { containers: [sh("echo hello; echo oops >&2")] });
      const status = await world.finished("hello");
      assert.equal(status.phase, "Succeeded");
      assert.equal(ended(status)?.exitCode, 0);
      assert.equal(ended(status)?.reason, "Completed");
      assert.equal(status.podIP, "127.0.0.1");
      assert.deepEqual(
        status.conditions?.map(({ type, status, reason }) => [type, status, reason]),
        [
          ["PodReadyToStartContainers", "False", undefined],
          ["Initialized", "True", "PodCompleted"],
          ["Ready", "False", "PodCompleted"],
          ["ContainersReady", "False", "PodCompleted"],
          ["PodScheduled", "True", undefined],
        ],
      );
      assert.deepEqual((await world.log("hello", "main")).split("\n").sort(), ["", "hello", "oops"]);
    });

    it("reports the exit code of a script that fails, and 128 + the signal of one that is killed", async () => {
      await world.pod("seven", { containers: [sh("exit 7")] });
      await world.pod("killed", { containers: [sh("sh -c 'kill -KILL $$$$'; exit $?")] });
      assert.deepEqual([ended(await world.finished("seven"))?.exitCode, ended(await world.finished("seven"))?.reason], [7, "Error"]);
      assert.equal(ended(await world.finished("killed"))?.exitCode, 137);
    });

    it("shares volumes at the declared paths, init containers first and one after the other", async () => {
      const volumes = [{ name: "data", emptyDir: {} }];
      const env = [{ name: "DATA", value: "/no/such/place" }];
      const volumeMounts = [{ name: "data", mountPath: "/no/such/place" }];
      const readOnly = [{ name: "data", mountPath: "/no/such/place", readOnly: true }];
      await world.pod("volumes", {
        volumes,
        initContainers: [sh('echo one >"$DATA/x"', { name: "first", volumeMounts, env }), sh('echo two >>"$DATA/x"', { name: "second", volumeMounts, env })],
        containers: [sh('cat "$DATA/x"; pwd; ls -A | wc -l', { volumeMounts: readOnly, env })],
      });
      const status = await world.finished("volumes");
      assert.equal(status.phase, "Succeeded", JSON.stringify(status));
      assert.match(await world.log("volumes", "main"), /^one\ntwo\n.*work\n\s*0\n$/);
      assert.equal(existsSync("/no/such/place"), false);
    });

    it("ends native sidecars with SIGTERM after the main container, the last started first", async () => {
      const side = (name: string, last = `echo ${name} >>"$DATA/order"`) =>
        sh(`trap '${last}; exit 0' TERM; while :; do sleep 0.02; done`, {
          name,
          restartPolicy: "Always",
          env: [{ name: "DATA", value: "/var/flyteops-test" }],
          volumeMounts: [{ name: "data", mountPath: "/var/flyteops-test" }],
        });
      await world.pod("sidecars", {
        volumes: [{ name: "data", emptyDir: {} }],
        initContainers: [side("zero", 'sleep 0.1; cat "$DATA/order"'), side("one"), side("two")],
        containers: [sh("sleep 0.3; exit 3")],
      });
      const status = await world.finished("sidecars");
      assert.equal(status.phase, "Failed");
      assert.equal(ended(status)?.exitCode, 3);
      assert.equal(ended(status, "one")?.exitCode, 0);
      assert.equal(await world.log("sidecars", "zero"), "two\none\n");
    });

    it("loses no output of programs that end while this program is busy", async () => {
      const names = Array.from({ length: 8 }, (_, index) => `busy-${index}`);
      await Promise.all(names.map((name) => world.pod(name, { containers: [sh("seq 20000")] })));
      await Promise.all(names.map((name) => world.when(name, ({ status }) => status?.phase !== "Pending")));
      for (const until = Date.now() + 400; Date.now() < until;);
      await Promise.all(names.map((name) => world.finished(name)));
      for (const name of names) assert.ok((await world.log(name, "main")).endsWith("\n19999\n20000\n"), name);
    });

    it("gives a container only the environment it declares", async () => {
      await world.api.client.create(Kinds.Secret, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "s", namespace: "default" },
        data: { key: Buffer.from("hush").toString("base64") },
      });
      await world.api.client.create(Kinds.ConfigMap, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "c", namespace: "default" },
        data: { A: "a", B: "b" },
      });
      process.env["FLYTEOPS_TEST_LEAK"] = "1";
      await world.pod("env", {
        containers: [
          sh("env", {
            command: ["env"],
            args: ["ARG=arg-$(A) $$(A)", "env"],
            envFrom: [{ configMapRef: { name: "c" }, prefix: "C_" }],
            env: [
              { name: "A", value: "x" },
              { name: "CHAIN", value: "$(A)-$(B)-$$(A)" },
              { name: "SECRET", valueFrom: { secretKeyRef: { name: "s", key: "key" } } },
              { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
              { name: "odd.name", value: "kept" },
              { name: "OPTIONAL", valueFrom: { secretKeyRef: { name: "absent", key: "x", optional: true } } },
            ],
          }),
        ],
      });
      assert.equal((await world.finished("env")).phase, "Succeeded");
      const lines = (await world.log("env", "main")).split("\n");
      for (const expected of [
        "A=x",
        "C_A=a",
        "C_B=b",
        "CHAIN=x-$(B)-$(A)",
        "SECRET=hush",
        "NODE=flyteops",
        "HOSTNAME=env",
        "odd.name=kept",
        "ARG=arg-x $(A)",
      ]) {
        assert.ok(lines.includes(expected), `${expected} in\n${lines.join("\n")}`);
      }
      assert.ok(!lines.some((line) => /^(FLYTEOPS_TEST_LEAK|OPTIONAL|PWD|OLDPWD)=/.test(line)));
    });

    it("deletes a running pod: SIGTERM, then the object is gone and so is its process", async () => {
      await world.pod("deleted", { containers: [sh("trap 'echo bye; exit 0' TERM; echo $$; while :; do sleep 0.02; done")] });
      await world.when("deleted", ({ status }) => status?.phase === "Running");
      await world.api.client.delete(Kinds.Pod, { namespace: "default", name: "deleted" });
      await world.api.until(Kinds.Pod, "deleted", (object) => object === undefined);
    });

    it("kills a program that does not end within its grace period", async () => {
      await world.pod(
        "stubborn",
        { terminationGracePeriodSeconds: 1, containers: [sh("trap '' TERM; while :; do sleep 0.05; done")] },
        { finalizers: ["example.com/keep"] },
      );
      await world.when("stubborn", ({ status }) => status?.phase === "Running");
      await world.api.client.delete(Kinds.Pod, { namespace: "default", name: "stubborn" });
      const status = await world.finished("stubborn");
      assert.deepEqual([status.phase, ended(status)?.exitCode], ["Failed", 137]);
      const left = await world.when("stubborn", ({ metadata }) => metadata.deletionGracePeriodSeconds === 0);
      assert.deepEqual(left.metadata.finalizers, ["example.com/keep"]);
    });

    it("lets SIGTERM end a program that has no handler for it", async () => {
      await world.pod("plain-sleep", { containers: [{ name: "main", image: "busybox", command: ["sleep", "1000"] }] }, { finalizers: ["example.com/keep"] });
      await world.when("plain-sleep", ({ status }) => status?.phase === "Running");
      await world.api.client.delete(Kinds.Pod, { namespace: "default", name: "plain-sleep" });
      assert.equal(ended(await world.finished("plain-sleep"))?.exitCode, 143);
    });

    it("ends a container above its memory limit as OOMKilled", async () => {
      const eat = "const kept = []; setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 10)";
      await world.pod("hungry", { containers: [{ name: "main", image: "node", command: ["node", "-e", eat], resources: { limits: { memory: "128Mi" } } }] });
      const status = await world.finished("hungry");
      assert.deepEqual([ended(status)?.reason, ended(status)?.exitCode], ["OOMKilled", 137]);
    });

    if (mode === "namespaces") {
      it("makes a read-only mount read-only, and nothing on the host", async () => {
        const volumeMounts = [
          { name: "a", mountPath: "/flyteops-none/a", readOnly: true },
          { name: "c", mountPath: "/flyteops-none/c" },
        ];
        await world.api.client.create(Kinds.ConfigMap, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "files", namespace: "default" },
          data: { x: "1\n" },
        });
        await world.pod("read-only", {
          volumes: [
            { name: "a", emptyDir: {} },
            { name: "c", configMap: { name: "files", defaultMode: 0o440 } },
          ],
          containers: [
            sh("cd /flyteops-none; touch a/x || echo refused; (echo 2 >c/x) || echo refused; cat c/x; stat -L -c %a c/x; ls /flyteops-none", { volumeMounts }),
          ],
        });
        assert.equal((await world.finished("read-only")).phase, "Succeeded");
        assert.deepEqual((await world.log("read-only", "main")).match(/^(refused|1|440|a|c)$/gm), ["refused", "refused", "1", "440", "a", "c"]);
        assert.equal(existsSync("/flyteops-none"), false);
      });

      it("runs as the declared user, or as the user of this program", async () => {
        const who = sh('id -u; id -g; echo x >"$HOME/x" && echo y >"$TMPDIR/y" && touch z && echo fine');
        await world.pod("own", { containers: [who] });
        await world.pod("declared", { securityContext: { runAsUser: 4711, runAsGroup: 4712 }, containers: [who] });
        await Promise.all(["own", "declared"].map((name) => world.finished(name)));
        assert.equal(await world.log("own", "main"), `${process.getuid?.()}\n${process.getgid?.()}\nfine\n`);
        assert.equal(await world.log("declared", "main"), "4711\n4712\nfine\n");
      });

      it("takes the termination message from its file", async () => {
        await world.pod("told", { containers: [sh("echo why >/dev/termination-log; exit 2")] });
        assert.equal(ended(await world.finished("told"))?.message, "why\n");
        assert.equal(existsSync("/dev/termination-log"), false);
      });

      it("makes a working directory that does not exist", async () => {
        await world.pod("elsewhere", { containers: [sh("pwd; touch here", { workingDir: "/no/where/yet" })] });
        assert.equal((await world.finished("elsewhere")).phase, "Succeeded");
        assert.equal(await world.log("elsewhere", "main"), "/no/where/yet\n");
      });
    }

    if (mode === "namespaces") return;

    it("fails a pod whose program is not on PATH before anything starts", async () => {
      await world.pod("absent", {
        initContainers: [sh("echo ran", { name: "init" })],
        containers: [{ name: "main", image: "python:3.12", command: ["no-such-program"] }],
      });
      const status = await world.finished("absent");
      assert.equal(status.phase, "Failed");
      assert.equal(status.reason, "ProgramNotFound");
      assert.match(status.message ?? "", /no-such-program is not on PATH/);
      assert.deepEqual([ended(status)?.exitCode, ended(status)?.reason], [127, "ProgramNotFound"]);
      assert.equal(ended(status, "init"), undefined);
    });

    it("says that an image without a command cannot be used", async () => {
      await world.pod("image-only", { containers: [{ name: "main", image: "redis:7" }] });
      const status = await world.finished("image-only");
      assert.equal(status.reason, "ProgramNotFound");
      assert.match(status.message ?? "", /images are not used on this machine/);
    });

    it("waits with CreateContainerConfigError for a Secret that is absent, and starts when it comes", async () => {
      await world.pod("wants", { containers: [sh("echo $KEY", { env: [{ name: "KEY", valueFrom: { secretKeyRef: { name: "later", key: "k" } } }] })] });
      const waiting = await world.when("wants", ({ status }) => JSON.stringify(status ?? {}).includes("CreateContainerConfigError"));
      assert.equal(waiting.status?.phase, "Pending");
      await world.api.client.create(Kinds.Secret, { apiVersion: "v1", kind: "Secret", metadata: { name: "later", namespace: "default" }, data: { k: "eA==" } });
      assert.equal((await world.finished("wants")).phase, "Succeeded");
    });

    it("says once per program what runs in place of an image", async () => {
      await world.pod("pictured", { containers: [{ name: "main", image: "docker.io/library/node:22", command: ["node", "-e", "0"] }] });
      await world.finished("pictured");
      const event = async () =>
        (await world.api.all(Kinds.Event)).find((each) => each["reason"] === "ImageNotUsed" && JSON.stringify(each).includes("pictured"));
      while (!(await event())) await new Promise((resolve) => setImmediate(resolve));
      assert.match(String((await event())?.["message"]), /^image docker.io\/library\/node:22 is not used on this machine; 'node' is \/.*\/node v\d+\./);
    });

    it("mounts a part of a volume, and refuses a part outside of it", async () => {
      const volumes = [{ name: "v", emptyDir: {} }];
      const at = (subPath: string) => [{ name: "v", mountPath: "/flyteops-part", subPath }];
      const env = [{ name: "PART", value: "/flyteops-part" }];
      await world.pod("part", {
        volumes,
        initContainers: [sh('echo deep >"$PART/x"', { name: "write", env, volumeMounts: at("a/b") })],
        containers: [sh('cat "$PART/b/x"', { env, volumeMounts: at("a") })],
      });
      await world.finished("part");
      assert.equal(await world.log("part", "main"), "deep\n");
      await world.pod("outside", {
        volumes,
        initContainers: [sh('ln -s / "$PART/out"', { name: "link", env, volumeMounts: [{ name: "v", mountPath: "/flyteops-part" }] })],
        containers: [sh("true", { volumeMounts: at("out") })],
      });
      await world.when("outside", ({ status }) => JSON.stringify(status ?? {}).includes("leads out of the volume"));
    });

    it("refuses hostPath with a sentence", async () => {
      await world.pod("host", { volumes: [{ name: "h", hostPath: { path: "/" } }], containers: [sh("true")] });
      const status = await world.finished("host");
      assert.equal(status.reason, "Unsupported");
      assert.match(status.message ?? "", /hostPath is refused/);
    });

    it("restarts a container that fails, then backs off, and keeps the previous log", async () => {
      await world.pod("crash", { restartPolicy: "OnFailure", containers: [sh("date +%N; exit 1")] });
      const pod = await world.when("crash", ({ status }) => JSON.stringify(status ?? {}).includes("CrashLoopBackOff"));
      const [container] = pod.status?.containerStatuses ?? [];
      assert.equal(container?.restartCount, 2);
      assert.equal(container?.lastState.terminated?.exitCode, 1);
      assert.equal(pod.status?.phase, "Running");
      assert.match(await world.log("crash", "main"), /^\d+\n$/);
      await world.api.client.delete(Kinds.Pod, { namespace: "default", name: "crash" });
    });

    it("fails a pod at its active deadline", async () => {
      await world.pod("late", { activeDeadlineSeconds: 1, containers: [sh("sleep 100")] });
      const status = await world.finished("late");
      assert.deepEqual([status.phase, status.reason], ["Failed", "DeadlineExceeded"]);
    });

    it("takes the termination message from the end of the log when asked to", async () => {
      await world.pod("message", { containers: [sh("echo reason; exit 1", { terminationMessagePolicy: "FallbackToLogsOnError" })] });
      assert.equal(ended(await world.finished("message"))?.message, "reason\n");
    });

    it("follows a log while it is written and ends with the container", async () => {
      await world.pod("follow", { containers: [sh("echo a; sleep 0.2; echo b; sleep 0.2; printf c")] });
      await world.when("follow", ({ status }) => status?.phase === "Running");
      assert.equal(await world.log("follow", "main", { follow: true }), "a\nb\nc");
      assert.equal(await world.log("follow", "main", { tailLines: 2 }), "b\nc");
      assert.match(await world.log("follow", "main", { timestamps: true, limitBytes: 40 }), /^\d{4}-\d\d-\d\dT\S+Z a\n/);
    });

    it("restarts a container whose liveness probe fails and holds readiness back until its probe passes", async () => {
      await world.pod("probed", {
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 1,
        containers: [
          sh("sleep 0.3; touch ready; while :; do sleep 0.05; done", {
            readinessProbe: { exec: { command: ["test", "-e", "ready"] }, periodSeconds: 1 },
            livenessProbe: { exec: { command: ["test", "!", "-e", "ready"] }, periodSeconds: 1, failureThreshold: 2 },
          }),
        ],
      });
      const ready = await world.when("probed", ({ status }) => status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true);
      assert.equal(ready.status?.containerStatuses?.[0]?.ready, true);
      await world.when("probed", ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
      await world.api.client.delete(Kinds.Pod, { namespace: "default", name: "probed" }, { gracePeriodSeconds: 0 });
    });
  });
}
