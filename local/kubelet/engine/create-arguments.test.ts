import assert from "node:assert/strict";
import type { ContainerRequest } from "../container-runtime.ts";
import type { Container, PodSpec } from "../pod-shapes.ts";
import { createCommand, type CreateInput, refusedRights } from "./create-arguments.ts";
import { engineEnvironment } from "./engine-environment.ts";
import { qualifiedImage } from "./engine-images.ts";

const directories = { base: "/b", home: "/h", work: "/w", tmp: "/t", terminationLog: "/state/termination-log" };

interface Case {
  readonly container?: Partial<Container>;
  readonly spec?: Partial<PodSpec>;
  readonly user?: string;
  readonly mounts?: ContainerRequest["mounts"];
  readonly engine?: Partial<CreateInput["engine"]>;
  readonly uid?: number;
}

function argsOf({ container = {}, spec = {}, user = "", mounts = [], engine = {}, uid = 0 }: Case): readonly string[] {
  const declared: Container = { name: "main", image: "app:1", ...container };
  const request: ContainerRequest = {
    id: "0123456789abcdef",
    pod: { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "ns", uid: "u" }, spec: { containers: [declared], ...spec } },
    container: declared,
    env: new Map(),
    command: declared.command ?? [],
    args: declared.args ?? [],
    mounts,
    directories,
    image: { reference: "IMAGE", id: "sha256:1", user },
    output: { stdout() {}, stderr() {} },
  };
  const limits = { memory: true, cpu: true };
  return createCommand({ request, engine: { name: "podman", rootless: false, limits, ...engine }, labels: {}, sees: [], person: { uid, gid: uid } }).args;
}

/** The values of an option, in order. */
const valuesOf = (args: readonly string[], option: string): string[] => args.flatMap((word, index) => (word === option ? [args[index + 1] ?? ""] : []));
const afterImage = (args: readonly string[]): readonly string[] => args.slice(args.indexOf("IMAGE") + 1);

describe("the command line that makes a container", () => {
  it("puts command in place of the entrypoint and args behind it", () => {
    const args = argsOf({ container: { command: ["sh", "-c"], args: ["echo"] } });
    assert.deepEqual([valuesOf(args, "--entrypoint"), afterImage(args)], [["sh"], ["-c", "echo"]]);
    assert.deepEqual(afterImage(argsOf({ container: { args: ["--flag"] } })), ["--flag"]);
    assert.deepEqual(valuesOf(argsOf({}), "--entrypoint"), []);
  });

  it("binds volumes, read-only ones read-only, whatever characters are in their paths", () => {
    const mounts = [
      { path: "/data", source: "/state/a,b", file: false, readOnly: false },
      { path: "/config", source: "/state/c", file: false, readOnly: true },
    ];
    assert.deepEqual(valuesOf(argsOf({ mounts }), "--mount"), [
      'type=bind,"source=/state/a,b",target=/data',
      "type=bind,source=/state/c,target=/config,readonly",
      "type=bind,source=/state/termination-log,target=/dev/termination-log",
    ]);
  });

  it("limits memory and CPU where the engine can", () => {
    const container = { resources: { limits: { memory: "64Mi", cpu: "1500m" }, requests: { cpu: "500m" } } };
    const args = argsOf({ container });
    assert.deepEqual([valuesOf(args, "--memory"), valuesOf(args, "--memory-swap")], [["67108864"], ["67108864"]]);
    assert.deepEqual([valuesOf(args, "--cpus"), valuesOf(args, "--cpu-shares")], [["1.5"], ["512"]]);
    const without = argsOf({ container, engine: { limits: { memory: false, cpu: false } } });
    assert.deepEqual([valuesOf(without, "--memory"), valuesOf(without, "--cpus")], [[], []]);
  });

  it("runs as the declared user, else as the image says", () => {
    assert.deepEqual(valuesOf(argsOf({ spec: { securityContext: { runAsUser: 7 } } }), "--user"), ["7:0"]);
    assert.deepEqual(valuesOf(argsOf({ container: { securityContext: { runAsUser: 7, runAsGroup: 8 } } }), "--user"), ["7:8"]);
    assert.deepEqual(valuesOf(argsOf({ user: "app" }), "--user"), []);
    assert.deepEqual(valuesOf(argsOf({ spec: { securityContext: { fsGroup: 5, supplementalGroups: [6] } } }), "--group-add"), ["6", "5"]);
  });

  it("makes a container that would be root the person at this machine, where the engine is root and the person is not", () => {
    assert.deepEqual(valuesOf(argsOf({ engine: { name: "docker" }, uid: 1000 }), "--user"), ["1000:1000"]);
    assert.deepEqual(valuesOf(argsOf({ engine: { name: "docker" }, uid: 1000, user: "app" }), "--user"), []);
    assert.deepEqual(valuesOf(argsOf({ engine: { name: "docker", rootless: true }, uid: 1000 }), "--user"), []);
    assert.deepEqual(valuesOf(argsOf({ engine: { name: "docker" }, uid: 0 }), "--user"), []);
  });

  it("refuses an image that runs as root where that is forbidden", () => {
    const securityContext = { runAsNonRoot: true };
    assert.throws(
      () => argsOf({ container: { securityContext } }),
      /container has runAsNonRoot and image will run as root \(pod: "p_ns\(u\)", container: main\)/,
    );
    assert.throws(() => argsOf({ container: { securityContext }, user: "app" }), /non-numeric user \(app\)/);
    assert.deepEqual(valuesOf(argsOf({ container: { securityContext }, user: "1000" }), "--user"), []);
  });

  it("takes rights away and gives none beyond the usual ones", () => {
    const securityContext = { privileged: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "SYS_ADMIN"] } };
    const args = argsOf({ container: { securityContext } });
    assert.deepEqual([valuesOf(args, "--cap-drop"), valuesOf(args, "--cap-add")], [["ALL"], ["NET_BIND_SERVICE"]]);
    assert.ok(!args.includes("--privileged"));
    assert.ok(valuesOf(args, "--security-opt").includes("no-new-privileges"));
    assert.deepEqual(refusedRights(securityContext), ["securityContext.privileged", "securityContext.capabilities.add SYS_ADMIN"]);
  });

  it("keeps values off the command line, but for names that the engine's program would take for its own", () => {
    const env = new Map([
      ["TOKEN", "secret"],
      ["DOCKER_HOST", "tcp://elsewhere"],
      ["my.name", "x"],
    ]);
    assert.deepEqual(engineEnvironment(env), {
      args: ["--env", "TOKEN", "--env", "DOCKER_HOST=tcp://elsewhere", "--env", "my.name=x"],
      values: { TOKEN: "secret" },
    });
  });

  it("reads short names of images as Kubernetes does", () => {
    assert.deepEqual(["node:22", "me/app", "ghcr.io/me/app:1", "localhost/app", "host:5000/app"].map(qualifiedImage), [
      "docker.io/library/node:22",
      "docker.io/me/app",
      "ghcr.io/me/app:1",
      "localhost/app",
      "host:5000/app",
    ]);
  });
});
