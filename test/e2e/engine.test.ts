import assert from "node:assert/strict";
import { type TaskAction, TaskActionKind } from "../../crds/index.ts";
import { Kinds, type KubeObject } from "../../kube/index.ts";
import { type Found, type WorkingEngine, workingEngine } from "./support/engine.ts";
import { project, shellTask, workflow, yaml } from "./support/manifests.ts";
import { type Bench, bench, NAMESPACE, type Product, up } from "./support/product.ts";
import { repository } from "./support/repository.ts";

interface PodObject extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly imageID: string;
      readonly containerID?: string;
      readonly restartCount: number;
      readonly state: { readonly waiting?: { readonly reason: string }; readonly terminated?: { readonly exitCode: number; readonly reason: string } };
    }[];
  };
}

describe("flyteops up with a container engine", function () {
  this.timeout(90_000);
  let on: Bench;
  let found: Found;
  let engine: WorkingEngine;
  let product: Product;
  let repo: string;
  const start = () => up(on, { repo, args: ["--runtime", engine.name], env: { ...engine.env } });
  const containers = () => engine.run("ps", "--all", "--quiet", "--filter", `label=flyteops.node=${on.path("state")}/kubelet`).trim();
  const gone = async () => {
    for (const until = Date.now() + 15_000; containers() !== ""; await new Promise((resolve) => setTimeout(resolve, 100)))
      assert.ok(Date.now() < until, `containers are left: ${containers()}`);
  };
  const pod = async (name: string, container: object, satisfied: (status: NonNullable<PodObject["status"]>) => boolean) => {
    const spec = { restartPolicy: "Never", terminationGracePeriodSeconds: 1, containers: [{ name: "main", image: engine.image, ...container }] };
    await product.client.create(Kinds.Pod, { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: NAMESPACE }, spec } as KubeObject);
    return product.sees<PodObject>(Kinds.Pod, { namespace: NAMESPACE, name }, (object) => satisfied(object?.status ?? {}));
  };

  before(async function () {
    on = bench();
    found = workingEngine(on.directory);
    if ("skipped" in found) {
      process.stdout.write(`    skipped: ${found.skipped}\n`);
      return this.skip();
    }
    engine = found;
    on.defer(() => engine.run("rmi", "--force", engine.image));
    repo = repository(on.path("repo"), {
      "project.yaml": project(),
      "flow.yaml": yaml(
        shellTask("read", 'cat /only-here > "$FLYTEOPS_OUTPUTS/text"; cat /proc/1/comm', { outputs: { text: "string" }, container: { image: engine.image } }),
        shellTask("shout", 'read -r line < "$FLYTEOPS_INPUTS/text"; printf "%s!" "$line" > "$FLYTEOPS_OUTPUTS/text"', {
          inputs: { text: "string" },
          outputs: { text: "string" },
          container: { image: engine.image },
        }),
        workflow("images", {
          outputs: { text: { type: "string", from: "nodes.shout.outputs.text" } },
          nodes: { read: { task: "read" }, shout: { task: "shout", inputs: { text: { from: "nodes.read.outputs.text" } } } },
        }),
      ),
    }).path;
    product = await start();
    await product.sees(Kinds.Namespace, { name: NAMESPACE }, (object) => object !== undefined);
  });
  after(() => on.clear());

  it("runs a workflow in its images, and says nothing of images that are not used", async () => {
    const run = await product.run({ name: "in-images", spec: { workflow: "images" } });
    assert.equal(run.status?.phase, "Succeeded", JSON.stringify(run.status));
    const outputs = JSON.parse((await product.cli("outputs", "in-images", "-n", NAMESPACE, "-o", "json")).out) as unknown;
    assert.match(JSON.stringify(outputs), /from the image!/);
    const action = await product.client.get<TaskAction>(TaskActionKind, { namespace: NAMESPACE, name: "in-images-read" });
    assert.equal(
      action.status?.conditions?.some(({ type }) => type === "ImageNotUsed"),
      false,
    );
    assert.doesNotMatch(product.program.text(), /is not used on this machine/);
  });

  it("reports exit codes, the image and a program that the image lacks as the kubelet does", async () => {
    const ended = await pod("exit-seven", { command: ["/bin/sh", "-c", "exit 7"] }, ({ phase }) => phase === "Failed");
    const status = ended.status?.containerStatuses?.[0];
    assert.deepEqual([status?.state.terminated?.exitCode, status?.state.terminated?.reason], [7, "Error"]);
    assert.match(status?.containerID ?? "", new RegExp(`^${engine.name}://[0-9a-f]{64}$`));
    assert.match(status?.imageID ?? "", /sha256:[0-9a-f]{64}$/);
    const lacking = await pod("lacking", { command: ["/no/such/program"] }, ({ phase }) => phase === "Failed");
    assert.equal(lacking.status?.containerStatuses?.[0]?.state.terminated?.reason, "StartError");
  });

  it("waits for an image that is not here with the kubelet's reasons", async () => {
    const reason = ({ containerStatuses }: NonNullable<PodObject["status"]>) => containerStatuses?.[0]?.state.waiting?.reason;
    const absent = { image: "localhost:1/no/such:1" };
    await pod("never", { ...absent, imagePullPolicy: "Never" }, (status) => reason(status) === "ErrImageNeverPull");
    await pod("pull", { ...absent, imagePullPolicy: "IfNotPresent" }, (status) => reason(status) === "ImagePullBackOff");
    for (const name of ["never", "pull"]) {
      await product.client.delete(Kinds.Pod, { namespace: NAMESPACE, name });
      await product.sees(Kinds.Pod, { namespace: NAMESPACE, name }, (object) => object === undefined);
    }
  });

  it("leaves no container behind a deleted pod, kill -9 or the end of the program", async () => {
    const sleeper = { command: ["/bin/sh", "-c", "exec sleep 86400"] };
    await pod("deleted", sleeper, ({ phase }) => phase === "Running");
    assert.notEqual(containers(), "");
    await product.client.delete(Kinds.Pod, { namespace: NAMESPACE, name: "deleted" });
    await product.sees(Kinds.Pod, { namespace: NAMESPACE, name: "deleted" }, (object) => object === undefined);
    await gone();
    await pod("killed", sleeper, ({ phase }) => phase === "Running");
    await product.stop("SIGKILL");
    await gone();
    product = await start();
    await product.sees<PodObject>(Kinds.Pod, { namespace: NAMESPACE, name: "killed" }, (object) => object?.status?.phase === "Failed");
    await pod("ended", sleeper, ({ phase }) => phase === "Running");
    await product.stop("SIGTERM");
    assert.equal(containers(), "");
  });
});
