import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { at, listAt, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const program = process.env["KUBECTL"] ?? "kubectl";
const missing = spawnSync(program, ["version", "--client"], { stdio: "ignore" }).error !== undefined;

describe(`conformance: kubectl${missing ? ` (skipped: no ${program} on this machine)` : ""}`, function () {
  this.timeout(60_000);
  if (missing) return;
  const cluster = useCluster();

  /** Runs kubectl in the suite's namespace. */
  function kubectl(args: readonly string[], input = ""): Promise<Run> {
    const child = spawn(program, ["--kubeconfig", cluster.kubeconfig, "-n", cluster.namespace, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (part: Buffer) => (out += part.toString()));
    child.stderr.on("data", (part: Buffer) => (err += part.toString()));
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, out, err }));
    });
  }

  async function done(args: readonly string[], input = ""): Promise<string> {
    const { code, out, err } = await kubectl(args, input);
    assert.equal(code, 0, `kubectl ${args.join(" ")}\n${err}`);
    return out;
  }

  const manifest = (name: string, spec: Record<string, unknown> = {}) => JSON.stringify(gadget(name, spec));

  it("applies on the client, and again without a change", async () => {
    assert.match(await done(["apply", "-f", "-"], manifest("client", { size: 1, steps: ["a"] })), /client created/);
    assert.match(await done(["apply", "-f", "-"], manifest("client", { size: 1, steps: ["a"] })), /client unchanged/);
    assert.match(await done(["apply", "-f", "-"], manifest("client", { steps: ["b"] })), /client configured/);
    const spec = at(ok(await cluster.api.get(`${cluster.gadgets}/client`)), "spec");
    assert.deepEqual([at(spec, "size"), at(spec, "steps")], [undefined, ["b"]]);
  });

  it("applies on the server, and reports a conflict with its owner", async () => {
    assert.match(await done(["apply", "--server-side", "-f", "-"], manifest("server", { size: 1 })), /server serverside-applied/);
    const { code, err } = await kubectl(["apply", "--server-side", "--field-manager", "other", "-f", "-"], manifest("server", { size: 2 }));
    assert.equal(code, 1);
    assert.match(err, /conflict with "kubectl"[\s\S]*\.spec\.size/);
  });

  it("moves from client-side to server-side apply without a conflict", async () => {
    await done(["apply", "-f", "-"], manifest("moved", { size: 1 }));
    await done(["apply", "--server-side", "-f", "-"], manifest("moved", { size: 2 }));
    assert.equal(at(ok(await cluster.api.get(`${cluster.gadgets}/moved`)), "spec.size"), 2);
  });

  it("shows the kind's own columns, more of them when asked, and short names", async () => {
    await done(["create", "-f", "-"], manifest("shown", { size: 7 }));
    const lines = (await done(["get", "gad", "shown"])).trim().split("\n");
    assert.match(lines[0] ?? "", /^NAME +SIZE +PHASE +AGE$/);
    assert.match(lines[1] ?? "", /^shown +7 +\S+$/);
    assert.match(await done(["get", "gad", "shown", "-o", "wide"]), /COLOR[\s\S]*red/);
    assert.equal((await done(["get", "gad", "shown", "-o", "jsonpath={.spec.size}"])).trim(), "7");
    assert.match(await done(["get", "gadgets", "shown", "-o", "yaml"]), /kind: Gadget[\s\S]*size: 7/);
    assert.match(await done(["get", "gad", "-A"]), /NAMESPACE +NAME/);
    assert.match(await done(["get", "gad", "-l", "none=such"]), /^$/);
  });

  it("shows built-in kinds as everywhere", async () => {
    await done(["create", "configmap", "shown", "--from-literal=a=1"]);
    assert.match(await done(["get", "cm", "shown"]), /^NAME +DATA +AGE\s+shown +1 +\S+/);
    assert.match(await done(["get", "namespaces"]), /^NAME +STATUS +AGE/);
  });

  it("describes, explains and lists what the API has", async () => {
    await done(["create", "-f", "-"], manifest("described", { size: 7 }));
    assert.match(await done(["describe", "gadget", "described"]), /Name: +described[\s\S]*Size: +7/);
    assert.match(await done(["explain", "gadgets.spec.size"]), /FIELD: size <integer>/);
    assert.match(await done(["explain", "pod.spec.containers"]), /FIELDS?:[\s\S]*image/);
    assert.match(await done(["api-resources", "--api-group=conformance.flyteops.dev"]), /gadgets +gad +conformance\.flyteops\.dev\/v1 +true +Gadget/);
    assert.match(await done(["api-versions"]), /conformance\.flyteops\.dev\/v1/);
  });

  it("patches, labels, annotates and edits", async () => {
    await done(["create", "-f", "-"], manifest("changed", { size: 1 }));
    await done(["patch", "gadget", "changed", "--type=merge", "-p", '{"spec":{"size":2}}']);
    await done(["patch", "gadget", "changed", "--subresource=status", "--type=merge", "-p", '{"status":{"phase":"Ready"}}']);
    await done(["label", "gadget", "changed", "a=b"]);
    await done(["annotate", "gadget", "changed", "note=x"]);
    const body = ok(await cluster.api.get(`${cluster.gadgets}/changed`));
    assert.deepEqual(
      [at(body, "spec.size"), at(body, "status.phase"), at(body, "metadata.labels.a"), at(body, "metadata.annotations.note")],
      [2, "Ready", "b", "x"],
    );
  });

  it("refuses unknown fields and invalid values with the server's words", async () => {
    const unknown = await kubectl(["create", "-f", "-"], manifest("unknown", { bogus: 1 }));
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /strict decoding error: unknown field "spec\.bogus"/);
    const invalid = await kubectl(["create", "-f", "-"], manifest("invalid", { size: 0 }));
    assert.match(invalid.err, /spec\.size: Invalid value: 0: spec\.size in body should be greater than or equal to 1/);
  });

  it("waits for a condition and for deletion", async () => {
    await done(["create", "-f", "-"], manifest("awaited"));
    const waiting = done(["wait", "--for=condition=Ready", "--timeout=30s", "gadget/awaited"]);
    ok(await cluster.api.patch("merge", `${cluster.gadgets}/awaited/status`, { status: { conditions: [{ type: "Ready", status: "True" }] } }));
    assert.match(await waiting, /condition met/);
    const deleting = done(["wait", "--for=delete", "--timeout=30s", "gadget/awaited"]);
    await done(["delete", "gadget", "awaited", "--wait=false"]);
    await deleting;
  });

  it("tells a difference on the server without writing", async () => {
    await done(["apply", "-f", "-"], manifest("diffed", { size: 1 }));
    const { code, out } = await kubectl(["diff", "-f", "-"], manifest("diffed", { size: 2 }));
    assert.equal(code, 1);
    assert.match(out, /\+ +size: 2/);
    assert.equal(at(ok(await cluster.api.get(`${cluster.gadgets}/diffed`)), "spec.size"), 1);
  });

  it("prunes nothing and deletes what it is told, by file, name and label", async () => {
    for (const name of ["d1", "d2", "d3"]) await done(["create", "-f", "-"], JSON.stringify(gadget(name, {}, { labels: { batch: "x" } })));
    assert.match(await done(["delete", "-f", "-"], manifest("d1")), /"?d1"? (?:from \S+ namespace )?deleted|deleted/);
    await done(["delete", "gadget", "d2"]);
    await done(["delete", "gadgets", "-l", "batch=x"]);
    const left = listAt(ok(await cluster.api.get(`${cluster.gadgets}?labelSelector=batch`)), "items");
    assert.deepEqual(
      left.map((item) => textAt(item, "metadata.name")),
      [],
    );
  });

  it("watches changes as they come", async () => {
    const child = spawn(program, ["--kubeconfig", cluster.kubeconfig, "-n", cluster.namespace, "get", "gadgets", "-w", "-o", "name", "-l", "watched=yes"]);
    try {
      const seen = new Promise<string>((resolve) => {
        let out = "";
        child.stdout.on("data", (part: Buffer) => {
          out += part.toString();
          if (out.split("\n").length > 2) resolve(out);
        });
      });
      ok(await cluster.api.create(cluster.gadgets, gadget("w1", {}, { labels: { watched: "yes" } })));
      ok(await cluster.api.patch("merge", `${cluster.gadgets}/w1`, { spec: { size: 5 } }));
      ok(await cluster.api.create(cluster.gadgets, gadget("w2", {}, { labels: { watched: "yes" } })));
      assert.match(await seen, /gadget\.conformance\.flyteops\.dev\/w1/);
    } finally {
      child.kill("SIGTERM");
    }
  });
});
