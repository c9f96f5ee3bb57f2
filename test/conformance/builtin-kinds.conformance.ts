import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { ok, useCluster } from "./support/cluster.ts";

const container = (fields: Record<string, unknown> = {}) => ({ name: "main", image: "example.org/app:1", ...fields });

describe("conformance: built-in kinds", () => {
  const cluster = useCluster();

  const pod = (spec: Record<string, unknown>, name = "pod") => ({ metadata: { name }, spec });
  const causes = (body: unknown) => listAt(body, "details.causes").map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`);

  it("fills in what a pod leaves open", async () => {
    const { api, pods } = cluster;
    const created = ok(
      await api.create(
        `${pods}?dryRun=All`,
        pod({ containers: [container({ ports: [{ containerPort: 80 }] })], volumes: [{ name: "scratch" }, { name: "secret", secret: { secretName: "s" } }] }),
      ),
    );
    const spec = at(created, "spec");
    assert.deepEqual(
      ["restartPolicy", "dnsPolicy", "terminationGracePeriodSeconds", "schedulerName", "enableServiceLinks"].map((field) => at(spec, field)),
      ["Always", "ClusterFirst", 30, "default-scheduler", true],
    );
    assert.deepEqual(at(spec, "securityContext"), {});
    const main = at(spec, "containers.0");
    assert.deepEqual(
      [at(main, "imagePullPolicy"), at(main, "terminationMessagePath"), at(main, "terminationMessagePolicy")],
      ["IfNotPresent", "/dev/termination-log", "File"],
    );
    assert.deepEqual([at(main, "resources"), at(main, "ports.0.protocol")], [{}, "TCP"]);
    assert.deepEqual([at(spec, "volumes.0.emptyDir"), at(spec, "volumes.1.secret.defaultMode")], [{}, 420]);
    assert.deepEqual([at(created, "status.phase"), at(created, "status.qosClass")], ["Pending", "BestEffort"]);
  });

  it("pulls an image without a tag always", async () => {
    const { api, pods } = cluster;
    const created = ok(await api.create(`${pods}?dryRun=All`, pod({ containers: [container({ image: "app" })] })));
    assert.equal(at(created, "spec.containers.0.imagePullPolicy"), "Always");
  });

  it("spells quantities one way, and requests what is limited", async () => {
    const { api, pods } = cluster;
    const resources = { requests: { cpu: 0.5 }, limits: { cpu: "1000m", memory: "2048Mi" } };
    const created = ok(await api.create(`${pods}?dryRun=All`, pod({ containers: [container({ resources })] })));
    assert.deepEqual(at(created, "spec.containers.0.resources"), { requests: { cpu: "500m", memory: "2Gi" }, limits: { cpu: "1", memory: "2Gi" } });
  });

  it("names every mistake in a pod", async () => {
    const { api, pods } = cluster;
    const containers = [{ name: "main" }, container({ volumeMounts: [{ name: "missing", mountPath: "/x" }], env: [{ name: "A=B" }] })];
    const { status, body } = await api.create(pods, pod({ restartPolicy: "Sometimes", containers }));
    assert.equal(status, 422);
    assert.deepEqual(causes(body).sort(), [
      "spec.containers[0].image: Required value",
      "spec.containers[1].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='",
      'spec.containers[1].name: Duplicate value: "main"',
      'spec.containers[1].volumeMounts[0].name: Not found: "missing"',
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ]);
  });

  it("cannot read a wrong type", async () => {
    const { api, pods } = cluster;
    const { status, body } = await api.create(pods, pod({ containers: [container({ command: "sh" })] }));
    assert.equal(status, 400);
    assert.equal(
      at(body, "message"),
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string',
    );
  });

  it("lets a pod's image and deadline change and nothing else", async () => {
    const { api, pods } = cluster;
    ok(await api.create(pods, pod({ containers: [container()] }, "fixed")));
    const changed = ok(
      await api.patch("strategic", `${pods}/fixed`, { spec: { activeDeadlineSeconds: 60, containers: [{ name: "main", image: "example.org/app:2" }] } }),
    );
    assert.equal(at(changed, "spec.containers.0.image"), "example.org/app:2");
    const refused = await api.patch("strategic", `${pods}/fixed`, { spec: { containers: [{ name: "main", command: ["sh"] }] } });
    assert.equal(refused.status, 422);
    assert.match(textAt(refused.body, "message"), /pod updates may not change fields other than/);
    const longer = await api.patch("merge", `${pods}/fixed`, { spec: { activeDeadlineSeconds: 90 } });
    assert.match(textAt(longer.body, "message"), /must be less than or equal to previous value/);
    ok(await api.delete(`${pods}/fixed?gracePeriodSeconds=0`));
  });

  it("lets a pod's status be written apart from its spec", async () => {
    const { api, pods } = cluster;
    ok(await api.create(pods, pod({ containers: [container()] }, "reported")));
    const patched = ok(
      await api.patch("strategic", `${pods}/reported/status`, {
        status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
        spec: { hostNetwork: true },
      }),
    );
    assert.deepEqual([at(patched, "status.phase"), at(patched, "spec.hostNetwork")], ["Running", undefined]);
    ok(await api.delete(`${pods}/reported?gracePeriodSeconds=0`));
  });

  it("encodes the text of a secret and checks what is encoded already", async () => {
    const { api, namespace } = cluster;
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const created = ok(await api.create(secrets, { metadata: { name: "text" }, stringData: { key: "ü" } }));
    assert.deepEqual([at(created, "type"), at(created, "data"), at(created, "stringData")], ["Opaque", { key: "w7w=" }, undefined]);
    const refused = await api.create(secrets, { metadata: { name: "broken" }, data: { key: "?" } });
    assert.equal(refused.status, 400);
    assert.equal(at(refused.body, "message"), 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0');
  });

  it("keeps what is immutable", async () => {
    const { api, configMaps } = cluster;
    ok(await api.create(configMaps, { metadata: { name: "stone" }, data: { a: "1" }, immutable: true }));
    const { status, body } = await api.patch("merge", `${configMaps}/stone`, { data: { a: "2" } });
    assert.equal(status, 422);
    assert.deepEqual(causes(body), ["data: Forbidden: field is immutable when `immutable` is set"]);
    ok(await api.patch("merge", `${configMaps}/stone`, { metadata: { labels: { still: "possible" } } }));
  });

  it("checks the keys of a config map", async () => {
    const { api, configMaps } = cluster;
    const { body } = await api.create(configMaps, { metadata: { name: "keys" }, data: { "a b": "1", fine: "1" }, binaryData: { fine: "eA==" } });
    assert.deepEqual(
      listAt(body, "details.causes")
        .map((cause) => textAt(cause, "field"))
        .sort(),
      ["data[a b]", "data[fine]"],
    );
  });

  it("completes role bindings and refuses to change their role", async () => {
    const { api, namespace } = cluster;
    const bindings = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;
    const created = ok(
      await api.create(bindings, { metadata: { name: "bound" }, roleRef: { kind: "Role", name: "r" }, subjects: [{ kind: "User", name: "u" }] }),
    );
    assert.deepEqual([at(created, "roleRef.apiGroup"), at(created, "subjects.0.apiGroup")], ["rbac.authorization.k8s.io", "rbac.authorization.k8s.io"]);
    const { status, body } = await api.patch("merge", `${bindings}/bound`, { roleRef: { name: "other" } });
    assert.equal(status, 422);
    assert.match(textAt(body, "message"), /cannot change roleRef/);
  });
});
