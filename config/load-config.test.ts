import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configDocument, configReference } from "./documents.ts";
import { leafPaths, locate } from "./keys.ts";
import { type ConfigSources, loadConfig, problemLine } from "./load-config.ts";
import { environmentName } from "./read-environment.ts";
import { defaultConfig, parseConfig } from "./schema.ts";

describe("the configuration", () => {
  const directory = mkdtempSync(join(tmpdir(), "flyteops-config-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  let files = 0;
  const file = (text: string): string => {
    const path = join(directory, `${(files += 1)}.yaml`);
    writeFileSync(path, text);
    return path;
  };
  const valid = (sources: ConfigSources) => {
    const loaded = loadConfig(sources);
    assert.deepEqual(loaded.problems, []);
    return loaded;
  };
  const problems = (sources: ConfigSources) => loadConfig(sources).problems.map((problem) => problemLine(problem).replaceAll(`${directory}/`, ""));

  it("is valid when nothing is written", () => {
    assert.deepEqual(parseConfig({}).problems, []);
    assert.deepEqual(valid({ files: [] }).config, defaultConfig);
  });

  it("takes flags before the environment, the environment before files, a later file before an earlier one", () => {
    const paths = [file("logger: {level: debug}\ncontroller: {workers: 2, shards: 3}\nkubeClient: {maxInFlight: 9}\n"), file("controller:\n  workers: 3\n")];
    const environment = { FLYTEOPS_CONTROLLER__SHARDS: "4", FLYTEOPS_CONTROLLER__WORKERS: "5" };
    const { config } = valid({ files: paths, environment, flags: ["--controller.workers", "6"] });
    assert.equal(config.controller.workers, 6);
    assert.equal(config.controller.shards, 4);
    assert.equal(config.kubeClient.maxInFlight, 9);
    assert.equal(config.logger.level, "debug");
  });

  it("merges sections key by key and replaces lists and maps as a whole", () => {
    const first = file("plugins: {k8s: {default-labels: {a: '1', b: '2'}, run-as-user: 7}}\ncontroller: {controllers: [sync, run]}\n");
    const second = file("plugins: {k8s: {default-labels: {c: '3'}}}\ncontroller: {controllers: [project]}\n");
    const { config } = valid({ files: [first, second] });
    assert.deepEqual(config.plugins.k8s["default-labels"], { c: "3" });
    assert.equal(config.plugins.k8s["run-as-user"], 7);
    assert.deepEqual(config.controller.controllers, ["project"]);
  });

  it("compares keys without case and restores dotted ones", () => {
    const { config } = valid({ files: [file("LOGGER.formatter.TYPE: text\nkubeclient: {maxinflight: 8}\n")] });
    assert.equal(config.logger.formatter.type, "text");
    assert.equal(config.kubeClient.maxInFlight, 8);
  });

  it("reads texts of the environment and of flags by the type of their key", () => {
    const environment = {
      FLYTEOPS_PLUGINS__K8S__DEFAULT_LABELS: '{"team": "x"}',
      FLYTEOPS_CONTROLLER__CONTROLLERS: "sync, run",
      FLYTEOPS_SERVER__HEALTHADDRESS: "",
    };
    const flags = [
      "--controller.leaderElection.enabled=false",
      "--storage.connection.disable-ssl",
      "--otel.sampler.traceIdRatio",
      "0.5",
      "--storage.prefix",
      "7",
    ];
    const { config } = valid({ files: [], environment, flags });
    assert.deepEqual(config.plugins.k8s["default-labels"], { team: "x" });
    assert.deepEqual(config.controller.controllers, ["sync", "run"]);
    assert.equal(config.server.healthAddress, "");
    assert.equal(config.controller.leaderElection.enabled, false);
    assert.equal(config.storage.connection["disable-ssl"], true);
    assert.equal(config.otel.sampler.traceIdRatio, 0.5);
    assert.equal(config.storage.prefix, "7");
  });

  it("leaves variables alone that only begin like its own", () => {
    valid({ files: [], environment: { FLYTEOPS_INPUTS: "/in", FLYTEOPS_CONTROLLER_PORT_8081_TCP: "tcp://10.0.0.1:8081", PATH: "/bin" } });
  });

  it("gives every key one environment variable", () => {
    const names = leafPaths().map(environmentName);
    assert.equal(new Set(names).size, names.length);
    for (const path of leafPaths()) {
      const written = environmentName(path).slice("FLYTEOPS_".length).toLowerCase().split("__");
      assert.deepEqual(locate(written).path, path);
    }
  });

  it("names every wrong key by its path and its place", () => {
    const path = file("logger:\n  levle: info\ncontroller:\n  workers: many\nnothing: 1\nstorage: 3\n");
    const name = path.slice(directory.length + 1);
    const environment = { FLYTEOPS_LOGGER__COLOUR: "red", FLYTEOPS_CONTROLLER__SHARDS: "65" };
    assert.deepEqual(problems({ files: [path], environment, flags: ["--server.metricsAddress", "here", "--x.y", "z", "extra", "--logger.level"] }), [
      "FLYTEOPS_LOGGER__COLOUR: logger.colour: there is no such key",
      "--x.y: x.y: there is no such key",
      "extra: extra is no option; keys of the configuration are written --section.key value",
      "--logger.level: logger.level: a value is missing",
      `${name}:5: nothing: unknown field "nothing" in the configuration: known here: logger, otel, server, database, storage, controller, kubeClient, plugins, gitops`,
      `${name}:2: logger.levle: unknown field "levle" in logger: did you mean "level"?`,
      `--server.metricsAddress: server.metricsAddress: metricsAddress is "here", which is not an address such as ":8081" or "127.0.0.1:8081", or "" for none`,
      `${name}:6: storage: storage must be a map, but is the number 3`,
      `${name}:4: controller.workers: workers must be a whole number, but is the text "many"`,
      "FLYTEOPS_CONTROLLER__SHARDS: controller.shards: shards is 65, but must be at most 64",
    ]);
  });

  it("names every place that takes part in a rule that is broken", () => {
    const path = file("controller:\n  leaderElection:\n    renewDeadline: 14s\n");
    assert.deepEqual(problems({ files: [path] }), [
      `${path.slice(directory.length + 1)}:3: controller.leaderElection.leaseDuration: leaseDuration must be at least two seconds more than renewDeadline: a write in flight must end before another replica may begin`,
    ]);
  });

  it("says which file cannot be read, and why", () => {
    mkdirSync(join(directory, "folder"));
    const broken = file("a: [\n");
    assert.match(problems({ files: [broken] })[0] ?? "", /^[0-9]+\.yaml:\d: not YAML: /);
    assert.deepEqual(problems({ files: [join(directory, "absent.yaml"), join(directory, "no-*.yaml"), join(directory, "folder")] }), [
      "no-*.yaml: no file has such a name",
      "absent.yaml: there is no such file",
      "folder: this is a directory: write folder/*.yaml",
    ]);
    assert.deepEqual(
      problems({ files: [file("- a\n")] }).map((line) => line.replace(/^[0-9]+/, "n")),
      ["n.yaml:1: a configuration is a map of sections"],
    );
  });

  it("finds files by glob in the order of their names, and not those of hidden directories", () => {
    const folder = join(directory, "config.d");
    mkdirSync(join(folder, "..data"), { recursive: true });
    for (const [name, workers] of [
      ["b.yaml", 2],
      ["a.yaml", 1],
      ["c.yml", 3],
    ] as const)
      writeFileSync(join(folder, name), `controller: {workers: ${workers}}\n`);
    const loaded = valid({ files: [`${folder}/*.yaml`] });
    assert.deepEqual(loaded.files, [join(folder, "a.yaml"), join(folder, "b.yaml")]);
    assert.equal(loaded.config.controller.workers, 2);
    assert.deepEqual(valid({ files: [`${directory}/conf?g.[a-e]/c.yml`] }).config.controller.workers, 3);
  });

  it("takes an empty file and an empty section for nothing", () => {
    assert.deepEqual(valid({ files: [file(""), file("logger:\n"), file("# only a comment\n")] }).config, defaultConfig);
  });

  it("refuses secrets and never repeats them", () => {
    const path = file(
      "database: {postgres: {password: hunter2, passwordPath: hunter2}}\nstorage: {connection: {secret-key: hunter2, endpoint: 'https://me:hunter2@store'}}\n",
    );
    const said = problems({ files: [path], flags: ["--storage.azure.key", "hunter2"] });
    assert.equal(said.length, 5);
    assert.ok(
      said.every((line) => !line.includes("hunter2")),
      said.join("\n"),
    );
    assert.ok(
      said.some((line) =>
        line.endsWith("database.postgres.password: a secret is not written into the configuration: put it into a file and name that with passwordPath"),
      ),
    );
  });

  it("does not take names of JavaScript for keys", () => {
    assert.match(problems({ files: [file("__proto__: {level: debug}\nlogger: {constructor: 1}\n")] }).join("\n"), /constructor/);
    assert.equal(({} as Record<string, unknown>)["level"], undefined);
  });

  it("is shown with the place of every key, in the order of the schema", () => {
    const path = file("storage: {type: mem}\nlogger: {level: debug}\n");
    const loaded = valid({ files: [path], flags: ["--controller.controllers", "sync"] });
    assert.equal(
      configDocument(loaded, { output: "yaml", defaults: false }),
      `logger:\n  level: debug # ${path}:2\nstorage:\n  type: mem # ${path}:1\ncontroller:\n  # --controller.controllers\n  controllers:\n    - sync\n`,
    );
    assert.deepEqual(JSON.parse(configDocument(loaded, { output: "json", defaults: true })), loaded.config);
  });

  it("says of every key what it means and whether it is live", () => {
    const page = configReference();
    for (const path of leafPaths()) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${path.join(".")}\``));
      assert.ok(row && !row.endsWith("|  |"), path.join("."));
    }
    assert.match(page, /`logger.level` \| error \\\| info \\\| debug \| live/);
  });
});
