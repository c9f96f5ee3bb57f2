import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/index.ts";
import { prune } from "../../../schema/structural/index.ts";
import { builtinKinds, builtinSchema } from "./builtin.ts";
import { decodeProblem } from "./decode-builtin.ts";
import { defaultBuiltin } from "./default-builtin.ts";
import { validateBuiltin } from "./validate-builtin.ts";
import { validateMetadata } from "./validate-metadata.ts";

const POD = { group: "", kind: "Pod", namespaced: true };
const main = { name: "main", image: "app:1" };

const pod = (spec: Record<string, unknown>): KubeObject => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" }, spec });

function defaulted(kind: { group: string; kind: string }, object: Record<string, unknown>): KubeObject {
  const copy = structuredClone({ apiVersion: "v1", kind: kind.kind, metadata: { name: "x" }, ...object }) as KubeObject;
  defaultBuiltin(kind, copy);
  return copy;
}

function complaints(object: KubeObject, old?: KubeObject): string[] {
  const [now, before] = [object, old].map((one) => one && defaulted(POD, one as Record<string, unknown>));
  assert.ok(now);
  return validateBuiltin(POD, now, before).map((cause) => `${cause.field}: ${cause.message}`);
}

describe("built-in kinds", () => {
  it("all have a schema in which nothing of their metadata is unknown", () => {
    assert.ok(builtinKinds().length >= 16);
    for (const { group, version, kind } of builtinKinds()) {
      const schema = builtinSchema(group, version, kind);
      assert.ok(schema, kind);
      assert.deepEqual(prune(schema, { apiVersion: version, kind, metadata: { name: "x", labels: { a: "b" } } }), [], kind);
    }
    assert.equal(builtinSchema("", "v1", "Nonsense"), undefined);
  });

  it("are defaulted once: doing it again changes nothing", () => {
    const spec = {
      containers: [{ ...main, ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } }, env: [{ name: "A", value: "" }] }],
      volumes: [{ name: "v" }],
      nodeSelector: {},
    };
    const once = defaulted(POD, pod(spec) as Record<string, unknown>);
    assert.deepEqual(defaulted(POD, once as Record<string, unknown>), once);
  });

  it("write nothing empty that Go would leave out, and keep what it would not", () => {
    const { spec } = defaulted(
      POD,
      pod({
        nodeSelector: {},
        hostNetwork: false,
        tolerations: [],
        containers: [{ ...main, env: [{ name: "A", value: "" }], securityContext: {} }],
        volumes: [{ name: "v", emptyDir: {} }],
      }) as Record<string, unknown>,
    ) as unknown as {
      spec: Record<string, unknown> & { containers: Record<string, unknown>[]; volumes: unknown[] };
    };
    assert.deepEqual([spec["nodeSelector"], spec["hostNetwork"], spec["tolerations"]], [undefined, undefined, undefined]);
    assert.deepEqual(
      [spec.containers[0]?.["env"], spec.containers[0]?.["securityContext"], spec.volumes],
      [[{ name: "A" }], {}, [{ name: "v", emptyDir: {} }]],
    );
  });

  it("say of a wrong type what Go says", () => {
    const schema = builtinSchema("", "v1", "Pod");
    assert.ok(schema);
    const problem = (spec: unknown) => decodeProblem(schema, pod(spec as Record<string, unknown>));
    assert.equal(problem({ containers: {} }), "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container");
    assert.equal(problem({ containers: [{ name: 1 }] }), "json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string");
    assert.equal(problem({ nodeSelector: { a: 1 } }), "json: cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string");
    assert.match(problem({ containers: [{ resources: { limits: { cpu: "much" } } }] }) ?? "", /quantities must match the regular expression/);
    assert.equal(problem({ containers: [main] }), undefined);
  });

  it("give limits their defaults and requests", () => {
    const object = defaulted({ group: "", kind: "LimitRange" }, { spec: { limits: [{ type: "Container", max: { cpu: 2 }, min: { memory: "64Mi" } }] } });
    assert.deepEqual((object["spec"] as { limits: unknown[] }).limits, [
      { type: "Container", max: { cpu: "2" }, min: { memory: "64Mi" }, default: { cpu: "2" }, defaultRequest: { cpu: "2", memory: "64Mi" } },
    ]);
  });

  it("refuse pods that cannot run", () => {
    assert.deepEqual(complaints(pod({ containers: [] })), ["spec.containers: Required value"]);
    assert.deepEqual(complaints(pod({ containers: [main, main] })), ['spec.containers[1].name: Duplicate value: "main"']);
    assert.deepEqual(complaints(pod({ containers: [{ ...main, volumeMounts: [{ name: "v", mountPath: "/x" }] }] })), [
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ]);
    assert.deepEqual(complaints(pod({ containers: [main], initContainers: [{ ...main, name: "init", readinessProbe: { exec: { command: ["x"] } } }] })), [
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ]);
  });

  it("let only image, deadline and tolerations of a pod change", () => {
    const old = pod({ containers: [main], activeDeadlineSeconds: 60, tolerations: [{ key: "a" }] });
    assert.deepEqual(
      complaints(pod({ containers: [{ ...main, image: "app:2" }], activeDeadlineSeconds: 30, tolerations: [{ key: "a" }, { key: "b" }] }), old),
      [],
    );
    assert.match(
      complaints(pod({ containers: [{ ...main, command: ["x"] }], activeDeadlineSeconds: 60, tolerations: [{ key: "a" }] }), old).join(),
      /pod updates may not change fields other than/,
    );
    assert.match(
      complaints(pod({ containers: [main], activeDeadlineSeconds: 90, tolerations: [{ key: "a" }] }), old).join(),
      /less than or equal to previous value/,
    );
    assert.match(complaints(pod({ containers: [main], activeDeadlineSeconds: 60 }), old).join(), /existing toleration can not be modified/);
  });

  it("hold metadata to the same rules everywhere", () => {
    const fields = (kind: { group: string; kind: string; namespaced: boolean }, metadata: Record<string, unknown>) =>
      validateMetadata(kind, { apiVersion: "v1", kind: kind.kind, metadata }, undefined).map((cause) => cause.field);
    const namespace = { group: "", kind: "Namespace", namespaced: false };
    assert.deepEqual(fields(namespace, { name: "a.b" }), ["metadata.name"]);
    assert.deepEqual(fields({ group: "rbac.authorization.k8s.io", kind: "Role", namespaced: true }, { name: "system:a", namespace: "n" }), []);
    assert.deepEqual(fields(POD, { namespace: "n" }), ["metadata.name"]);
    assert.deepEqual(fields(POD, { name: "p" }), ["metadata.namespace"]);
    assert.deepEqual(fields(POD, { generateName: "ok-", name: "ok-abc", namespace: "n", finalizers: ["plain"] }), ["metadata.finalizers[0]"]);
    assert.deepEqual(fields({ group: "x.dev", kind: "Custom", namespaced: true }, { name: "p", namespace: "n", finalizers: ["plain"] }), []);
    const twice = { apiVersion: "v1", kind: "A", name: "a", uid: "1", controller: true };
    assert.deepEqual(fields(POD, { name: "p", namespace: "n", ownerReferences: [twice, { ...twice, uid: "2" }] }), ["metadata.ownerReferences"]);
  });
});
