import assert from "node:assert/strict";
import { at, listAt, textAt } from "./support/api.ts";
import { eventually, ok, useCluster } from "./support/cluster.ts";
import { makeReady, podSpec } from "./support/workload.ts";

describe("conformance: Services and their endpoints", function () {
  this.timeout(60_000);
  const cluster = useCluster();

  const services = () => `/api/v1/namespaces/${cluster.namespace}/services`;
  const slices = (name: string) =>
    `/apis/discovery.k8s.io/v1/namespaces/${cluster.namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${name}`;
  const endpoints = (name: string) => `/api/v1/namespaces/${cluster.namespace}/endpoints/${name}`;
  const service = (name: string, spec: Record<string, unknown> = {}) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  });
  const causes = (body: unknown) =>
    listAt(body, "details.causes")
      .map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`)
      .sort();
  const refusal = async (name: string, spec: Record<string, unknown>) => {
    const { status, body } = await cluster.api.create(services(), service(name, spec));
    assert.equal(status, 422);
    return causes(body);
  };
  /** Endpoints are listed for pods of nodes that exist. This one takes nobody else's pods. */
  const node = () => `node-${cluster.namespace}`;
  const podOf = (name: string, app: string) =>
    cluster.api.create(cluster.pods, { metadata: { name, labels: { app } }, spec: { ...podSpec(), nodeName: node() } });

  before(async () => {
    const taints = [{ key: "conformance.flyteops.dev/none", effect: "NoSchedule" }];
    ok(await cluster.api.create("/api/v1/nodes", { metadata: { name: node() }, spec: { taints, unschedulable: true } }));
  });
  after(async () => void (await cluster.api.delete(`/api/v1/nodes/${node()}`)));

  it("gives a Service an address of its own and keeps it", async () => {
    const { api } = cluster;
    const [one, other] = [ok(await api.create(services(), service("one"))), ok(await api.create(services(), service("other")))];
    const address = textAt(one, "spec.clusterIP");
    assert.match(address, /^[0-9a-f.:]+$/);
    assert.notEqual(address, textAt(other, "spec.clusterIP"));
    assert.deepEqual(
      ["type", "sessionAffinity", "internalTrafficPolicy", "ipFamilyPolicy", "clusterIPs"].map((field) => at(one, `spec.${field}`)),
      ["ClusterIP", "None", "Cluster", "SingleStack", [address]],
    );
    assert.deepEqual(at(one, "spec.ports"), [{ protocol: "TCP", port: 80, targetPort: 8080 }]);
    assert.deepEqual(at(one, "status"), { loadBalancer: {} });
    const replaced = ok(await api.replace(`${services()}/one`, service("one", { ports: [{ port: 81 }] })));
    assert.equal(textAt(replaced, "spec.clusterIP"), address);
    const moved = await api.patch("merge", `${services()}/one`, { spec: { clusterIP: "192.0.2.9", clusterIPs: ["192.0.2.9"] } });
    assert.deepEqual([moved.status, causes(moved.body)], [422, ['spec.clusterIPs[0]: Invalid value: ["192.0.2.9"]: may not change once set']]);
  });

  it("gives no address to a headless Service", async () => {
    const created = ok(await cluster.api.create(services(), service("headless", { clusterIP: "None" })));
    assert.deepEqual([at(created, "spec.clusterIP"), at(created, "spec.clusterIPs")], ["None", ["None"]]);
  });

  it("gives no address to another name for something outside", async () => {
    const created = ok(await cluster.api.create(services(), service("outside", { type: "ExternalName", externalName: "example.org" })));
    assert.deepEqual([at(created, "spec.clusterIP"), at(created, "spec.externalName")], [undefined, "example.org"]);
  });

  it("gives ports of the node where they are wanted, and takes them back", async () => {
    const { api } = cluster;
    const created = ok(await api.create(services(), service("outward", { type: "NodePort" })));
    const given = Number(at(created, "spec.ports.0.nodePort"));
    assert.ok(given >= 30_000 && given <= 32_767);
    assert.equal(at(created, "spec.externalTrafficPolicy"), "Cluster");
    const inward = ok(await api.patch("merge", `${services()}/outward`, { spec: { type: "ClusterIP" } }));
    assert.deepEqual([at(inward, "spec.ports.0.nodePort"), at(inward, "spec.externalTrafficPolicy")], [undefined, undefined]);
    assert.equal(at(inward, "spec.clusterIP"), at(created, "spec.clusterIP"));
  });

  it("names every mistake in a Service", async () => {
    assert.deepEqual(await refusal("bad", { ports: undefined }), ["spec.ports: Required value"]);
    assert.deepEqual(await refusal("bad", { ports: [{ port: 0 }, { port: 80, name: "A" }, { port: 80, name: "b", targetPort: "X", protocol: "x" }] }), [
      "spec.ports[0].name: Required value",
      "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.ports[1].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.ports[2].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
      'spec.ports[2].targetPort: Invalid value: "X": must contain at least one letter (a-z)',
      'spec.ports[2].targetPort: Invalid value: "X": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    ]);
    assert.deepEqual(await refusal("bad", { type: "ExternalName" }), ["spec.externalName: Required value"]);
    assert.deepEqual(await refusal("bad", { sessionAffinity: "x" }), ['spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None"']);
    assert.deepEqual(await refusal("bad", { ports: [{ port: 80, nodePort: 30080 }] }), [
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ]);
    assert.deepEqual(await refusal("bad", { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] }), [
      "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
    ]);
    assert.deepEqual(await refusal("bad", { clusterIP: "192.0.2.1" }), [
      'spec.clusterIPs: Invalid value: ["192.0.2.1"]: failed to allocate IP 192.0.2.1: the provided network does not match the current range',
    ]);
  });

  it("lists the ready pods behind a Service in a slice, and the others as not ready", async () => {
    const { api } = cluster;
    ok(await api.create(services(), service("backed", { ports: [{ name: "web", port: 80, targetPort: "http" }] })));
    const created = ok(await podOf("b1", "backed"));
    ok(await podOf("b2", "backed"));
    await makeReady(cluster, created, "10.20.30.41");
    let slice: unknown;
    await eventually("the ready pod is listed", async () => {
      slice = listAt(ok(await api.get(slices("backed"))), "items").find((one) => listAt(one, "endpoints").length > 0);
      return slice !== undefined;
    });
    assert.deepEqual(at(slice, "endpoints.0"), {
      addresses: ["10.20.30.41"],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: node(),
      targetRef: { kind: "Pod", namespace: cluster.namespace, name: "b1", uid: textAt(created, "metadata.uid") },
    });
    assert.deepEqual([at(slice, "ports"), at(slice, "addressType")], [[{ name: "web", protocol: "TCP", port: 8080 }], "IPv4"]);
    assert.deepEqual(at(slice, "metadata.ownerReferences.0.kind"), "Service");
    await eventually("the endpoints say the same", async () => listAt((await api.get(endpoints("backed"))).body, "subsets").length === 1);
    const { body } = await api.get(endpoints("backed"));
    assert.deepEqual([at(body, "subsets.0.addresses.0.ip"), at(body, "subsets.0.ports")], ["10.20.30.41", [{ name: "web", protocol: "TCP", port: 8080 }]]);
    ok(await api.patch("strategic", `${cluster.pods}/b1/status`, { status: { conditions: [{ type: "Ready", status: "False" }] } }));
    await eventually("the pod is listed as not ready", async () => {
      const [held] = listAt(ok(await api.get(slices("backed"))), "items");
      return at(held, "endpoints.0.conditions.ready") === false;
    });
    await eventually(
      "the endpoints say so too",
      async () => at((await api.get(endpoints("backed"))).body, "subsets.0.notReadyAddresses.0.ip") === "10.20.30.41",
    );
    ok(await api.delete(`${cluster.pods}/b1?gracePeriodSeconds=0`));
    ok(await api.delete(`${cluster.pods}/b2?gracePeriodSeconds=0`));
    await eventually("nobody is listed", async () =>
      listAt(ok(await api.get(slices("backed"))), "items").every((one) => listAt(one, "endpoints").length === 0),
    );
  });

  it("warns whoever uses Endpoints that they are on their way out", async () => {
    const { warnings } = await cluster.api.get(`/api/v1/namespaces/${cluster.namespace}/endpoints`);
    assert.deepEqual(warnings, ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"]);
  });

  it("lists nobody behind a Service without a selector", async () => {
    const { api } = cluster;
    ok(await api.create(services(), service("manual", { selector: undefined })));
    ok(await api.create(services(), service("automatic")));
    await eventually("the other one is seen", async () => listAt(ok(await api.get(slices("automatic"))), "items").length === 1);
    assert.deepEqual([listAt(ok(await api.get(slices("manual"))), "items"), (await api.get(endpoints("manual"))).status], [[], 404]);
  });

  it("takes the endpoints away with the Service, and answers what was deleted", async () => {
    const { api } = cluster;
    ok(await api.create(services(), service("ends")));
    await eventually(
      "it has endpoints",
      async () => (await api.get(endpoints("ends"))).status === 200 && listAt(ok(await api.get(slices("ends"))), "items").length === 1,
    );
    assert.equal(at(ok(await api.delete(`${services()}/ends`)), "kind"), "Service");
    await eventually(
      "they are gone",
      async () => (await api.get(endpoints("ends"))).status === 404 && listAt(ok(await api.get(slices("ends"))), "items").length === 0,
    );
  });

  it("shows Services, endpoints and slices in the columns people know", async () => {
    const { api } = cluster;
    const shownBy = async (path: string) => {
      const table = ok(await api.getAs(path, "application/json;as=Table;v=v1;g=meta.k8s.io"));
      return listAt(table, "columnDefinitions").map((column) => textAt(column, "name"));
    };
    assert.deepEqual(await shownBy(services()), ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"]);
    assert.deepEqual(await shownBy(`/api/v1/namespaces/${cluster.namespace}/endpoints`), ["Name", "Endpoints", "Age"]);
    assert.deepEqual(await shownBy(slices("one")), ["Name", "AddressType", "Ports", "Endpoints", "Age"]);
    assert.deepEqual(await shownBy(`/apis/apps/v1/namespaces/${cluster.namespace}/deployments`), [
      "Name",
      "Ready",
      "Up-to-date",
      "Available",
      "Age",
      "Containers",
      "Images",
      "Selector",
    ]);
    assert.deepEqual(await shownBy(`/apis/apps/v1/namespaces/${cluster.namespace}/replicasets`), [
      "Name",
      "Desired",
      "Current",
      "Ready",
      "Age",
      "Containers",
      "Images",
      "Selector",
    ]);
  });
});
