import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok, useNode } from "./support/cluster.ts";
import { conditionIn, containerOf, PATIENT, phaseOf, podsIn, shell } from "./support/pods.ts";

describe("conformance: pods on a node", function () {
  this.timeout(150_000);
  const cluster = useNode();
  const pods = podsIn(cluster);

  it("ends as Succeeded with Completed, and as Failed with the exit code", async () => {
    await pods.create("well", { containers: [shell("true")] });
    await pods.create("badly", { containers: [shell("exit 7")] });
    const well = await pods.finished("well");
    assert.equal(phaseOf(well), "Succeeded");
    assert.deepEqual([textAt(containerOf(well), "state.terminated.reason"), at(containerOf(well), "state.terminated.exitCode")], ["Completed", 0]);
    assert.equal(textAt(conditionIn(well, "Ready"), "reason"), "PodCompleted");
    const badly = await pods.finished("badly");
    assert.equal(phaseOf(badly), "Failed");
    assert.deepEqual([textAt(containerOf(badly), "state.terminated.reason"), at(containerOf(badly), "state.terminated.exitCode")], ["Error", 7]);
    for (const reason of ["Scheduled", "Created", "Started"]) await eventually(`an Event ${reason}`, async () => (await pods.reasons("well")).includes(reason));
  });

  it("runs init containers one after the other, and main ones only when all have succeeded", async () => {
    const volumes = [{ name: "v", emptyDir: {} }];
    const volumeMounts = [{ name: "v", mountPath: "/conformance" }];
    const init = (name: string, text: string) => shell(text, { name, volumeMounts });
    await pods.create("inits", {
      volumes,
      initContainers: [init("one", "sleep 0.2; echo one >>/conformance/x"), init("two", "echo two >>/conformance/x")],
      containers: [shell("cat /conformance/x", { volumeMounts })],
    });
    await pods.create("init-fails", { initContainers: [shell("exit 3", { name: "one" })], containers: [shell("true")] });
    assert.equal(phaseOf(await pods.finished("inits")), "Succeeded");
    assert.equal(await pods.log("inits"), "one\ntwo\n");
    const failed = await pods.finished("init-fails");
    assert.equal(phaseOf(failed), "Failed");
    assert.equal(textAt(containerOf(failed), "state.waiting.reason"), "PodInitializing");
  });

  it("starts native sidecars before and ends them after the main containers", async () => {
    const volumes = [{ name: "v", emptyDir: {} }];
    const volumeMounts = [{ name: "v", mountPath: "/conformance" }];
    const side = "echo begun >/conformance/x; trap 'cat /conformance/x; exit 0' TERM; while :; do sleep 0.05; done";
    const startupProbe = { exec: { command: ["/bin/sh", "-c", "test -e /conformance/x"] }, periodSeconds: 1 };
    await pods.create("sidecar", {
      volumes,
      initContainers: [shell(side, { name: "side", restartPolicy: "Always", volumeMounts, startupProbe })],
      containers: [shell("cat /conformance/x; echo done >>/conformance/x", { volumeMounts })],
    });
    const pod = await pods.finished("sidecar");
    assert.equal(phaseOf(pod), "Succeeded");
    assert.equal(await pods.log("sidecar", "container=main"), "begun\n");
    assert.equal(await pods.log("sidecar", "container=side"), "begun\ndone\n");
  });

  it("starts a container that failed again at once, then backs off, and keeps how it ended", async () => {
    await pods.create("again", { restartPolicy: "OnFailure", containers: [shell("echo begun; exit 4")] });
    const pod = await pods.when("again", "backs off", (now) => textAt(containerOf(now), "state.waiting.reason") === "CrashLoopBackOff");
    const status = containerOf(pod);
    assert.match(textAt(status, "state.waiting.message"), /^back-off 10s restarting failed container=main pod=again_/);
    assert.equal(at(status, "lastState.terminated.exitCode"), 4);
    assert.equal(phaseOf(pod), "Running");
    await eventually("an Event BackOff", async () => (await pods.reasons("again")).includes("BackOff"));
  });

  it("ends a deleted pod by its preStop hook, then SIGTERM, then SIGKILL after the grace period", async () => {
    const lifecycle = { preStop: { exec: { command: ["/bin/sh", "-c", "exit 0"] } } };
    await pods.create("gentle", { terminationGracePeriodSeconds: 30, containers: [shell(PATIENT, { lifecycle })] });
    await pods.create("stubborn", { terminationGracePeriodSeconds: 1, containers: [shell("trap '' TERM; while :; do sleep 0.05; done")] });
    for (const name of ["gentle", "stubborn"]) {
      await pods.ready(name);
      const deleted = ok(await cluster.api.delete(`${cluster.pods}/${name}`));
      assert.notEqual(textAt(deleted, "metadata.deletionTimestamp"), "");
      await pods.gone(name);
    }
    await eventually("an Event Killing", async () => (await pods.reasons("gentle")).includes("Killing"));
  });

  it("fails a pod that is active too long", async () => {
    await pods.create("late", { activeDeadlineSeconds: 1, containers: [shell(PATIENT)] });
    const pod = await pods.finished("late");
    assert.deepEqual([phaseOf(pod), textAt(pod, "status.reason")], ["Failed", "DeadlineExceeded"]);
  });

  it("waits for a ConfigMap that is not there, and starts when it comes", async () => {
    const env = [{ name: "X", valueFrom: { configMapKeyRef: { name: "to-come", key: "x" } } }];
    await pods.create("waits", { containers: [shell('echo "$X"', { env })] });
    await pods.when("waits", "says what it lacks", (pod) => textAt(containerOf(pod), "state.waiting.reason") === "CreateContainerConfigError");
    ok(await cluster.api.create(cluster.configMaps, { metadata: { name: "to-come" }, data: { x: "came" } }));
    assert.equal(phaseOf(await pods.finished("waits")), "Succeeded");
    assert.equal(await pods.log("waits"), "came\n");
  });

  it("takes variables from every source there is, and builds them of one another", async () => {
    const { api, namespace, configMaps } = cluster;
    ok(await api.create(configMaps, { metadata: { name: "words" }, data: { one: "1", two: "2", "not-a-name": "x" } }));
    ok(await api.create(`/api/v1/namespaces/${namespace}/secrets`, { metadata: { name: "hidden" }, stringData: { key: "secret" } }));
    const env = [
      { name: "PLAIN", value: "a" },
      { name: "BUILT", value: "$(PLAIN)-$(CM_one)-$$(PLAIN)-$(NOBODY)" },
      { name: "KEY", valueFrom: { configMapKeyRef: { name: "words", key: "two" } } },
      { name: "HIDDEN", valueFrom: { secretKeyRef: { name: "hidden", key: "key" } } },
      { name: "MAYBE", valueFrom: { secretKeyRef: { name: "nobody", key: "key", optional: true } } },
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['role']" } } },
      { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
    ];
    const envFrom = [{ prefix: "CM_", configMapRef: { name: "words" } }, { secretRef: { name: "nobody", optional: true } }];
    const print = 'echo "$BUILT|$KEY|$HIDDEN|${MAYBE-unset}|$POD|$LABEL|$CPU|$CM_one$CM_two"';
    const containers = [shell(print, { env, envFrom, resources: { limits: { cpu: "250m" } } })];
    const pod = { metadata: { name: "variables", labels: { role: "teller" } }, spec: { restartPolicy: "Never", containers } };
    ok(await api.create(cluster.pods, pod));
    await pods.finished("variables");
    assert.equal(await pods.log("variables"), "a-1-$(PLAIN)-$(NOBODY)|2|secret|unset|variables|teller|250|12\n");
  });

  it("mounts what every source of a volume holds", async () => {
    const { api, namespace, configMaps } = cluster;
    ok(await api.create(configMaps, { metadata: { name: "files" }, data: { one: "1", two: "2" } }));
    ok(await api.create(`/api/v1/namespaces/${namespace}/secrets`, { metadata: { name: "files" }, stringData: { key: "secret" } }));
    const downward = { path: "name", fieldRef: { fieldPath: "metadata.name" } };
    const volumes = [
      { name: "empty", emptyDir: {} },
      { name: "some", configMap: { name: "files", items: [{ key: "two", path: "below/two", mode: 256 }] } },
      { name: "hidden", secret: { secretName: "files" } },
      { name: "about", downwardAPI: { items: [downward] } },
      {
        name: "all",
        projected: {
          sources: [
            { configMap: { name: "files", items: [{ key: "one", path: "one" }] } },
            { secret: { name: "files" } },
            { downwardAPI: { items: [downward] } },
          ],
        },
      },
      { name: "maybe", configMap: { name: "nobody", optional: true } },
    ];
    const volumeMounts = [
      ...["empty", "some", "hidden", "about", "all", "maybe"].map((name) => ({ name, mountPath: `/conformance/${name}` })),
      { name: "some", mountPath: "/conformance/file", subPath: "below/two", readOnly: true },
    ];
    const look =
      "cd /conformance; echo x >empty/x; cat empty/x some/below/two hidden/key about/name all/one all/key all/name file; ls some maybe; stat -L -c %a some/below/two";
    await pods.create("volumes", {
      volumes,
      containers: [shell(look.replaceAll("; cat", "; for f in").replace(" file;", " file; do cat $f; echo; done;"), { volumeMounts })],
    });
    await pods.finished("volumes");
    assert.deepEqual(
      (await pods.log("volumes")).split("\n").filter((line) => line !== ""),
      ["x", "2", "secret", "volumes", "1", "secret", "volumes", "2", "maybe:", "some:", "below", "400"],
    );
  });

  it("shows changes of a ConfigMap in the volume of a running pod", async () => {
    ok(await cluster.api.create(cluster.configMaps, { metadata: { name: "changes" }, data: { word: "before" } }));
    const volumes = [{ name: "c", configMap: { name: "changes" } }];
    const look = "until grep -q after /conformance/word; do sleep 0.1; done; ls /conformance";
    await pods.create("sees-changes", { volumes, containers: [shell(look, { volumeMounts: [{ name: "c", mountPath: "/conformance" }] })] });
    await pods.ready("sees-changes");
    ok(await cluster.api.patch("merge", `${cluster.configMaps}/changes`, { data: { word: "after", more: "x" } }));
    const pod = await pods.when("sees-changes", "has seen the change", (now) => phaseOf(now) === "Succeeded", 130_000);
    assert.equal(await pods.log("sees-changes"), "more\nword\n", JSON.stringify(listAt(pod, "status.containerStatuses")));
  });

  it("takes the reason of an end from the termination message", async () => {
    await pods.create("message", { containers: [shell("printf because >/dev/termination-log; exit 1")] });
    await pods.create("from-log", { containers: [shell("echo so; exit 1", { terminationMessagePolicy: "FallbackToLogsOnError" })] });
    assert.equal(textAt(containerOf(await pods.finished("message")), "state.terminated.message"), "because");
    assert.equal(textAt(containerOf(await pods.finished("from-log")), "state.terminated.message"), "so\n");
  });
});
