import assert from "node:assert/strict";
import { stringLiteral, integerLiteral, listLiteral, noneLiteral } from "../values/index.ts";
import { buildContext, interfaceOfTypes, recipe } from "../test/support/build-context.ts";
import { describePlugin } from "../test/support/describe-plugin.ts";
import { containerPlugin } from "./container-plugin.ts";
import { type BuildContext, defaultPluginConfig, type Manifest } from "./plugin.ts";
import { stamp } from "./stamp.ts";

interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  restartPolicy?: string;
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  envFrom?: unknown[];
  resources?: unknown;
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  securityContext: { allowPrivilegeEscalation: boolean; capabilities: { drop: string[] } };
}
interface PodSpec {
  initContainers: [Container, Container];
  containers: [Container];
  volumes: { name: string; secret?: unknown }[];
  [field: string]: unknown;
}

const plugin = containerPlugin();
function built(overrides: Partial<BuildContext> = {}): PodSpec {
  const [pod] = plugin.build(buildContext(overrides)) as [Manifest];
  return pod["spec"] as PodSpec;
}
const main = (overrides: Partial<BuildContext> = {}): Container => built(overrides).containers[0];
const variable = (container: Container, name: string) => container.env?.filter((entry) => entry.name === name).map(({ value }) => value);
const flags = ({ args = [] }: Container): Record<string, string> =>
  Object.fromEntries(args.flatMap((arg, index) => (arg.startsWith("--") ? [[arg, args[index + 1] ?? ""]] : [])));

describePlugin(plugin);

