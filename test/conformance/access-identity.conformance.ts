import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { at, listAt, type Reply, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";
import { usePeople } from "./support/person.ts";
import { grant, RBAC, roleRef, userSubject } from "./support/roles.ts";

const WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const ISSUER = "https://kubernetes.default.svc";
const message = (reply: Reply): string => textAt(reply.body, "message");

/** The claims of a token. */
function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

describe("conformance: service account tokens", function () {
  this.timeout(40_000);
  const cluster = useCluster();
  const person = usePeople();
  const accounts = () => `/api/v1/namespaces/${cluster.namespace}/serviceaccounts`;
  const request = async (spec: unknown, account = "robot") => cluster.api.create(`${accounts()}/${account}/token`, { spec });
  const token = async (spec: unknown = {}) => textAt(ok(await request(spec)), "status.token");
  const works = async (text: string) => (await person(cluster.kubeconfig, { token: text }).create(WHO, {})).status;
  let uid = "";

  before(async () => {
    uid = textAt(ok(await cluster.api.create(accounts(), { metadata: { name: "robot" } })), "metadata.uid");
  });

  it("are made on request, for an hour unless asked otherwise, and say for whom, by whom and until when", async () => {
    const reply = ok(await request({}));
    assert.deepEqual([at(reply, "kind"), at(reply, "spec.audiences"), at(reply, "spec.expirationSeconds")], ["TokenRequest", [ISSUER], 3600]);
    const claims = claimsOf(textAt(reply, "status.token"));
    assert.equal(at(claims, "sub"), `system:serviceaccount:${cluster.namespace}:robot`);
    assert.deepEqual([at(claims, "iss"), at(claims, "aud")], [ISSUER, [ISSUER]]);
    assert.equal(Number(at(claims, "exp")) - Number(at(claims, "iat")), 3600);
    assert.deepEqual((claims as Record<string, unknown>)["kubernetes.io"], { namespace: cluster.namespace, serviceaccount: { name: "robot", uid } });
    assert.equal(Date.parse(textAt(reply, "status.expirationTimestamp")) / 1000, at(claims, "exp"));
  });

  it("let in as the service account, with its groups", async () => {
    const who = ok(await person(cluster.kubeconfig, { token: await token() }).create(WHO, {}));
    const user = at(who, "status.userInfo");
    assert.deepEqual([at(user, "username"), at(user, "uid")], [`system:serviceaccount:${cluster.namespace}:robot`, uid]);
    assert.deepEqual(at(user, "groups"), ["system:serviceaccounts", `system:serviceaccounts:${cluster.namespace}`, "system:authenticated"]);
    const credential = (at(user, "extra") as Record<string, string[]>)["authentication.kubernetes.io/credential-id"];
    assert.match(String(credential), /^JTI=[0-9a-f-]{36}$/);
  });

  it("have the rights of the service account", async () => {
    const { api, namespace, configMaps } = cluster;
    const robot = person(cluster.kubeconfig, { token: await token() });
    assert.equal(
      message(await robot.get(configMaps)),
      `configmaps is forbidden: User "system:serviceaccount:${namespace}:robot" cannot list resource "configmaps" in API group "" in the namespace "${namespace}"`,
    );
    ok(
      await api.create(`${RBAC}/namespaces/${namespace}/roles`, {
        metadata: { name: "robot" },
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }],
      }),
    );
    const subjects = [{ kind: "ServiceAccount", name: "robot", namespace }];
    ok(await api.create(`${RBAC}/namespaces/${namespace}/rolebindings`, { metadata: { name: "robot" }, roleRef: roleRef("Role", "robot"), subjects }));
    await eventually("the right takes effect", async () => (await robot.get(configMaps)).status === 200);
  });

  it("convince nobody when they are meant for others, are cut or made up", async () => {
    const good = await token();
    assert.equal(await works(good), 201);
    assert.equal(await works(await token({ audiences: ["https://elsewhere.dev"] })), 401);
    assert.equal(await works(good.slice(0, -6)), 401);
    const [header, , signature] = good.split(".");
    const claims = claimsOf(good) as Record<string, unknown>;
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: "system:serviceaccount:kube-system:default" })).toString("base64url");
    assert.equal(await works(`${header}.${forged}.${signature}`), 401);
    assert.equal(await works("made.up.token"), 401);
    const unsigned = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    assert.equal(await works(`${unsigned}.${good.split(".")[1]}.`), 401);
  });

  it("live and die with the pod they are bound to", async () => {
    const { api, pods } = cluster;
    const pod = { metadata: { name: "host" }, spec: { serviceAccountName: "robot", nodeName: "no-such-node", containers: [{ name: "c", image: "x" }] } };
    await eventually("the pod is made", async () => (await api.create(pods, pod)).status === 201);
    const bound = await token({ boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "host" } });
    const { pod: claim } = (claimsOf(bound) as Record<string, Record<string, unknown>>)["kubernetes.io"] ?? {};
    assert.deepEqual(Object.keys(claim as object), ["name", "uid"]);
    const who = ok(await person(cluster.kubeconfig, { token: bound }).create(WHO, {}));
    assert.deepEqual((at(who, "status.userInfo.extra") as Record<string, string[]>)["authentication.kubernetes.io/pod-name"], ["host"]);
    ok(await api.delete(`${pods}/host`, { gracePeriodSeconds: 0 }));
    await eventually("the token is refused", async () => (await works(bound)) === 401, 30_000);
  });

  it("go on for a year where a kubelet mounts them, and tell when they should have been renewed", async () => {
    const { api, pods } = cluster;
    const pod = { metadata: { name: "mounted" }, spec: { serviceAccountName: "robot", nodeName: "no-such-node", containers: [{ name: "c", image: "x" }] } };
    ok(await api.create(pods, pod));
    const claims = claimsOf(await token({ expirationSeconds: 3607, boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "mounted" } }));
    assert.equal(Number(at(claims, "exp")) - Number(at(claims, "iat")), 365 * 24 * 3600);
    assert.equal(Number((claims as Record<string, Record<string, number>>)["kubernetes.io"]?.["warnafter"]) - Number(at(claims, "iat")), 3607);
    ok(await api.delete(`${pods}/mounted`, { gracePeriodSeconds: 0 }));
  });

  it("are not made for what is not there, is somebody else's, or for too short a time", async () => {
    const bound = (kind: string, name: string, more: object = {}) => request({ boundObjectRef: { kind, apiVersion: "v1", name, ...more } });
    assert.equal(message(await request({}, "nobody")), 'serviceaccounts "nobody" not found');
    assert.equal(message(await bound("Pod", "none")), 'pods "none" not found');
    assert.equal(message(await bound("Secret", "none")), 'secrets "none" not found');
    assert.equal(message(await bound("ConfigMap", "none")), "cannot bind token to object of type /v1, Kind=ConfigMap");
    assert.equal(
      message(await request({ expirationSeconds: 10 })),
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
    );
    ok(await cluster.api.create(`/api/v1/namespaces/${cluster.namespace}/secrets`, { metadata: { name: "bond" } }));
    assert.equal((await bound("Secret", "bond", { uid: "0" })).status, 409);
    assert.equal((await bound("Secret", "bond")).status, 201);
    const other = await cluster.api.create(`${accounts()}/robot/token`, { metadata: { name: "other" }, spec: {} });
    assert.match(message(other), /metadata.name: Invalid value: "other": must match the service account name if specified/);
    assert.equal((await cluster.api.get(`${accounts()}/robot/token`)).status, 405);
  });

  it("can be checked by anybody with the published keys", async () => {
    const text = await token();
    const [header = "", claims = "", signature = ""] = text.split(".");
    const { kid, alg } = JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string; alg: string };
    const keys = listAt(ok(await cluster.api.getAs("/openid/v1/jwks", "application/jwk-set+json")), "keys") as { kid: string }[];
    const jwk = keys.find((key) => key.kid === kid);
    assert.ok(jwk, "the key of the token is published");
    const key = createPublicKey({ key: jwk as never, format: "jwk" });
    const form = alg.startsWith("ES") ? ({ dsaEncoding: "ieee-p1363" } as const) : {};
    assert.ok(verify("sha256", Buffer.from(`${header}.${claims}`), { key, ...form }, Buffer.from(signature, "base64url")));
    const about = ok(await cluster.api.get("/.well-known/openid-configuration"));
    assert.deepEqual([at(about, "issuer"), at(about, "id_token_signing_alg_values_supported")], [ISSUER, [alg]]);
  });

  it("are reviewed for those who may ask", async () => {
    const review = (spec: unknown) => cluster.api.create("/apis/authentication.k8s.io/v1/tokenreviews", { spec });
    const good = ok(await review({ token: await token() }));
    assert.deepEqual([at(good, "status.authenticated"), at(good, "status.audiences")], [true, [ISSUER]]);
    assert.equal(at(good, "status.user.username"), `system:serviceaccount:${cluster.namespace}:robot`);
    const elsewhere = await token({ audiences: ["elsewhere"] });
    assert.equal(at(ok(await review({ token: elsewhere })), "status.authenticated"), undefined);
    assert.equal(at(ok(await review({ token: elsewhere, audiences: ["elsewhere", "more"] })), "status.authenticated"), true);
    const bad = at(ok(await review({ token: "made up" })), "status");
    assert.deepEqual(bad, { user: {}, error: "invalid bearer token" });
    assert.equal((await person(cluster.kubeconfig, { user: "nemo" }).create("/apis/authentication.k8s.io/v1/tokenreviews", { spec: {} })).status, 403);
  });

  it("end with their service account, also when one of the same name comes", async () => {
    ok(await cluster.api.create(accounts(), { metadata: { name: "brief" } }));
    const text = textAt(ok(await request({}, "brief")), "status.token");
    assert.equal(await works(text), 201);
    ok(await cluster.api.delete(`${accounts()}/brief`));
    ok(await cluster.api.create(accounts(), { metadata: { name: "brief" } }));
    await eventually("the token is refused", async () => (await works(text)) === 401, 30_000);
  });
});

