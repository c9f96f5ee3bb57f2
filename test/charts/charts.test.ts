import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Json } from "../../base/index.ts";
import { installationNeeds } from "../../cmd/installation-needs.ts";
import { CHARTS } from "../../scripts/charts.ts";
import { type Flavour, installation, type Manifest, parseValues } from "../../synth/index.ts";
import { findHelm, isHook, meaningOf, nameOf, rendered } from "./rendered.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const helm = findHelm();

function installed(flavour: Flavour, written: Json): Manifest[] {
  const { values, problems } = parseValues(flavour, written);
  assert.deepEqual(problems, []);
  // A chart does not make the namespace it is installed into.
  return installation({ flavour, values, version, needs: installationNeeds }).filter(({ kind }) => kind !== "Namespace");
}

const STORE = { storage: { container: "bucket" } };
const SERVER = { database: { embedded: false, postgres: { host: "db.example.com" } } };

/** Everything that a value can change, changed. */
const ALL: { [key: string]: Json } = {
  image: { repository: "registry.example.com/flyteops", digest: `sha256:${"a".repeat(64)}`, pullPolicy: "Always", pullSecrets: ["registry"] },
  config: {
    logger: { level: "debug" },
    otel: { type: "otlphttp" },
    ...SERVER,
    storage: { secretName: "store-key", copySecret: "projects", type: "azure", container: "data", prefix: "flyteops/a", azure: { account: "acme" } },
    plugins: { k8s: { "run-as-user": 1000, "default-labels": { team: "ml" } } },
  },
  secrets: { database: "db", storage: "" },
  serviceAccount: { annotations: { "iam.gke.io/gcp-service-account": "flyteops@acme" } },
  access: { namespaces: "All" },
  crds: { install: false },
  networkPolicy: {
    apiServer: { cidrs: ["10.0.0.1/32"], ports: [6443] },
    database: { cidrs: ["10.1.0.0/16"] },
    objectStore: { ports: [443, 9000] },
    metricsFrom: { "kubernetes.io/metadata.name": "monitoring" },
    apiFrom: { "flyte.org/api": "yes" },
  },
  podDisruptionBudget: { enabled: false },
  monitoring: { serviceMonitor: { enabled: true, labels: { release: "p" } }, rules: { enabled: true }, dashboard: { enabled: true } },
  controller: {
    replicas: 3,
    resources: { requests: { cpu: "2" }, limits: { memory: "4Gi" } },
    nodeSelector: { pool: "system" },
    tolerations: [{ key: "system", operator: "Exists" }],
    affinity: { nodeAffinity: {} },
    podLabels: { team: "yes" },
    podAnnotations: { note: "kept" },
    env: { NO_PROXY: ".svc", HTTPS_PROXY: "http://proxy:3128" },
  },
};

const API = { resources: { limits: { memory: "2Gi" } }, env: { NODE_OPTIONS: "--max-old-space-size=1500" } };

const CASES: readonly { readonly title: string; readonly flavour: Flavour; readonly values: Json }[] = [
  { title: "nothing but a bucket", flavour: "single", values: { config: STORE } },
  { title: "a PostgreSQL of one's own", flavour: "single", values: { config: { ...STORE, ...SERVER } } },
  { title: "everything changed", flavour: "single", values: { ...ALL, api: API } },
  { title: "no API", flavour: "single", values: { config: STORE, api: { enabled: false } } },
  { title: "no API", flavour: "core", values: { config: { ...STORE, ...SERVER }, api: { enabled: false }, monitoring: { serviceMonitor: { enabled: true } } } },
  { title: "policies left out", flavour: "single", values: { config: STORE, networkPolicy: { enabled: false }, flowSchema: { enabled: false }, signalPolicy: { enabled: false } } },
  {
    title: "servers of one's own",
    flavour: "core",
    values: {
      config: {
        storage: { container: "b", connection: { endpoint: "https://s3.example.com:9000", region: "here", "disable-ssl": true } },
        database: {
          postgres: { host: "fd00::1", port: 6432, dbname: "fly te", username: "a@b", options: "sslmode=verify-ca", rootCertPath: "/etc/flyteops/secrets/database/ca.crt" },
        },
      },
    },
  },
  { title: "a volume of a class", flavour: "single", values: { config: STORE, volume: { size: "50Gi", storageClassName: "fast" } } },
  { title: "nothing but a bucket and a host", flavour: "core", values: { config: { ...STORE, ...SERVER } } },
  { title: "everything changed", flavour: "core", values: { ...ALL, sync: { replicas: 1, env: { GIT_SSL_NO_VERIFY: "0" } }, api: { ...API, replicas: 3, nodeSelector: { pool: "api" } } } },
  { title: "an image by its tag", flavour: "core", values: { config: { ...STORE, ...SERVER }, image: { tag: "0.1.1" } } },
];

