import assert from "node:assert/strict";
import { ABSENT, isKnownAbsent } from "./support/absent.ts";
import { at, listAt, type Reply, textAt } from "./support/api.ts";
import { type Cluster, ok, useCluster } from "./support/cluster.ts";
import { KUBERNETES_RESOURCES } from "./support/kubernetes-resources.ts";

const REQUESTS = [
  ["GET", undefined],
  ["POST", {}],
  ["PUT", {}],
  ["PATCH", {}],
  ["DELETE", undefined],
] as const;

function assertSentence({ body }: Reply): void {
  assert.match(typeof body === "string" ? body : textAt(body, "message"), /\S+ \S+/);
  if (typeof body === "object") assert.deepEqual([at(body, "kind"), at(body, "status")], ["Status", "Failure"]);
}

/** By `apps/v1 deployments/scale`: what plain discovery says of it. */
async function servedBy({ api }: Cluster): Promise<ReadonlyMap<string, unknown>> {
  const groups = listAt(ok(await api.get("/apis")), "groups");
  const versions = groups.flatMap((group) => listAt(group, "versions").map((version) => textAt(version, "groupVersion")));
  const lists = await Promise.all(["/api/v1", ...versions.map((version) => `/apis/${version}`)].map(async (path) => ok(await api.get(path))));
  return new Map(lists.flatMap((list) => listAt(list, "resources").map((one) => [`${textAt(list, "groupVersion")} ${textAt(one, "name")}`, one])));
}

describe("conformance: what is there", () => {
  const cluster = useCluster();

  it("has the scope and the verbs that it has in Kubernetes 1.36", async () => {
    const served = await servedBy(cluster);
    for (const { id, namespaced, verbs } of KUBERNETES_RESOURCES) {
      const found = served.get(id);
      if (found) assert.deepEqual([id, at(found, "namespaced"), [...listAt(found, "verbs")].sort()], [id, namespaced, [...verbs].sort()]);
    }
    for (const id of ["v1 pods", "v1 pods/exec", "apps/v1 deployments/scale", "rbac.authorization.k8s.io/v1 roles"]) assert.ok(served.has(id), id);
  });
});

/** What the embedded control plane lacks: a cluster has it, so that there is nothing to ask there. */
if (!process.env["KUBECONFIG"]) {
  describe("conformance: what is absent says so", () => {
    const cluster = useCluster();

    for (const { what, method, path, body, status } of ABSENT) {
      it(`answers ${status} and a sentence to whoever asks for ${what}`, async () => {
        const reply = await cluster.api.send(method, path.replace("{ns}", cluster.namespace), body);
        assert.equal(reply.status, status);
        assertSentence(reply);
      });
    }

    it("serves nothing of the kinds that are absent, by no verb, and lists every one that a cluster has", async () => {
      const served = await servedBy(cluster);
      for (const { id, path } of KUBERNETES_RESOURCES.filter((one) => !served.has(one.id))) {
        assert.ok(isKnownAbsent(id), `${id} is absent and not in the list of what is`);
        const places = id.split(" ")[1]?.includes("/") ? [path] : [path, `${path}/any`];
        const asked = places.flatMap((place) => REQUESTS.map(([method, body]) => ({ method, body, place: place.replace("{ns}", cluster.namespace) })));
        await Promise.all(
          asked.map(async ({ method, body, place }) => {
            const reply = await cluster.api.send(method, place, body);
            assert.ok([404, 405, 501].includes(reply.status), `${method} ${place}: ${reply.status}`);
            assertSentence(reply);
          }),
        );
      }
    });
  });
}