describe("conformance: impersonation", function () {
  this.timeout(40_000);
  const cluster = useCluster();
  const person = usePeople();
  const who = async (reply: Promise<Reply>) => at(ok(await reply), "status.userInfo");
  const role = () => `impersonator-${cluster.namespace}`;

  after(async () => {
    await cluster.api.delete(`${RBAC}/clusterrolebindings/${role()}`);
    await cluster.api.delete(`${RBAC}/clusterroles/${role()}`);
  });

  it("makes a request somebody else's, with groups, uid and extra as said", async () => {
    const identity = { user: "joe", groups: ["dev", "CN=ops,OU=x"], uid: "7", extra: { "why.dev/reason": ["a", "b"] } };
    assert.deepEqual(await who(person(cluster.kubeconfig, identity).create(WHO, {})), {
      username: "joe",
      uid: "7",
      groups: ["dev", "CN=ops,OU=x", "system:authenticated"],
      extra: { "why.dev/reason": ["a", "b"] },
    });
  });

  it("knows the groups of service accounts", async () => {
    const user = await who(person(cluster.kubeconfig, { user: "system:serviceaccount:ml:sync" }).create(WHO, {}));
    assert.deepEqual(at(user, "groups"), ["system:serviceaccounts", "system:serviceaccounts:ml", "system:authenticated"]);
  });

  it("takes all rights of the impersonator away", async () => {
    const joe = person(cluster.kubeconfig, { user: "joe" });
    assert.equal((await joe.get("/api/v1/nodes")).status, 403);
    const anonymous = await person(cluster.kubeconfig, { user: "system:anonymous" }).create(WHO, {});
    assert.match(message(anonymous), /User "system:anonymous" cannot create resource "selfsubjectreviews"/);
  });

  it("needs a user", async () => {
    const identity = { token: "", groups: ["dev"] };
    const administrator = person(cluster.kubeconfig, { user: "", groups: identity.groups });
    const reply = await administrator.get(cluster.configMaps);
    assert.equal(reply.status, 400);
    assert.match(message(reply), /^requested .*Groups:\[\]string\{"dev"\}.* without impersonating a user name$/);
  });

  it("needs the right to impersonate each part of it", async () => {
    const { api, namespace, kubeconfig } = cluster;
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    ok(await api.create(accounts, { metadata: { name: "actor" } }));
    const token = textAt(ok(await api.create(`${accounts}/actor/token`, { spec: {} })), "status.token");
    const actor = `system:serviceaccount:${namespace}:actor`;
    const first = await person(kubeconfig, { token, user: "bob" }).create(WHO, {});
    assert.equal(first.status, 403);
    assert.match(message(first), new RegExp(`User "${actor}" cannot impersonate`));
    const rules = [{ apiGroups: [""], resources: ["users"], resourceNames: ["bob"], verbs: ["impersonate"] }];
    ok(await api.create(`${RBAC}/clusterroles`, { metadata: { name: role() }, rules }));
    const subjects = [{ kind: "ServiceAccount", name: "actor", namespace }];
    ok(await api.create(`${RBAC}/clusterrolebindings`, { metadata: { name: role() }, roleRef: roleRef("ClusterRole", role()), subjects }));
    await eventually("the right takes effect", async () => (await person(kubeconfig, { token, user: "bob" }).create(WHO, {})).status === 201);
    assert.equal(
      message(await person(kubeconfig, { token, user: "carl" }).create(WHO, {})),
      `users "carl" is forbidden: User "${actor}" cannot impersonate resource "users" in API group "" at the cluster scope`,
    );
    assert.equal(
      message(await person(kubeconfig, { token, user: "bob", groups: ["system:masters"] }).create(WHO, {})),
      `groups "system:masters" is forbidden: User "${actor}" cannot impersonate resource "groups" in API group "" at the cluster scope`,
    );
    assert.equal(
      message(await person(kubeconfig, { token, user: "system:serviceaccount:kube-system:default" }).create(WHO, {})),
      `serviceaccounts "default" is forbidden: User "${actor}" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "kube-system"`,
    );
  });

  it("lets edit act as the service accounts of its namespace", async () => {
    const { api, namespace, kubeconfig } = cluster;
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    ok(await api.create(accounts, { metadata: { name: "editor" } }));
    const token = textAt(ok(await api.create(`${accounts}/editor/token`, { spec: {} })), "status.token");
    const binding = {
      metadata: { name: "editor" },
      roleRef: roleRef("ClusterRole", "edit"),
      subjects: [{ kind: "ServiceAccount", name: "editor", namespace }],
    };
    ok(await api.create(`${RBAC}/namespaces/${namespace}/rolebindings`, binding));
    const acting = (user: string) => person(kubeconfig, { token, user }).create(WHO, {});
    await eventually("the right takes effect", async () => (await acting(`system:serviceaccount:${namespace}:default`)).status === 201);
    assert.equal((await acting("system:serviceaccount:default:default")).status, 403);
    assert.equal((await acting("joe")).status, 403);
  });
});