describe("the pod of an attempt", () => {
  it("starts the sidecar, downloads beside it, then starts the program", () => {
    const { initContainers, containers } = built();
    assert.deepEqual(
      [...initContainers, ...containers].map(({ name, restartPolicy }) => `${name} ${restartPolicy ?? ""}`.trim()),
      ["copilot-sidecar Always", "copilot-download", "main"],
    );
  });

  it("gives the program its inputs read-only and its outputs writable", () => {
    assert.deepEqual(main().volumeMounts, [
      { name: "flyte-inputs", mountPath: "/var/inputs", readOnly: true },
      { name: "flyte-outputs", mountPath: "/var/outputs" },
    ]);
  });

  describe("with an object store", () => {
    const config = { ...defaultPluginConfig, storageSecret: "flyteops-storage", storageEnv: { AWS_REGION: "eu-central-1", NODE_OPTIONS: "--inspect" } };
    const data = { ...buildContext().data, storage: "s3://flows/prod" };
    const source = (key: string) => ({ name: key, valueFrom: { secretKeyRef: { name: "flyteops-storage", key, optional: true } } });

    it("gives credentials to the copilots, and to them alone, by reference", () => {
      const pod = built({ config, data });
      const wanted = [
        source("AWS_ACCESS_KEY_ID"),
        source("AWS_SECRET_ACCESS_KEY"),
        source("AWS_SESSION_TOKEN"),
        { name: "AWS_REGION", value: "eu-central-1" },
        source("AWS_ENDPOINT_URL"),
      ];
      for (const copilot of pod.initContainers) {
        assert.deepEqual(copilot.env, wanted);
        assert.equal(copilot.envFrom, undefined);
      }
      assert.doesNotMatch(JSON.stringify(pod.containers), /AWS_|flyteops-storage/);
      assert.doesNotMatch(JSON.stringify(pod["volumes"]), /flyteops-storage/);
    });

    it("names the variables of every store that is read, and of no other", () => {
      const names = (overrides: Partial<BuildContext>) => [
        ...new Set(built({ config, ...overrides }).initContainers.flatMap(({ env = [] }) => env.map(({ name }) => name.split("_")[0]))),
      ];
      assert.deepEqual(names({}), []);
      assert.deepEqual(names({ dataPrefixes: ["gs://raw/x"] }), ["GOOGLE", "STORAGE"]);
      assert.deepEqual(names({ data: { ...data, storage: "abfs://c@account/x" }, dataPrefixes: ["s3://raw"] }), ["AWS", "AZURE"]);
    });

    it("keeps the keys of the store from a task that asks for them", () => {
      const asking = recipe({ secrets: [{ name: "flyteops-storage", mount: "env" }] });
      assert.throws(() => built({ config, data, recipe: asking }), { reason: "SecretNotAllowed" });
    });
  });

  it("tells both copilots, and them alone, where remote data may lie", () => {
    const { initContainers, containers } = built({ dataPrefixes: ["file:///data/raw", "file:///out/$(X)"] });
    const remote = ({ args = [] }: Container) => args.flatMap((arg, index) => (arg === "--remote" ? [args[index + 1]] : []));
    assert.deepEqual([...initContainers, ...containers].map(remote), [
      ["file:///data/raw", "file:///out/$$(X)"],
      ["file:///data/raw", "file:///out/$$(X)"],
      [],
    ]);
    assert.deepEqual(built().initContainers.map(remote), [[], []]);
  });

  it("unpacks code read-only at /code and starts there", () => {
    const container = main({ code: { uri: "file:///store/code/abc.tar" } });
    assert.equal(container.workingDir, "/code");
    assert.deepEqual(container.volumeMounts[2], { name: "flyte-code", mountPath: "/code", readOnly: true });
    assert.deepEqual(variable(container, "FLYTEOPS_CODE"), ["/code"]);
    assert.equal(flags(built({ code: { uri: "file:///store/code/abc.tar" } }).initContainers[1])["--code"], "file:///store/code/abc.tar");
  });

  it("prefers the declared working directory", () => {
    assert.equal(main({ recipe: recipe({ container: { workingDir: "/srv" } }), code: { uri: "x" } }).workingDir, "/srv");
  });

  it("tells the copilots where everything is", () => {
    const [sidecar, download] = built({ map: { index: 3, number: 3, over: ["fold"] } }).initContainers;
    assert.deepEqual(download.command, ["flyteops", "copilot", "download"]);
    const said = flags(download);
    assert.equal(said["--to"], "/var/inputs");
    assert.equal(said["--map-index"], "3");
    assert.equal(said["--over"], "fold");
    assert.equal(flags(sidecar)["--raw"], "file:///store/runs/ml/development/iris-x7/u/train/0/raw");
    assert.ok(
      sidecar.volumeMounts.some(({ name, readOnly }) => name === "flyte-inputs" && readOnly === true),
      "an output may be a link to an input",
    );
  });

  it("is what restricted Pod Security admits, as far as it does not depend on the image's user", () => {
    const spec = built({ config: { ...buildContext().config, runAsUser: 1_000 } });
    for (const { securityContext } of [...spec.initContainers, ...spec.containers]) {
      assert.deepEqual(securityContext, { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } });
    }
    assert.deepEqual(spec["securityContext"], { seccompProfile: { type: "RuntimeDefault" }, runAsUser: 1_000, runAsNonRoot: true });
    assert.equal(spec["automountServiceAccountToken"], false);
  });

  it("ends with the attempt's timeout and leaves time to store outputs", () => {
    const spec = built({ timeoutMs: 90_500 });
    assert.equal(spec["activeDeadlineSeconds"], 91);
    assert.equal(spec["terminationGracePeriodSeconds"], 3_600);
    assert.equal(spec["restartPolicy"], "Never");
  });

  it("carries identity in labels that are always valid", () => {
    const context = buildContext({ identity: { ...buildContext().identity, node: `publish.${"x".repeat(80)}[3]` }, map: { index: 3, number: 3, over: [] } });
    const { metadata } = stamp((plugin.build(context) as [Manifest])[0], context, "iris-x7-train-3-0");
    const labels = metadata.labels ?? {};
    assert.equal(labels["flyte.org/run"], "iris-x7");
    assert.equal(labels["flyte.org/map-index"], "3");
    for (const value of Object.values(labels)) assert.match(value, /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
    assert.equal(metadata.annotations?.["flyte.org/source"], "flows/iris.yaml:14");
  });
});

