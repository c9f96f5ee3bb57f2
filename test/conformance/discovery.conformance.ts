import assert from "node:assert/strict";
import { at, listAt, type RawReply, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const GROUP = "conformance.flyteops.dev";
const json = ({ bytes }: RawReply): unknown => JSON.parse(bytes.toString());
const tagOf = ({ headers }: RawReply): string => String(headers["etag"]);

/** The kinds that a person or a client of ours works with, as plain discovery names them. */
const KINDS: Readonly<Record<string, string>> = {
  "v1 pods": "Pod po",
  "v1 configmaps": "ConfigMap cm",
  "v1 services": "Service svc",
  "v1 serviceaccounts": "ServiceAccount sa",
  "v1 resourcequotas": "ResourceQuota quota",
  "v1 events": "Event ev",
  "apps/v1 deployments": "Deployment deploy",
  "apps/v1 replicasets": "ReplicaSet rs",
  "coordination.k8s.io/v1 leases": "Lease ",
  "rbac.authorization.k8s.io/v1 roles": "Role ",
  "apiextensions.k8s.io/v1 customresourcedefinitions": "CustomResourceDefinition crd,crds",
};

describe("conformance: discovery and schemas", () => {
  const cluster = useCluster();
  const raw = (path: string, headers: Record<string, string> = {}) => cluster.api.getRaw(path, headers);

  it("names groups and their versions, the preferred one first", async () => {
    assert.deepEqual(at(ok(await cluster.api.get("/api")), "versions"), ["v1"]);
    const version = { groupVersion: `${GROUP}/v1`, version: "v1" };
    const group = { name: GROUP, versions: [version], preferredVersion: version };
    const groups = listAt(ok(await cluster.api.get("/apis")), "groups");
    assert.deepEqual(
      groups.find((one) => at(one, "name") === GROUP),
      group,
    );
    assert.deepEqual(ok(await cluster.api.get(`/apis/${GROUP}`)), { kind: "APIGroup", apiVersion: "v1", ...group });
  });

  for (const [name, said] of Object.entries(KINDS)) {
    it(`names the kind, the short names and the verbs of ${name}`, async () => {
      const [groupVersion = "", plural = ""] = name.split(" ");
      const list = ok(await cluster.api.get(groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`));
      assert.deepEqual([at(list, "kind"), at(list, "groupVersion")], ["APIResourceList", groupVersion]);
      const resource = listAt(list, "resources").find((one) => at(one, "name") === plural);
      assert.equal(`${textAt(resource, "kind")} ${listAt(resource, "shortNames").join()}`, said);
      assert.deepEqual([...listAt(resource, "verbs")].sort(), ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
    });
  }

  it("tells all of it at once to whoever asks so, with subresources and what they speak of", async () => {
    for (const root of ["/api", "/apis"]) {
      const reply = await raw(root, { accept: `${AGGREGATED},application/json` });
      assert.equal(reply.headers["content-type"], AGGREGATED);
      assert.deepEqual([at(json(reply), "kind"), at(json(reply), "apiVersion")], ["APIGroupDiscoveryList", "apidiscovery.k8s.io/v2"]);
    }
    const groups = listAt(json(await raw("/apis", { accept: AGGREGATED })), "items");
    const apps = groups.find((group) => at(group, "metadata.name") === "apps");
    const deployments = listAt(apps, "versions.0.resources").find((one) => at(one, "resource") === "deployments");
    assert.deepEqual(
      [at(apps, "versions.0.freshness"), at(deployments, "scope"), at(deployments, "singularResource")],
      ["Current", "Namespaced", "deployment"],
    );
    const scale = listAt(deployments, "subresources").find((one) => at(one, "subresource") === "scale");
    assert.deepEqual(at(scale, "responseKind"), { group: "autoscaling", version: "v1", kind: "Scale" });
    const gadgets = listAt(
      groups.find((group) => at(group, "metadata.name") === GROUP),
      "versions.0.resources",
    );
    assert.deepEqual(at(gadgets[0], "categories"), ["conformance"]);
  });

  it("does not tell anew what a client has already", async () => {
    const documents = [
      ["/apis", AGGREGATED],
      ["/openapi/v3/apis/apps/v1", "application/json"],
      ["/openapi/v2", "application/json"],
    ] as const;
    for (const [path, accept] of documents) {
      const tag = tagOf(await raw(path, { accept }));
      assert.match(tag, /^"[0-9A-F]+"$/, path);
      assert.equal((await raw(path, { accept, "if-none-match": tag })).status, 304, path);
      assert.equal((await raw(path, { accept, "if-none-match": '"another"' })).status, 200, path);
    }
  });

  it("describes kinds in OpenAPI 3, version by version, with what their schemas demand", async () => {
    const index = at(ok(await cluster.api.get("/openapi/v3")), "paths") as Record<string, { serverRelativeURL: string }>;
    assert.match(index["api/v1"]?.serverRelativeURL ?? "", /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]+$/);
    let document: unknown;
    let schema: unknown;
    await eventually("the kind is described", async () => {
      document = (await cluster.api.get(`/openapi/v3/apis/${GROUP}/v1`)).body;
      const schemas = Object.values((at(document, "components.schemas") ?? {}) as Record<string, unknown>);
      schema = schemas.find((one) => JSON.stringify(at(one, "x-kubernetes-group-version-kind"))?.includes('"Gadget"'));
      return schema !== undefined;
    });
    assert.deepEqual(at(schema, "x-kubernetes-group-version-kind"), [{ group: GROUP, kind: "Gadget", version: "v1" }]);
    assert.deepEqual(at(schema, "properties.spec.properties.color"), { type: "string", default: "red", enum: ["red", "green"] });
    assert.deepEqual(at(schema, "properties.spec.properties.limit"), { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] });
    assert.deepEqual(at(schema, "properties.spec.properties.parts.x-kubernetes-list-map-keys"), ["name", "port"]);
    const paths = at(document, "paths") as Record<string, Record<string, unknown>>;
    const one = paths[`/apis/${GROUP}/v1/namespaces/{namespace}/gadgets/{name}`];
    assert.deepEqual(Object.keys(one ?? {}).sort(), ["delete", "get", "parameters", "patch", "put"]);
    assert.deepEqual(at(one?.["patch"], "x-kubernetes-action"), "patch");
  });

  it("describes everything in OpenAPI 2 for older clients, and without what they do not know", async () => {
    let definitions: Record<string, unknown> = {};
    await eventually("the kind is described", async () => {
      definitions = at(ok(await cluster.api.get("/openapi/v2")), "definitions") as Record<string, unknown>;
      return "dev.flyteops.conformance.v1.Gadget" in definitions;
    });
    assert.equal(textAt(definitions["io.k8s.api.core.v1.Pod"], "properties.spec.$ref"), "#/definitions/io.k8s.api.core.v1.PodSpec");
    const gadget = definitions["dev.flyteops.conformance.v1.Gadget"];
    assert.deepEqual(at(gadget, "properties.spec.properties.color"), { type: "string", enum: ["red", "green"] });
    assert.deepEqual(at(gadget, "properties.spec.properties.note"), {});
    assert.deepEqual(at(gadget, "properties.spec.properties.open"), { "x-kubernetes-preserve-unknown-fields": true });
    const protobuf = await raw("/openapi/v2", { accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf" });
    assert.deepEqual([protobuf.status, protobuf.headers["content-type"]], [200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"]);
  });

  it("says of groups, versions and kinds that nobody serves that they are not there", async () => {
    for (const path of ["/apis/nobody.example.com", "/apis/apps/v9", "/api/v2", "/api/v1/gizmos", `/apis/${GROUP}/v1/gizmos`, "/nowhere"])
      assert.equal((await cluster.api.get(path)).status, 404, path);
    assert.equal(at((await cluster.api.get("/apis/apps/v9")).body, "message"), "the server could not find the requested resource");
    for (const path of ["/api", "/version"]) assert.equal((await cluster.api.create(path, {})).status, 405, path);
  });
});