describe("conformance: reviews of rights", function () {
  this.timeout(40_000);
  const cluster = useCluster();
  const person = usePeople();
  const REVIEWS = "/apis/authorization.k8s.io/v1";
  const status = (reply: Reply) => at(ok(reply), "status");

  before(() =>
    grant(cluster.api, cluster.namespace, "rita", "rita", [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["one"], verbs: ["get"] },
    ]),
  );

  it("tell callers whether they may do something, and by which binding", async () => {
    const { namespace, kubeconfig } = cluster;
    const rita = person(kubeconfig, { user: "rita" });
    const may = (spec: unknown) => rita.create(`${REVIEWS}/selfsubjectaccessreviews`, { spec });
    const pods = { resourceAttributes: { verb: "list", resource: "pods", namespace } };
    await eventually("the right takes effect", async () => at((await may(pods)).body, "status.allowed") === true);
    assert.deepEqual(status(await may(pods)), {
      allowed: true,
      reason: `RBAC: allowed by RoleBinding "rita-rita/${namespace}" of Role "rita" to User "rita"`,
    });
    assert.deepEqual(status(await may({ resourceAttributes: { verb: "list", resource: "pods" } })), { allowed: false });
    assert.equal(at(status(await may({ resourceAttributes: { verb: "get", resource: "configmaps", name: "one", namespace } })), "allowed"), true);
    assert.equal(at(status(await may({ resourceAttributes: { verb: "get", resource: "configmaps", namespace } })), "allowed"), false);
    assert.equal(at(status(await may({ nonResourceAttributes: { verb: "get", path: "/version" } })), "allowed"), true);
    assert.equal(at(status(await may({ nonResourceAttributes: { verb: "get", path: "/metrics" } })), "allowed"), false);
  });

  it("tell administrators about others", async () => {
    const { api, namespace } = cluster;
    const about = (spec: object) => api.create(`${REVIEWS}/subjectaccessreviews`, { spec });
    const resourceAttributes = { verb: "get", resource: "pods", namespace };
    assert.equal(at(status(await about({ user: "rita", resourceAttributes })), "allowed"), true);
    assert.deepEqual(status(await about({ user: "nemo", resourceAttributes })), { allowed: false });
    assert.deepEqual(status(await about({ user: "nemo", groups: ["system:masters"], resourceAttributes })), { allowed: true });
    const local = await api.create(`${REVIEWS}/namespaces/${namespace}/localsubjectaccessreviews`, { spec: { user: "rita", resourceAttributes } });
    assert.equal(at(status(local), "allowed"), true);
    assert.equal((await person(cluster.kubeconfig, { user: "rita" }).create(`${REVIEWS}/subjectaccessreviews`, { spec: {} })).status, 403);
  });

  it("refuse a question that is none", async () => {
    const { api, namespace } = cluster;
    const ask = async (path: string, spec: object) => message(await api.create(`${REVIEWS}/${path}`, { spec }));
    const resourceAttributes = { verb: "get", resource: "pods" };
    assert.match(await ask("selfsubjectaccessreviews", {}), /exactly one of nonResourceAttributes or resourceAttributes must be specified/);
    assert.match(await ask("subjectaccessreviews", { resourceAttributes }), /spec.user: Invalid value: "": at least one of user or group must be specified/);
    assert.match(
      await ask("subjectaccessreviews", { user: "a", resourceAttributes, nonResourceAttributes: { verb: "get", path: "/" } }),
      /cannot be specified in combination with resourceAttributes/,
    );
    const local = `namespaces/${namespace}/localsubjectaccessreviews`;
    assert.match(await ask(local, { user: "a", resourceAttributes }), /spec.resourceAttributes.namespace: Invalid value: "": must match metadata.namespace/);
    assert.equal(await ask("selfsubjectrulesreviews", {}), "no namespace on request");
    assert.equal((await api.get(`${REVIEWS}/selfsubjectaccessreviews`)).status, 405);
  });

  it("list all rules of the caller", async () => {
    const { namespace, kubeconfig } = cluster;
    const rita = person(kubeconfig, { user: "rita" });
    const rules = status(await rita.create(`${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace } }));
    assert.equal(at(rules, "incomplete"), false);
    const texts = listAt(rules, "resourceRules").map((rule) => JSON.stringify(rule));
    assert.ok(texts.includes(JSON.stringify({ verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] })), texts.join("\n"));
    assert.ok(texts.includes(JSON.stringify({ verbs: ["get"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["one"] })));
    assert.ok(JSON.stringify(listAt(rules, "nonResourceRules")).includes('"/openapi/*"'));
  });

  it("find nothing for who is bound to roles that are not there, and say so", async () => {
    const { api, namespace, kubeconfig } = cluster;
    const binding = { metadata: { name: "dangling" }, roleRef: roleRef("Role", "gone"), subjects: [userSubject("dana")] };
    ok(await api.create(`${RBAC}/namespaces/${namespace}/rolebindings`, binding));
    const dana = person(kubeconfig, { user: "dana" });
    await eventually("the rules tell", async () => {
      const rules = status(await dana.create(`${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace } }));
      return at(rules, "evaluationError") === 'role.rbac.authorization.k8s.io "gone" not found';
    });
  });
});
