import assert from "node:assert/strict";
import { type KindRef, Kinds, type KubeObject } from "../../kube/index.ts";
import { RunKind } from "../../crds/index.ts";
import { projectManifests, tenancyManifests } from "../../synth/index.ts";
import { apiClient } from "../../kube/index.ts";
import { testCluster, type TestCluster } from "../support/test-cluster.ts";

const KINDS: Readonly<Record<string, KindRef>> = {
  Namespace: Kinds.Namespace,
  ServiceAccount: Kinds.ServiceAccount,
  RoleBinding: Kinds.RoleBinding,
  ClusterRole: { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole", plural: "clusterroles", namespaced: false },
  ClusterRoleBinding: { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRoleBinding", plural: "clusterrolebindings", namespaced: false },
};
const OURS = "ml-development";
const THEIRS = "ads-development";

const run = (namespace: string) => ({ apiVersion: "flyte.org/v1", kind: "Run", metadata: { name: "r", namespace }, spec: { workflow: "w" } }) as KubeObject;

describe("tenants of one laptop", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await testCluster({ namespaces: ["flyteops-system"] });
    const projects = ["ml", "ads"].flatMap((name) =>
      projectManifests({ name, uid: name, domain: "development", access: { editors: [{ user: `${name}-editor` }], viewers: [{ user: `${name}-viewer` }] } }),
    );
    for (const manifest of [...tenancyManifests("test"), ...projects]) {
      const kind = KINDS[manifest.kind];
      if (kind) await cluster.client.create(kind, manifest as unknown as KubeObject);
    }
    for (const namespace of [OURS, THEIRS]) {
      await cluster.client.create(Kinds.Secret, { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace } });
      await cluster.client.create(RunKind, run(namespace));
    }
  });
  after(() => cluster.close());

  /** The code of what a user's attempt is answered with; 200 for whatever works. */
  async function attempt(user: string, act: (how: { readonly impersonate: { readonly user: string } }) => Promise<unknown>): Promise<number> {
    try {
      await act({ impersonate: { user } });
      return 200;
    } catch (thrown) {
      return (thrown as { code: number }).code;
    }
  }

  const client = () => apiClient(cluster.transport);
  const read = (user: string, kind: KindRef, namespace: string, name: string) => attempt(user, (how) => client().get(kind, { namespace, name }, how));
  const create = (user: string, kind: KindRef, object: KubeObject) => attempt(user, (how) => client().create(kind, object, how));

  it("see and write the runs of their own project, and not those of another", async () => {
    assert.deepEqual([await read("ml-editor", RunKind, OURS, "r"), await read("ml-viewer", RunKind, OURS, "r")], [200, 200]);
    assert.deepEqual([await read("ml-editor", RunKind, THEIRS, "r"), await read("ml-viewer", RunKind, THEIRS, "r")], [403, 403]);
    const another = { ...run(OURS), metadata: { name: "mine", namespace: OURS } };
    assert.deepEqual(
      [await create("ml-editor", RunKind, another), await create("ml-viewer", RunKind, { ...another, metadata: { name: "x", namespace: OURS } })],
      [200, 403],
    );
    assert.equal(await create("ml-editor", RunKind, { ...another, metadata: { name: "x", namespace: THEIRS } }), 403);
  });

  it("read no secrets, neither their own project's nor another's", async () => {
    for (const namespace of [OURS, THEIRS, "flyteops-system"]) assert.equal(await read("ml-editor", Kinds.Secret, namespace, "s"), 403, namespace);
  });

  it("start no pods by themselves and make no way to more rights", async () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: OURS }, spec: { containers: [{ name: "c", image: "x" }] } } as KubeObject;
    assert.equal(await create("ml-editor", Kinds.Pod, pod), 403);
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
    const subjects = [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "ml-editor" }];
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "up", namespace: OURS },
      roleRef,
      subjects,
    } as KubeObject;
    assert.equal(await create("ml-editor", Kinds.RoleBinding, binding), 403);
    assert.equal(await create("ml-editor", KINDS["ClusterRoleBinding"]!, { ...binding, kind: "ClusterRoleBinding", metadata: { name: "up" } }), 403);
  });

  it("edit a namespace with the role of the cluster and still stay in it", async () => {
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" };
    const subjects = [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "eddie" }];
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "eddie", namespace: OURS },
      roleRef,
      subjects,
    } as KubeObject;
    await cluster.client.create(Kinds.RoleBinding, binding);
    assert.deepEqual([await read("eddie", Kinds.Secret, OURS, "s"), await read("eddie", Kinds.Secret, THEIRS, "s")], [200, 403]);
    assert.equal(await create("eddie", Kinds.RoleBinding, { ...binding, metadata: { name: "again", namespace: OURS } }), 403);
    assert.equal(await read("eddie", RunKind, THEIRS, "r"), 403);
    assert.equal(await read("eddie", Kinds.Namespace, "", THEIRS), 403);
  });
});
