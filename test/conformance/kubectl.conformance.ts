import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { ok } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";
import { describeKubectl } from "./support/kubectl.ts";

describeKubectl("kubectl", (tool) => {
  const { cluster, done } = tool;
  const kubectl = tool.run;

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
    const child = tool.start(["get", "gadgets", "-w", "-o", "name", "-l", "watched=yes"]);
    try {
      const seen = new Promise<string>((resolve) => {
        let out = "";
        child.stdout?.on("data", (part: Buffer) => {
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

  it("prints in every form", async () => {
    await done(["create", "-f", "-"], JSON.stringify(gadget("forms", { size: 3 }, { labels: { form: "yes" } })));
    const get = async (...form: string[]) => (await done(["get", "gadget", "forms", ...form])).trim();
    assert.equal(await get("-o", "name"), "gadget.conformance.flyteops.dev/forms");
    assert.equal(at(JSON.parse(await get("-o", "json")), "spec.size"), 3);
    assert.equal(await get("-o", "jsonpath={.metadata.name}:{.spec.size}"), "forms:3");
    assert.deepEqual(JSON.parse(await get("-o", "jsonpath-as-json={.spec.size}")), [3]);
    assert.equal(await get("-o", "go-template={{.spec.size}}"), "3");
    assert.match(await get("-o", "custom-columns=NAME:.metadata.name,SIZE:.spec.size"), /^NAME +SIZE\s+forms +3$/);
    assert.match(await get("--no-headers"), /^forms +3 /);
    assert.match(await get("--show-labels"), /LABELS\s[\s\S]*form=yes$/);
    assert.match(await get("-L", "form"), /FORM\s[\s\S]*yes$/);
    assert.match(await get("--show-kind"), /^NAME[\s\S]*gadget\.conformance\.flyteops\.dev\/forms/);
    assert.match(await get("-o", "yaml", "--show-managed-fields"), /managedFields:/);
    assert.doesNotMatch(await get("-o", "yaml"), /managedFields:/);
    assert.equal((await done(["get", "gadgets", "--sort-by=.spec.size", "-o", "name", "-l", "form"])).trim(), "gadget.conformance.flyteops.dev/forms");
    assert.equal((await done(["get", "gadgets", "--field-selector", "metadata.name=forms", "-o", "name"])).trim(), "gadget.conformance.flyteops.dev/forms");
    assert.match(await done(["get", "gadgets", "--chunk-size=1", "-o", "name"]), /forms/);
  });

  it("says what is not there, and what kind it does not know", async () => {
    const missing = await kubectl(["get", "gadget", "never"]);
    assert.deepEqual([missing.code, missing.err.trim()], [1, 'Error from server (NotFound): gadgets.conformance.flyteops.dev "never" not found']);
    const unknown = await kubectl(["get", "gizmos"]);
    assert.deepEqual([unknown.code, unknown.err.trim()], [1, 'error: the server doesn\'t have a resource type "gizmos"']);
    assert.equal(await done(["get", "gadget", "never", "--ignore-not-found"]), "");
  });

  it("explains a whole kind, down to its last field", async () => {
    const text = await done(["explain", "gadget", "--recursive"]);
    for (const field of ["spec", "size", "parts", "port", "labels", "conditions"]) assert.match(text, new RegExp(`\\b${field}\\b`));
    assert.match(await done(["explain", "deployment.spec.strategy.rollingUpdate", "--recursive"]), /maxSurge/);
    assert.match(await done(["explain", "service.spec.ports"]), /targetPort/);
  });

  it("lists the kinds there are with short names, scopes, verbs and categories", async () => {
    const wide = await done(["api-resources", "-o", "wide", "--cached=false"]);
    assert.match(wide, /^gadgets +gad +conformance\.flyteops\.dev\/v1 +true +Gadget +delete,deletecollection,get,list,patch,create,update,watch +conformance/m);
    assert.match(wide, /^deployments +deploy +apps\/v1 +true +Deployment /m);
    assert.match(wide, /^services +svc +v1 +true +Service /m);
    assert.equal(
      (await done(["api-resources", "--namespaced=false", "--api-group=apiextensions.k8s.io", "-o", "name"])).trim(),
      "customresourcedefinitions.apiextensions.k8s.io",
    );
    assert.match(await done(["get", "conformance", "-o", "name"]), /gadget/);
  });

  it("replaces, and by force makes anew", async () => {
    await done(["create", "-f", "-"], manifest("replaced", { size: 1 }));
    const before = ok(await cluster.api.get(`${cluster.gadgets}/replaced`));
    await done(["replace", "-f", "-"], manifest("replaced", { code: "a" }));
    const after = ok(await cluster.api.get(`${cluster.gadgets}/replaced`));
    assert.deepEqual([at(after, "spec.size"), at(after, "spec.code"), at(after, "metadata.uid")], [undefined, "a", at(before, "metadata.uid")]);
    await done(["replace", "--force", "-f", "-"], manifest("replaced", { code: "b" }));
    assert.notEqual(at(ok(await cluster.api.get(`${cluster.gadgets}/replaced`)), "metadata.uid"), at(before, "metadata.uid"));
  });

  it("edits with the user's own editor", async () => {
    await done(["create", "-f", "-"], manifest("edited", { size: 1 }));
    await done(["edit", "gadget", "edited"], "", { KUBE_EDITOR: "sed -i 's/size: 1/size: 5/'" });
    assert.equal(at(ok(await cluster.api.get(`${cluster.gadgets}/edited`)), "spec.size"), 5);
  });

  it("patches in every way there is", async () => {
    await done(["create", "-f", "-"], manifest("patched", { size: 1, steps: ["a"] }));
    await done(["patch", "gadget", "patched", "--type=json", "-p", '[{"op":"add","path":"/spec/steps/-","value":"b"}]']);
    await done(["patch", "gadget", "patched", "--type=merge", "-p", '{"spec":{"size":2}}']);
    const strategic = await kubectl(["patch", "gadget", "patched", "-p", '{"spec":{"size":3}}']);
    assert.deepEqual([strategic.code, /application\/json-patch\+json, application\/merge-patch\+json/.test(strategic.err)], [1, true]);
    const spec = at(ok(await cluster.api.get(`${cluster.gadgets}/patched`)), "spec");
    assert.deepEqual([at(spec, "size"), at(spec, "steps")], [2, ["a", "b"]]);
  });

  it("labels and annotates, refuses to overwrite unasked, and takes both away", async () => {
    await done(["create", "-f", "-"], manifest("marked"));
    await done(["label", "gadget", "marked", "a=1", "b=2"]);
    assert.match((await kubectl(["label", "gadget", "marked", "a=3"])).err, /already has a value \(1\), and --overwrite is false/);
    await done(["label", "gadget", "marked", "a=3", "b-", "--overwrite"]);
    await done(["annotate", "gadget", "marked", "note=x"]);
    await done(["annotate", "gadget", "marked", "note-"]);
    const { labels, annotations } = at(ok(await cluster.api.get(`${cluster.gadgets}/marked`)), "metadata") as { labels?: object; annotations?: object };
    assert.deepEqual([labels, annotations], [{ a: "3" }, undefined]);
  });

  it("deletes dependents in each of the three ways", async () => {
    for (const cascade of ["background", "foreground", "orphan"]) {
      await done(["create", "-f", "-"], manifest(`owner-${cascade}`));
      const uid = (await done(["get", "gadget", `owner-${cascade}`, "-o", "jsonpath={.metadata.uid}"])).trim();
      const ownerReferences = [{ apiVersion: "conformance.flyteops.dev/v1", kind: "Gadget", name: `owner-${cascade}`, uid, blockOwnerDeletion: true }];
      ok(await cluster.api.create(cluster.configMaps, { metadata: { name: `owned-${cascade}`, ownerReferences } }));
      await done(["delete", "gadget", `owner-${cascade}`, `--cascade=${cascade}`, "--timeout=30s"]);
      if (cascade === "orphan") assert.equal((await cluster.api.get(`${cluster.configMaps}/owned-${cascade}`)).status, 200);
      else await done(["wait", "--for=delete", `configmap/owned-${cascade}`, "--timeout=30s"]);
    }
  });

  it("prunes what left a set of applied objects", async () => {
    const env = { KUBECTL_APPLYSET: "true" };
    const set = ["apply", "--prune", "--applyset=configmaps/parts", "-f", "-"];
    const part = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: {} });
    const list = (...names: string[]) => JSON.stringify({ apiVersion: "v1", kind: "List", items: names.map(part) });

    await done(set, list("part-a", "part-b"), env);
    assert.match(await done(set, list("part-b"), env), /configmap\/part-a pruned/);
    assert.deepEqual(
      [(await cluster.api.get(`${cluster.configMaps}/part-a`)).status, (await cluster.api.get(`${cluster.configMaps}/part-b`)).status],
      [404, 200],
    );
  });

  it("waits for any field", async () => {
    await done(["create", "-f", "-"], manifest("fields"));
    const waiting = done(["wait", "--for=jsonpath={.status.phase}=Done", "--timeout=30s", "gadget/fields"]);
    ok(await cluster.api.patch("merge", `${cluster.gadgets}/fields/status`, { status: { phase: "Done" } }));
    assert.match(await waiting, /condition met/);
  });

  it("tells what happened to an object", async () => {
    await done(["create", "configmap", "eventful"]);
    const involvedObject = { apiVersion: "v1", kind: "ConfigMap", name: "eventful", namespace: cluster.namespace };
    const event = { metadata: { name: "eventful.1" }, involvedObject, type: "Warning", reason: "Tested", message: "as promised", count: 2 };
    ok(await cluster.api.create(`/api/v1/namespaces/${cluster.namespace}/events`, { ...event, lastTimestamp: new Date().toISOString().replace(/\.\d+/, "") }));
    assert.match(await done(["events", "--for", "configmap/eventful"]), /Warning +Tested +ConfigMap\/eventful +as promised/);
    assert.match(await done(["get", "events", "--field-selector", "involvedObject.name=eventful"]), /Warning +Tested +configmap\/eventful +as promised/);
  });
});