const REFUSED: readonly { readonly title: string; readonly flavour: Flavour; readonly values: Json; readonly words: RegExp }[] = [
  { title: "no bucket", flavour: "single", values: {}, words: /config\.storage\.container: name the bucket/ },
  { title: "a store that pods cannot reach", flavour: "single", values: { config: { storage: { type: "local" } } }, words: /out of reach of pods/ },
  { title: "two replicas over one volume", flavour: "single", values: { config: STORE, controller: { replicas: 2 } }, words: /at most one replica/ },
  { title: "the API at another port than its Service", flavour: "core", values: { config: { ...STORE, ...SERVER, server: { apiAddress: ":1" } } }, words: /config\.server\.apiAddress: the Service/ },
  { title: "a copy of a Secret without a name", flavour: "core", values: { config: { storage: { container: "b", copySecret: "projects" }, ...SERVER } }, words: /copySecret needs secretName/ },
  { title: "two databases", flavour: "single", values: { config: { ...STORE, database: { postgres: { host: "db" } } } }, words: /config\.database\.embedded: says that flyteops starts/ },
  { title: "no host", flavour: "core", values: { config: STORE }, words: /config\.database\.postgres\.host: name the host/ },
  { title: "an embedded database that two programs would share", flavour: "core", values: { config: { ...STORE, database: { embedded: true } } }, words: /flavour core shares one PostgreSQL/ },
  { title: "other ports for health", flavour: "single", values: { config: { ...STORE, server: { healthAddress: ":1" } } }, words: /expect health on :8081/ },
  { title: "a key that nobody knows", flavour: "single", values: { config: STORE, replicas: 3 }, words: /replicas/ },
  { title: "a wrong key of the configuration", flavour: "single", values: { config: { ...STORE, logger: { level: "loud" } } }, words: /level/ },
];

describe("the charts", function () {
  this.timeout(30_000);

  before(function () {
    if (helm) return;
    console.log("    NOT RUN: no helm on PATH, and HELM does not name one; the charts are not compared with flyteops install");
    this.skip();
  });

  for (const { title, flavour, values } of CASES) {
    it(`render what flyteops install --flavour ${flavour} prints: ${title}`, () => {
      const { manifests, error } = rendered(helm!, CHARTS[flavour], values);
      assert.equal(manifests.length > 0 ? "" : error, "");
      const ours = installed(flavour, values);
      const theirs = new Map(manifests.filter((manifest) => !isHook(manifest)).map((manifest) => [nameOf(manifest), manifest]));
      assert.deepEqual([...theirs.keys()].sort(), ours.map(nameOf).sort());
      for (const manifest of ours) assert.deepEqual(meaningOf(theirs.get(nameOf(manifest))!), meaningOf(manifest), nameOf(manifest));
    });
  }

  for (const { title, flavour, values, words } of REFUSED) {
    it(`refuse what flyteops install --flavour ${flavour} refuses: ${title}`, () => {
      assert.match(
        parseValues(flavour, values)
          .problems.map(({ path, message }) => `${path}: ${message}`)
          .join("\n"),
        words,
      );
      const { status, error } = rendered(helm!, CHARTS[flavour], values);
      assert.notEqual(status, 0);
      assert.match(error, words);
    });
  }

  it("refuse another namespace, with the command to type", () => {
    const { error } = rendered(helm!, CHARTS.single, { config: STORE }, ["--namespace", "elsewhere"]);
    assert.match(error, /--namespace flyteops-system --create-namespace/);
  });

  it("leave the policy of signals out where Kubernetes is too old for it", () => {
    const kinds = rendered(helm!, CHARTS.single, { config: STORE }, ["--kube-version", "1.29.4"]).manifests.map(({ kind }) => kind);
    assert.equal(kinds.includes("ValidatingAdmissionPolicy"), false);
    assert.equal(kinds.includes("Deployment"), true);
  });

  it("keep the kinds and the volume when the release goes, and upgrade both with it", () => {
    const kept = rendered(helm!, CHARTS.single, { config: STORE }).manifests.filter(({ metadata }) => metadata.annotations?.["helm.sh/resource-policy"] === "keep");
    assert.deepEqual([...new Set(kept.map(({ kind }) => kind))].sort(), ["CustomResourceDefinition", "PersistentVolumeClaim"]);
  });

  it("end what runs before the controllers go, by a hook with an account of its own", () => {
    const hooks = rendered(helm!, CHARTS.core, { config: { ...STORE, ...SERVER } }).manifests.filter(isHook);
    assert.deepEqual(hooks.map(({ kind }) => kind).sort(), ["ClusterRole", "ClusterRoleBinding", "Job", "NetworkPolicy", "Role", "RoleBinding", "ServiceAccount"]);
    assert.ok(hooks.every(({ metadata }) => metadata.annotations?.["helm.sh/hook"] === "pre-delete"));
    const without = rendered(helm!, CHARTS.core, { config: { ...STORE, ...SERVER }, uninstallHook: { enabled: false } }).manifests;
    assert.deepEqual(without.filter(isHook), []);
  });

  for (const chart of Object.values(CHARTS)) {
    it(`${chart} has nothing that helm lint complains about`, () => {
      const { status, stdout } = spawnSync(helm!, ["lint", "--strict", "--kube-version", "1.33.0", chart], { encoding: "utf8" });
      assert.equal(status, 0, stdout);
    });
  }
});
