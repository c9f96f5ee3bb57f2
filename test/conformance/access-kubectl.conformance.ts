import assert from "node:assert/strict";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { textAt } from "./support/api.ts";
import { eventually, ok } from "./support/cluster.ts";
import { describeKubectl } from "./support/kubectl.ts";
import { bind } from "./support/roles.ts";

interface Kubeconfig {
  readonly clusters: readonly object[];
  readonly [more: string]: unknown;
}

/** A kubeconfig for the same server with nothing but a token. */
function withToken(kubeconfig: string, token: string, namespace: string): string {
  const { clusters } = parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  const cluster = { ...clusters[0], name: "c" };
  const context = { name: "c", context: { cluster: "c", user: "u", namespace } };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [cluster],
    users: [{ name: "u", user: { token } }],
    contexts: [context],
    "current-context": "c",
  });
}

describeKubectl("kubectl and rights", (kubectl) => {
  const { cluster, run, done } = kubectl;
  /** Before 1.28 kubectl asked for versions of the review that newer servers have dropped. */
  const knowsItself = Number(kubectl.version.split(".")[1]) >= 28;
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "conformance-access-"));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it("says what may be done, by whom it is asked", async () => {
    await bind(cluster.api, cluster.namespace, "eddie", "edit");
    assert.equal((await done(["auth", "can-i", "create", "pods"])).trim(), "yes");
    await eventually("the right takes effect", async () => (await run(["auth", "can-i", "create", "pods", "--as", "eddie"])).out.trim() === "yes");
    const no = await run(["auth", "can-i", "create", "roles", "--as", "eddie"]);
    assert.deepEqual([no.code, no.out.trim()], [1, "no"]);
    assert.equal((await run(["auth", "can-i", "get", "secrets", "--as", "eddie", "-n", "default"])).out.trim(), "no");
    assert.equal((await run(["auth", "can-i", "get", "pods/log", "--as", "eddie"])).out.trim(), "yes");
    assert.equal((await run(["auth", "can-i", "get", "/version", "--as", "eddie"])).out.trim(), "yes");
  });

  it("lists everything that may be done", async () => {
    await bind(cluster.api, cluster.namespace, "vera", "view");
    await eventually("the right takes effect", async () => (await run(["auth", "can-i", "get", "pods", "--as", "vera"])).code === 0);
    const list = await done(["auth", "can-i", "--list", "--as", "vera"]);
    assert.match(list, /^Resources +Non-Resource URLs +Resource Names +Verbs$/m);
    assert.match(list, /^pods\/log +\[\] +\[\] +\[get list watch\]$/m);
    assert.match(list, /^selfsubjectaccessreviews.authorization.k8s.io +\[\] +\[\] +\[create\]$/m);
    assert.match(list, /^ +\[\/openapi\/\*\] +\[\] +\[get\]$/m);
    assert.doesNotMatch(list, /^secrets/m);
  });

  it("makes tokens that let in", async () => {
    await done(["create", "serviceaccount", "robot"]);
    const token = (await done(["create", "token", "robot", "--duration", "20m"])).trim();
    const path = join(directory, "robot");
    await writeFile(path, withToken(cluster.kubeconfig, token, cluster.namespace));
    const robot = (...args: string[]) => run(["--kubeconfig", path, ...args]);
    const name = `system:serviceaccount:${cluster.namespace}:robot`;
    assert.match((await robot("get", "pods")).err, new RegExp(`pods is forbidden: User "${name}" cannot list resource "pods"`));
    const subjects = [{ kind: "ServiceAccount", name: "robot", namespace: cluster.namespace }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" };
    const bindings = `/apis/rbac.authorization.k8s.io/v1/namespaces/${cluster.namespace}/rolebindings`;
    ok(await cluster.api.create(bindings, { metadata: { name: "robot" }, subjects, roleRef }));
    await eventually("the right takes effect", async () => (await robot("get", "pods")).code === 0);
    if (knowsItself) assert.match((await robot("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")).out, new RegExp(`^${name}$`));
    assert.match((await robot("delete", "pods", "--all")).err, /cannot deletecollection|^No resources found|^$/m);
  });

  it("acts as somebody else", async () => {
    const { err } = await run(["get", "secrets", "--as", "nemo", "--as-group", "crew"]);
    assert.match(err, /^Error from server \(Forbidden\): secrets is forbidden: User "nemo" cannot list resource "secrets"/);
    if (!knowsItself) return;
    const who = await done(["auth", "whoami", "--as", "nemo", "--as-group", "crew", "-o", "json"]);
    assert.equal(textAt(JSON.parse(who), "status.userInfo.username"), "nemo");
  });

  it("makes roles and bindings, and reconciles them", async () => {
    await done(["create", "role", "reads", "--verb=get,list", "--resource=configmaps,pods/log"]);
    await done(["create", "rolebinding", "reads", "--role=reads", "--user=rita", `--serviceaccount=${cluster.namespace}:robot`]);
    await eventually("the right takes effect", async () => (await run(["get", "configmaps", "--as", "rita"])).code === 0);
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "reads", namespace: cluster.namespace },
      rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
    };
    await done(["auth", "reconcile", "-f", "-"], JSON.stringify(role));
    const resources = await done(["get", "role", "reads", "-o", "jsonpath={.rules[*].resources}"]);
    assert.match(resources, /configmaps[\s\S]*secrets/);
  });

  it("shows quotas and limits as they stand", async () => {
    await done(["create", "quota", "small", "--hard=pods=1,requests.cpu=1"]);
    await eventually("the quota is counted", async () => /pods: 0\/1, requests.cpu: 0\/1/.test(await done(["get", "quota", "small"])));
    assert.match(await done(["describe", "quota", "small"]), /pods +0 +1[\s\S]*requests.cpu +0 +1/);
    const { err } = await run(["run", "silent", "--image=x"]);
    assert.match(err, /pods "silent" is forbidden: failed quota: small: must specify requests.cpu for: silent/);
  });
});
