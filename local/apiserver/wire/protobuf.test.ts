import assert from "node:assert/strict";
import fc from "fast-check";
import { ApiError } from "../../../kube/index.ts";
import { decodeProtobuf } from "./protobuf.ts";
import { MessageWriter } from "./protobuf-writer.ts";

const writer = () => new MessageWriter();

function envelope(apiVersion: string, kind: string, raw: MessageWriter): Buffer {
  const unknown = writer().message(1, writer().text(1, apiVersion).text(2, kind)).message(2, raw);
  return Buffer.concat([Buffer.from("k8s\0"), unknown.finish()]);
}

const entry = (key: string, value: Buffer) => writer().text(1, key).bytes(2, value);
const meta = (name: string) => writer().text(1, name).text(3, "").message(8, writer());

describe("protobuf bodies", () => {
  it("become the JSON that the client would have sent", () => {
    const time = writer().integer(1, 1_767_225_600);
    const metadata = meta("s")
      .message(9, time)
      .messages(11, [entry("app", Buffer.from("web")), entry("empty", Buffer.alloc(0))])
      .texts(14, ["a.b/c"]);
    const secret = writer()
      .message(1, metadata)
      .messages(2, [entry("password", Buffer.from([0, 255]))])
      .text(3, "Opaque")
      .flag(5, true);
    assert.deepEqual(decodeProtobuf(envelope("v1", "Secret", secret)), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", deletionTimestamp: "2026-01-01T00:00:00Z", labels: { app: "web", empty: "" }, finalizers: ["a.b/c"] },
      data: { password: "AP8=" },
      type: "Opaque",
      immutable: true,
    });
  });

  it("keep the empty group of a rule, which means the core", () => {
    const rule = writer().texts(1, ["get"]).bytes(2, Buffer.alloc(0)).texts(3, ["pods"]);
    const role = decodeProtobuf(envelope("rbac.authorization.k8s.io/v1", "Role", writer().message(1, meta("r")).message(2, rule)));
    assert.deepEqual(role["rules"], [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]);
  });

  it("read quantities, microseconds and raw JSON", () => {
    const lease = writer()
      .message(1, meta("l"))
      .message(2, writer().integer(2, 15).message(4, writer().integer(1, 1).integer(2, 5_000)));
    assert.deepEqual(decodeProtobuf(envelope("coordination.k8s.io/v1", "Lease", lease))["spec"], {
      leaseDurationSeconds: 15,
      renewTime: "1970-01-01T00:00:01.000005Z",
    });
    const quota = writer().message(2, writer().message(1, writer().text(1, "pods").message(2, writer().text(1, "3"))));
    assert.deepEqual(decodeProtobuf(envelope("v1", "ResourceQuota", quota))["spec"], { hard: { pods: "3" } });
  });

  it("are refused for kinds whose messages are not known, so that the client can say it in JSON", () => {
    assert.throws(() => decodeProtobuf(envelope("v1", "Pod", writer())), { code: 415 });
  });

  it("carry a deployment as the command line makes one, and are refused when they say more of its pods than is read", () => {
    const container = (more: MessageWriter) => writer().text(1, "main").text(2, "app:1").message(8, writer()).message(6, more);
    const body = (more: MessageWriter, port = writer().integer(3, 8080).text(4, "TCP")) => {
      const template = writer()
        .message(1, meta(""))
        .message(2, more.message(2, container(port)).text(3, ""));
      const strategy = writer().message(2, writer().message(1, writer().integer(1, 1).integer(2, 0).text(3, "25%")));
      const spec = writer().integer(1, 2).message(3, template).message(4, strategy).integer(5, 0);
      return envelope("apps/v1", "Deployment", writer().message(1, meta("d")).message(2, spec).message(3, writer().integer(1, 7)));
    };
    assert.deepEqual(decodeProtobuf(body(writer())), {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: {
        replicas: 2,
        template: {
          metadata: {},
          spec: { containers: [{ name: "main", image: "app:1", resources: {}, ports: [{ containerPort: 8080, protocol: "TCP" }] }] },
        },
        strategy: { rollingUpdate: { maxUnavailable: "25%" } },
      },
    });
    assert.throws(() => decodeProtobuf(body(writer().message(1, writer().text(1, "volume")))), { code: 415 });
  });

  it("are refused when the JSON inside is none", () => {
    const managed = writer().message(7, writer().text(1, "{broken"));
    const body = envelope("v1", "ConfigMap", writer().message(1, writer().message(17, managed)));
    assert.throws(() => decodeProtobuf(body), { code: 400 });
  });

  it("never do more than be refused, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const body = Buffer.concat([
          Buffer.from("k8s\0"),
          writer().message(1, writer().text(1, "v1").text(2, "ConfigMap")).bytes(2, Buffer.from(bytes)).finish(),
        ]);
        try {
          decodeProtobuf(body);
        } catch (thrown) {
          assert.ok(thrown instanceof ApiError && thrown.code === 400, String(thrown));
        }
      }),
      { numRuns: 500 },
    );
  });
});