describe("the environment of an attempt", () => {
  it("holds what Flyte and the contract promise", () => {
    const container = main({ attempt: 2, map: { index: 5, number: 5, over: [] }, deadline: "2026-01-01T00:00:00.000Z" });
    const expected = {
      RUN_NAME: "iris-x7",
      ACTION_NAME: "train",
      FLYTE_ATTEMPT_NUMBER: "2",
      FLYTE_INTERNAL_EXECUTION_WORKFLOW: "ml:development:iris",
      FLYTE_INTERNAL_TASK_NAME: "train-fold",
      FLYTEOPS_INPUTS: "/var/inputs",
      FLYTEOPS_OUTPUTS: "/var/outputs",
      FLYTEOPS_PROGRESS: "/var/outputs/.progress",
      FLYTEOPS_ACTION_KEY: "0d5f7c1e-0000-4000-8000-000000000000/train/5",
      FLYTEOPS_MAP_INDEX: "5",
      FLYTE_K8S_ARRAY_INDEX: "5",
      FLYTEOPS_MAX_ATTEMPTS: "3",
      FLYTEOPS_DEADLINE: "2026-01-01T00:00:00.000Z",
      FLYTE_SECRETS_DEFAULT_DIR: "/etc/flyte/secrets",
    };
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(variable(container, name), [value], name);
  });

  it("gives every attempt the same key for outside systems", () => {
    assert.deepEqual(variable(main({ attempt: 0 }), "FLYTEOPS_ACTION_KEY"), variable(main({ attempt: 4 }), "FLYTEOPS_ACTION_KEY"));
  });

  it("cannot be overridden, and the run wins over the task", () => {
    const env = [
      { name: "RUN_NAME", value: "mine" },
      { name: "FLYTEOPS_ANYTHING", value: "mine" },
      { name: "LEVEL", value: "task" },
    ];
    const container = main({ recipe: recipe({ container: { env } }), env: { LEVEL: "run", FLYTE_ATTEMPT_NUMBER: "9" } });
    assert.deepEqual(variable(container, "RUN_NAME"), ["iris-x7"]);
    assert.deepEqual(variable(container, "FLYTE_ATTEMPT_NUMBER"), ["0"]);
    assert.deepEqual(variable(container, "FLYTEOPS_ANYTHING"), []);
    assert.deepEqual(variable(container, "LEVEL"), ["run"]);
  });

  it("puts ours first, so that a variable of the task may refer to them", () => {
    const names = main({ recipe: recipe({ container: { env: [{ name: "OUT", value: "$(FLYTEOPS_OUTPUTS)/x" }] } }) }).env?.map(({ name }) => name) ?? [];
    assert.ok(names.indexOf("FLYTEOPS_OUTPUTS") < names.indexOf("OUT"));
  });
});

describe("templates of an attempt", () => {
  const typed = (inputs: Record<string, string>, args: string[]) => recipe({ interface: interfaceOfTypes(inputs, {}), container: { args } });

  it("cannot smuggle the value of a variable into an argument", () => {
    const container = main({ recipe: typed({ name: "string" }, ["--name={{.inputs.name}}"]), inputs: { name: stringLiteral("$(SECRET) $$") } });
    assert.deepEqual(container.args, ["--name=$$(SECRET) $$$$"]);
  });

  it("give one argument per element, and none for none", () => {
    const container = main({
      recipe: typed({ xs: "list<integer>", gone: "string | none" }, ["{{.inputs.xs}}", "{{.inputs.gone}}", "end"]),
      inputs: { xs: listLiteral([integerLiteral(1n), integerLiteral(2n)]), gone: noneLiteral() },
    });
    assert.deepEqual(container.args, ["1", "2", "end"]);
  });

  it("refuse an argument that Linux would not take", () => {
    const context = buildContext({ recipe: typed({ text: "string" }, ["{{.inputs.text}}"]), inputs: { text: stringLiteral("x".repeat(131_072)) } });
    assert.throws(() => plugin.build(context), { reason: "ArgumentTooLong" });
  });
});

describe("secrets of an attempt", () => {
  const secrets = [
    { name: "db", key: "password", mount: "env", as: "DB_PASSWORD" },
    { name: "tls", key: "key.pem" },
    { name: "tls", key: "cert.pem", mount: "file" },
    { name: "all" },
  ] as const;

  it("reach the program by reference only", () => {
    const container = main({ recipe: recipe({ secrets }) });
    const entry = container.env?.find(({ name }) => name === "DB_PASSWORD");
    assert.deepEqual(entry, { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } });
    assert.ok(container.env?.some(({ name }) => name === "_UNION_DB_PASSWORD"));
  });

  it("lie under their own name, one volume per Secret, and nowhere in the copilots", () => {
    const spec = built({ recipe: recipe({ secrets }) });
    const mounts = spec.containers[0].volumeMounts.filter(({ mountPath }) => mountPath.startsWith("/etc/flyte/secrets/"));
    assert.deepEqual(mounts.map(({ mountPath }) => mountPath).sort(), ["/etc/flyte/secrets/all", "/etc/flyte/secrets/tls"]);
    const tls = spec.volumes.find(({ secret }) => (secret as { secretName?: string } | undefined)?.secretName === "tls");
    assert.deepEqual((tls?.secret as { items: unknown }).items, [
      { key: "cert.pem", path: "cert.pem" },
      { key: "key.pem", path: "key.pem" },
    ]);
    for (const { volumeMounts, env } of spec.initContainers) {
      assert.ok(!volumeMounts.some(({ name }) => name.startsWith("secret-")));
      assert.equal(env, undefined);
    }
  });
});
