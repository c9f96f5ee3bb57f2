import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ProjectService } from "../../proto/services/index.ts";
import { type ApiListener, listenForCalls } from "./listen.ts";

describe("the port of the API", () => {
  let listener: ApiListener;
  beforeEach(async () => {
    const project = (id: string) => ({ id, name: id });
    listener = await listenForCalls((router) => router.service(ProjectService, { getProject: ({ id }) => ({ project: project(id) }) }), {
      host: "127.0.0.1",
      port: 0,
    });
  });
  afterEach(() => listener.close());

  const baseUrl = () => `http://127.0.0.1:${listener.port}`;
  const transports = {
    "gRPC over HTTP/2": () => createGrpcTransport({ baseUrl: baseUrl() }),
    "gRPC-Web over HTTP/1.1": () => createGrpcWebTransport({ baseUrl: baseUrl(), httpVersion: "1.1" }),
    "Connect over HTTP/1.1": () => createConnectTransport({ baseUrl: baseUrl(), httpVersion: "1.1" }),
    "Connect over HTTP/2": () => createConnectTransport({ baseUrl: baseUrl(), httpVersion: "2" }),
  };
  for (const [protocol, transport] of Object.entries(transports)) {
    it(`speaks ${protocol}`, async () => {
      const { project } = await createClient(ProjectService, transport()).getProject({ id: "ml" });
      assert.equal(project?.id, "ml");
    });
  }

  it("speaks JSON to whoever has only curl, in a POST and in a GET", async () => {
    const method = `${baseUrl()}/flyteidl2.project.ProjectService/GetProject`;
    const posted = await fetch(method, { method: "POST", headers: { "content-type": "application/json" }, body: '{"id":"ml"}' });
    assert.deepEqual(((await posted.json()) as { project: { id: string } }).project.id, "ml");
    const got = await fetch(`${method}?connect=v1&encoding=json&message=${encodeURIComponent('{"id":"ml"}')}`);
    assert.equal(got.status, 200);
  });

  it("says 501 to a method that is not there and 404 to what is none", async () => {
    const headers = { "content-type": "application/json" };
    const post = (path: string) => fetch(`${baseUrl()}/${path}`, { method: "POST", headers, body: "{}" });
    assert.equal((await post("flyteidl2.project.ProjectService/UpdateProject")).status, 501);
    assert.equal((await post("nowhere")).status, 404);
  });
});
