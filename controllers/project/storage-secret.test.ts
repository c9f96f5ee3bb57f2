import assert from "node:assert/strict";
import { ProjectKind } from "../../crds/index.ts";
import { conditionOf, isNotFound, Kinds, type KubeObject } from "../../kube/index.ts";
import { STORAGE_SECRET_NAME } from "../../synth/index.ts";
import { controllerWithinNeeds, type GuardedController } from "../../test/support/controller-within-needs.ts";
import { projectController } from "./index.ts";
import { needs, storageSecretNeeds } from "./needs.ts";

const SYSTEM = "flyteops-system";
const NAME = "flyteops-storage";
const storageSecret = { namespace: SYSTEM, name: NAME };
/** As an installation fills them in. */
const copyNeeds = storageSecretNeeds.map((rule) =>
  rule.resourceNames ? { ...rule, resourceNames: rule.resourceNames.map((name) => (name === STORAGE_SECRET_NAME ? NAME : name)) } : rule,
);
type Secret = KubeObject & { readonly data?: Record<string, string> };

const secret = (namespace: string, data: Record<string, string>): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: NAME, namespace },
  data,
});
const project = (domains: readonly string[]) => ({ apiVersion: "flyte.org/v1", kind: "Project", metadata: { name: "ml" }, spec: { domains } });

describe("the copies of the storage Secret", () => {
  let rig: GuardedController;
  const opened = async (wanted: boolean) => {
    const rules = [...needs, ...(wanted ? copyNeeds : [])];
    rig = await controllerWithinNeeds(rules, (deps) => projectController({ ...deps, storageSecret: wanted ? storageSecret : undefined }), [SYSTEM]);
  };
  beforeEach(() => opened(true));
  afterEach(async () => {
    await rig.close();
    rig.guard.verify();
  });

  const copy = (namespace: string) => rig.client.get<Secret>(Kinds.Secret, { namespace, name: NAME });
  const binding = (namespace: string) => rig.client.get(Kinds.RoleBinding, { namespace, name: "flyteops-storage-secret" });
  const ready = async () => conditionOf(await rig.client.get(ProjectKind, { name: "ml" }), "Ready");
  const settle = () => rig.quiet(100);

  it("are in every namespace of a Project, follow the Secret, and go with the binding that owns them", async () => {
    await rig.client.create(Kinds.Secret, secret(SYSTEM, { a: "MQ==" }));
    await rig.client.create(ProjectKind, project(["development", "production"]));
    await settle();
    for (const namespace of ["ml-development", "ml-production"]) {
      const { metadata, data } = await copy(namespace);
      assert.deepEqual(data, { a: "MQ==" });
      assert.deepEqual(
        metadata.ownerReferences?.map(({ kind, uid }) => [kind, uid]),
        [["RoleBinding", (await binding(namespace)).metadata.uid]],
      );
    }
    await rig.client.replace(Kinds.Secret, secret(SYSTEM, { b: "Mg==" }));
    await settle();
    assert.deepEqual((await copy("ml-production")).data, { b: "Mg==" });
    await rig.client.patch(ProjectKind, { name: "ml" }, { type: "merge", body: { spec: { domains: ["development"] } } });
    await settle();
    await assert.rejects(binding("ml-production"), isNotFound);
    assert.ok(await binding("ml-development"));
  });

  it("are not written over a Secret that a namespace has of its own", async () => {
    await rig.client.create(Kinds.Secret, secret(SYSTEM, { a: "MQ==" }));
    await rig.client.create(Kinds.Namespace, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "ml-development", annotations: { "flyte.org/adopt": "ml" } },
    });
    await rig.client.create(Kinds.Secret, secret("ml-development", { own: "MQ==" }));
    await rig.client.create(ProjectKind, project(["development"]));
    await settle();
    assert.deepEqual((await copy("ml-development")).data, { own: "MQ==" });
    assert.equal((await ready())?.status, "True");
  });

  it("are waited for while there is nothing to copy, with the command to type", async () => {
    await rig.client.create(ProjectKind, project(["development"]));
    await settle();
    const waiting = await ready();
    assert.deepEqual([waiting?.status, waiting?.reason], ["Unknown", "StorageSecretMissing"]);
    assert.match(waiting?.message ?? "", /Secret flyteops-system\/\S+.*kubectl create secret generic/);
    await rig.client.create(Kinds.Secret, secret(SYSTEM, { a: "MQ==" }));
    await settle();
    assert.equal((await ready())?.status, "True");
    assert.deepEqual((await copy("ml-development")).data, { a: "MQ==" });
  });

  it("cost no write while nothing changes, and are made anew when the Secret is another", async () => {
    await rig.client.create(Kinds.Secret, secret(SYSTEM, { a: "MQ==" }));
    await rig.client.create(ProjectKind, project(["development"]));
    await settle();
    const before = await copy("ml-development");
    const own = await binding("ml-development");
    const patched = { metadata: { annotations: { "flyte.org/copied-from": "flyteops-system/another" } } };
    await rig.client.patch(ProjectKind, { name: "ml" }, { type: "merge", body: { spec: { displayName: "again" } } });
    await settle();
    assert.equal((await copy("ml-development")).metadata.resourceVersion, before.metadata.resourceVersion);
    await rig.client.patch(Kinds.RoleBinding, { namespace: "ml-development", name: "flyteops-storage-secret" }, { type: "merge", body: patched });
    await rig.client.patch(ProjectKind, { name: "ml" }, { type: "merge", body: { spec: { displayName: "once more" } } });
    await settle();
    assert.notEqual((await binding("ml-development")).metadata.uid, own.metadata.uid);
  });

  it("are taken away where nobody wants them any more, by who may not touch Secrets", async () => {
    await rig.close();
    await opened(false);
    await rig.client.create(ProjectKind, project(["development"]));
    await settle();
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flyteops-storage-secret" };
    const left = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: roleRef.name, namespace: "ml-development" }, roleRef };
    await rig.client.create(Kinds.RoleBinding, { ...left, subjects: [] } as KubeObject);
    await rig.client.patch(ProjectKind, { name: "ml" }, { type: "merge", body: { spec: { displayName: "again" } } });
    await settle();
    await assert.rejects(binding("ml-development"), isNotFound);
  });
});
