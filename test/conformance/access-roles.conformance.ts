import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";
import { gadget } from "./support/gadget.ts";
import { type Person, usePeople } from "./support/person.ts";
import { bind, grant, RBAC, roleRef, userSubject } from "./support/roles.ts";

const message = (reply: { readonly body: unknown }): string => textAt(reply.body, "message");

describe("conformance: roles", function () {
  this.timeout(40_000);
  const cluster = useCluster();
  const person = usePeople();
  const as = (user: string, groups?: readonly string[]): Person => person(cluster.kubeconfig, { user, ...(groups ? { groups } : {}) });
  /** Cluster-wide objects of this suite. */
  const own = (name: string) => `${name}-${cluster.namespace}`;
  const clusterWide: string[] = [];

  async function createForAll(path: string, body: unknown): Promise<void> {
    ok(await cluster.api.create(path, body));
    clusterWide.push(`${path}/${textAt(body, "metadata.name")}`);
  }

  after(() => Promise.all(clusterWide.map((path) => cluster.api.delete(path))));

  /** Rights take effect a moment after they are written. */
  const allowed = (ask: () => Promise<{ status: number }>) => eventually("the right takes effect", async () => (await ask()).status !== 403);

  it("refuse what no role allows, and say who, what and where", async () => {
    const { namespace, configMaps, gadgets } = cluster;
    const nobody = as("nemo");
    const list = await nobody.get(configMaps);
    assert.equal(list.status, 403);
    assert.deepEqual(list.body, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: `configmaps is forbidden: User "nemo" cannot list resource "configmaps" in API group "" in the namespace "${namespace}"`,
      reason: "Forbidden",
      details: { kind: "configmaps" },
      code: 403,
    });
    assert.equal(
      message(await nobody.get(`${gadgets}/x/status`)),
      `gadgets.conformance.flyteops.dev "x" is forbidden: User "nemo" cannot get resource "gadgets/status" in API group "conformance.flyteops.dev" in the namespace "${namespace}"`,
    );
    assert.equal(
      message(await nobody.get("/api/v1/nodes")),
      'nodes is forbidden: User "nemo" cannot list resource "nodes" in API group "" at the cluster scope',
    );
    assert.equal(message(await nobody.get("/metrics/cadvisor")), 'forbidden: User "nemo" cannot get path "/metrics/cadvisor"');
  });

  it("refuse before they say whether anything is there", async () => {
    const nobody = as("nemo");
    assert.equal((await nobody.get("/apis/nope.dev/v1/things")).status, 403);
    assert.equal((await nobody.get(`${cluster.configMaps}/absent`)).status, 403);
    assert.equal((await nobody.get("/nowhere")).status, 403);
  });

  it("let everybody who is known discover what is served, and health and version even those who are not", async () => {
    const nobody = as("nemo");
    for (const path of ["/api", "/api/v1", "/apis", "/openapi/v3", "/version", "/readyz"]) assert.equal((await nobody.get(path)).status, 200, path);
    const anonymous = person(cluster.kubeconfig, "nobody");
    for (const path of ["/version", "/healthz", "/livez", "/readyz"]) assert.equal((await anonymous.get(path)).status, 200, path);
    assert.equal(message(await anonymous.get("/api")), 'forbidden: User "system:anonymous" cannot get path "/api"');
    assert.equal((await anonymous.get(cluster.pods)).status, 403);
  });

  it("know each verb by what the request does", async () => {
    const { configMaps } = cluster;
    const nobody = as("nemo");
    const verb = async (asked: Promise<{ readonly body: unknown }>) => /cannot (\S+) resource/.exec(message(await asked))?.[1];
    assert.deepEqual(
      await Promise.all([
        verb(nobody.get(configMaps)),
        verb(nobody.get(`${configMaps}?watch=1`)),
        verb(nobody.get(`${configMaps}/x`)),
        verb(nobody.create(configMaps, {})),
        verb(nobody.replace(`${configMaps}/x`, {})),
        verb(nobody.patch(`${configMaps}/x`, {})),
        verb(nobody.apply(`${configMaps}/x`, {})),
        verb(nobody.delete(`${configMaps}/x`)),
        verb(nobody.delete(configMaps)),
        verb(nobody.create(`${cluster.pods}/x/exec?command=ls`, {})),
        verb(nobody.get(`${cluster.pods}/x/log`)),
      ]),
      ["list", "watch", "get", "create", "update", "patch", "patch", "delete", "deletecollection", "create", "get"],
    );
  });

  it("allow what a Role says, in its namespace and nowhere else", async () => {
    const { api, namespace, configMaps } = cluster;
    await grant(api, namespace, "reader", "reads", [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }]);
    const reader = as("reader");
    await allowed(() => reader.get(configMaps));
    assert.equal((await reader.get(`${configMaps}/absent`)).status, 404);
    assert.equal((await reader.create(configMaps, { metadata: { name: "x" } })).status, 403);
    assert.equal((await reader.get("/api/v1/namespaces/default/configmaps")).status, 403);
    assert.equal((await reader.get("/api/v1/configmaps")).status, 403);
    assert.equal((await reader.get(cluster.pods)).status, 403);
  });

  it("allow by name only what has that name, and a list or a watch of it that selects just that", async () => {
    const { api, namespace, configMaps } = cluster;
    await grant(api, namespace, "one", "one-map", [
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["mine"], verbs: ["get", "list", "update", "create"] },
    ]);
    const one = as("one");
    await allowed(() => one.get(`${configMaps}/mine`));
    assert.equal((await one.get(`${configMaps}/other`)).status, 403);
    assert.equal((await one.get(configMaps)).status, 403);
    assert.equal((await one.get(`${configMaps}?fieldSelector=metadata.name%3Dmine`)).status, 200);
    assert.equal((await one.get(`${configMaps}?fieldSelector=metadata.name%3Dother`)).status, 403);
    assert.equal((await one.create(configMaps, { metadata: { name: "mine" } })).status, 403, "a creation has no name yet");
  });

  it("take the right to a kind and the right to its status for two", async () => {
    const { api, namespace, gadgets } = cluster;
    ok(await api.create(gadgets, gadget("watched", { size: 1 })));
    const group = ["conformance.flyteops.dev"];
    await grant(api, namespace, "specifier", "specifies", [{ apiGroups: group, resources: ["gadgets"], verbs: ["get", "patch"] }]);
    await grant(api, namespace, "reporter", "reports", [{ apiGroups: group, resources: ["gadgets/status"], verbs: ["get", "patch"] }]);
    const [specifier, reporter] = [as("specifier"), as("reporter")];
    await allowed(() => specifier.get(`${gadgets}/watched`));
    await allowed(() => reporter.get(`${gadgets}/watched/status`));
    assert.equal((await specifier.patch(`${gadgets}/watched`, { spec: { size: 2 } })).status, 200);
    assert.equal((await specifier.patch(`${gadgets}/watched/status`, { status: { phase: "x" } })).status, 403);
    assert.equal((await reporter.patch(`${gadgets}/watched/status`, { status: { phase: "x" } })).status, 200);
    assert.equal((await reporter.patch(`${gadgets}/watched`, { spec: { size: 3 } })).status, 403);
  });

  it("want the right to create also from an apply or a replacement that finds nothing", async () => {
    const { api, namespace, configMaps } = cluster;
    await grant(api, namespace, "patcher", "patches", [
      { apiGroups: ["", "coordination.k8s.io"], resources: ["configmaps", "leases"], verbs: ["patch", "update"] },
    ]);
    const patcher = as("patcher");
    ok(await api.create(configMaps, { metadata: { name: "there" } }));
    await allowed(() => patcher.patch(`${configMaps}/there`, { data: { a: "b" } }));
    const applied = await patcher.apply(`${configMaps}/new`, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "new" } });
    assert.equal(
      message(applied),
      `configmaps "new" is forbidden: User "patcher" cannot create resource "configmaps" in API group "" in the namespace "${namespace}"`,
    );
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "new" } };
    const put = await patcher.replace(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/new`, lease);
    assert.match(message(put), /"new" is forbidden: User "patcher" cannot create resource "leases"/);
  });

  it("want the right to create for a stream into a pod, however it is opened", async () => {
    const { api, namespace, pods } = cluster;
    await grant(api, namespace, "peeper", "peeps", [{ apiGroups: [""], resources: ["pods/exec", "pods/portforward"], verbs: ["get"] }]);
    const peeper = as("peeper");
    await eventually("get is allowed", async () => !message(await peeper.get(`${pods}/x/exec?command=ls`)).includes("cannot get"));
    for (const path of [`${pods}/x/exec?command=ls`, `${pods}/x/portforward?ports=1`]) {
      const reply = await peeper.get(path);
      assert.deepEqual([reply.status, message(reply)], [403, 'pods "x" is forbidden: '], path);
    }
    assert.match(message(await peeper.create(`${pods}/x/exec?command=ls`, {})), /User "peeper" cannot create resource "pods\/exec"/);
  });

  it("reach everywhere when they are cluster-wide, and wildcards reach everything", async () => {
    const { api } = cluster;
    await createForAll(`${RBAC}/clusterroles`, {
      metadata: { name: own("watchman") },
      rules: [
        { apiGroups: ["*"], resources: ["*/status"], verbs: ["get"] },
        { apiGroups: [""], resources: ["configmaps"], verbs: ["*"] },
        { nonResourceURLs: ["/metrics/*"], verbs: ["get"] },
      ],
    });
    const binding = { metadata: { name: own("watchman") }, roleRef: roleRef("ClusterRole", own("watchman")), subjects: [userSubject("watchman")] };
    await createForAll(`${RBAC}/clusterrolebindings`, binding);
    const watchman = as("watchman");
    await allowed(() => watchman.get("/api/v1/configmaps"));
    assert.notEqual((await watchman.get(`${cluster.gadgets}/absent/status`)).status, 403);
    assert.equal((await watchman.get(`${cluster.gadgets}/absent`)).status, 403);
    assert.equal((await watchman.create(cluster.configMaps, { metadata: { name: "by-watchman" } })).status, 201);
    assert.notEqual((await watchman.get("/metrics/cadvisor")).status, 403);
    assert.equal((await watchman.get("/metrics")).status, 403);
    ok(await api.delete(`${RBAC}/clusterrolebindings/${own("watchman")}`));
    await eventually("the right is gone", async () => (await watchman.get("/api/v1/configmaps")).status === 403);
  });

  it("are given to users, groups and service accounts", async () => {
    const { api, namespace, configMaps } = cluster;
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }];
    ok(await api.create(`${RBAC}/namespaces/${namespace}/roles`, { metadata: { name: "lists" }, rules }));
    const subjects = [
      { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "crew" },
      { kind: "ServiceAccount", name: "robot", namespace },
    ];
    ok(await api.create(`${RBAC}/namespaces/${namespace}/rolebindings`, { metadata: { name: "lists" }, roleRef: roleRef("Role", "lists"), subjects }));
    await allowed(() => as("someone", ["crew"]).get(configMaps));
    assert.equal((await as(`system:serviceaccount:${namespace}:robot`).get(configMaps)).status, 200);
    assert.equal((await as("system:serviceaccount:default:robot").get(configMaps)).status, 403);
    assert.equal((await as("crew").get(configMaps)).status, 403);
  });

  it("gather the rules of those that a label names", async () => {
    const label = `${cluster.namespace}.dev/part-of`;
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { [label]: "whole" } }] };
    await createForAll(`${RBAC}/clusterroles`, { metadata: { name: own("whole") }, aggregationRule, rules: [] });
    const part = { apiGroups: ["parts.dev"], resources: ["parts"], verbs: ["get"] };
    await createForAll(`${RBAC}/clusterroles`, { metadata: { name: own("part"), labels: { [label]: "whole" } }, rules: [part] });
    const resources = async () => listAt((await cluster.api.get(`${RBAC}/clusterroles/${own("whole")}`)).body, "rules").map((rule) => at(rule, "resources.0"));
    await eventually("the rules are gathered", async () => (await resources()).join() === "parts");
    ok(await cluster.api.delete(`${RBAC}/clusterroles/${own("part")}`));
    await eventually("the rules are let go", async () => (await resources()).length === 0);
  });

  it("are there for people from the start: view reads no secrets, edit writes no roles, admin does", async () => {
    const { api, namespace } = cluster;
    for (const role of ["view", "edit", "admin"]) await bind(api, namespace, `person-${role}`, role);
    const [viewer, editor, admin] = ["view", "edit", "admin"].map((role) => as(`person-${role}`)) as [Person, Person, Person];
    await allowed(() => viewer.get(cluster.pods));
    await allowed(() => editor.get(cluster.pods));
    await allowed(() => admin.get(cluster.pods));
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const roles = `${RBAC}/namespaces/${namespace}/roles`;
    assert.deepEqual(await Promise.all([viewer, editor, admin].map(async (who) => (await who.get(secrets)).status)), [403, 200, 200]);
    assert.deepEqual(await Promise.all([viewer, editor, admin].map(async (who) => (await who.get(roles)).status)), [403, 403, 200]);
    assert.equal((await editor.create(cluster.configMaps, { metadata: { name: "by-editor" } })).status, 201);
    assert.equal((await admin.get(cluster.gadgets)).status, 403, "nobody has told the roles of custom kinds");
  });

  describe("that somebody writes", () => {
    let admin: Person;
    before(async () => {
      await bind(cluster.api, cluster.namespace, "owner", "admin");
      admin = as("owner", ["owners"]);
      await allowed(() => admin.get(cluster.pods));
    });

    it("cannot hold more than the writer has", async () => {
      const rules = [
        { apiGroups: [""], resources: ["nodes", "pods"], verbs: ["get", "list"] },
        { apiGroups: ["a.dev"], resources: ["x"], resourceNames: ["n"], verbs: ["*"] },
      ];
      const reply = await admin.create(`${RBAC}/namespaces/${cluster.namespace}/roles`, { metadata: { name: "greedy" }, rules });
      assert.equal(reply.status, 403);
      assert.equal(
        message(reply),
        `roles.rbac.authorization.k8s.io "greedy" is forbidden: user "owner" (groups=["owners" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}
{APIGroups:["a.dev"], Resources:["x"], ResourceNames:["n"], Verbs:["*"]}`,
      );
    });

    it("cannot grow beyond it later", async () => {
      const path = `${RBAC}/namespaces/${cluster.namespace}/roles`;
      const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
      assert.equal((await admin.create(path, { metadata: { name: "modest" }, rules })).status, 201);
      assert.equal((await admin.patch(`${path}/modest`, { rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }] })).status, 403);
      assert.equal((await admin.patch(`${path}/modest`, { metadata: { labels: { a: "b" } } })).status, 200);
    });

    it("cannot bind to what the writer has not, unless bind is allowed", async () => {
      const { api, namespace } = cluster;
      const path = `${RBAC}/namespaces/${namespace}/rolebindings`;
      const binding = (name: string, role: string) => ({ metadata: { name }, roleRef: roleRef("ClusterRole", role), subjects: [userSubject("friend")] });
      const reply = await admin.create(path, binding("too-much", "cluster-admin"));
      assert.equal(
        message(reply),
        `rolebindings.rbac.authorization.k8s.io "too-much" is forbidden: user "owner" (groups=["owners" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:["*"], Resources:["*"], Verbs:["*"]}
{NonResourceURLs:["*"], Verbs:["*"]}`,
      );
      assert.equal((await admin.create(path, binding("enough", "view"))).status, 201);
      const absent = await admin.create(path, binding("absent", own("no-such-role")));
      assert.equal(absent.status, 404);
      await createForAll(`${RBAC}/clusterroles`, { metadata: { name: own("special") }, rules: [{ apiGroups: ["s.dev"], resources: ["s"], verbs: ["get"] }] });
      assert.equal((await admin.create(path, binding("special", own("special")))).status, 403);
      const may = [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], resourceNames: [own("special")], verbs: ["bind"] }];
      await grant(api, namespace, "owner", "may-bind", may);
      await eventually("bind is allowed", async () => (await admin.create(path, binding("special", own("special")))).status === 201);
    });

    it("may hold more for whom escalate is allowed", async () => {
      const { api, namespace } = cluster;
      const rbac = ["rbac.authorization.k8s.io"];
      await grant(api, namespace, "climber", "climbs", [{ apiGroups: rbac, resources: ["roles"], verbs: ["create", "escalate"] }]);
      const climber = as("climber");
      const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }];
      await eventually("escalate is allowed", async () => {
        return (await climber.create(`${RBAC}/namespaces/${namespace}/roles`, { metadata: { name: "climbed" }, rules })).status === 201;
      });
    });
  });

  it("say which of them are missing when that may be why", async () => {
    const { api, namespace, configMaps } = cluster;
    await bind(api, namespace, "dora", own("gone"));
    const why = `RBAC: clusterrole.rbac.authorization.k8s.io "${own("gone")}" not found`;
    await eventually("the refusal says why", async () => message(await as("dora").get(configMaps)).endsWith(`: ${why}`));
  });
});
