import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Json, PolicyRule } from "../../base/index.ts";
import { installationNeeds as needs } from "../../cmd/installation-needs.ts";
import type { Manifest } from "../render.ts";
import { alerts, dashboard, type Flavour, FLAVOURS, installation, mergedRules, mergeValues, parseValues } from "./index.ts";

const GIVEN: Readonly<Record<Flavour, Json>> = {
  single: { config: { storage: { container: "b" } } },
  core: { config: { storage: { container: "b" }, database: { postgres: { host: "db" } } } },
};

function installed(flavour: Flavour, more: Json = {}): Manifest[] {
  const { values, problems } = parseValues(flavour, mergeValues(GIVEN[flavour], more));
  assert.deepEqual(problems, []);
  return installation({ flavour, values, needs, version: "1.2.3" });
}

interface Pod {
  readonly securityContext: Record<string, unknown>;
  readonly containers: readonly {
    readonly name: string;
    readonly securityContext: unknown;
    readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
  }[];
}
const podOf = (deployment: Manifest): Pod => (deployment["spec"] as { template: { spec: Pod } }).template.spec;
const containersOf = (deployment: Manifest): string[] => podOf(deployment).containers.map(({ name }) => name);

const rolesOf = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => kind === "ClusterRole" || kind === "Role")
    .map((role) => ({ name: role.metadata.name, kind: role.kind, rules: role["rules"] as PolicyRule[] }));

for (const flavour of FLAVOURS) {
  describe(`an installation of the flavour ${flavour}`, () => {
    it("gives nobody a right with a star in it, nor one to escalate, nor everybody's Secrets", () => {
      for (const { name, kind, rules } of rolesOf(installed(flavour, { access: { namespaces: "All" } }))) {
        for (const { apiGroups, resources, verbs, resourceNames } of rules) {
          assert.equal([...apiGroups, ...resources, ...verbs].includes("*"), false, name);
          assert.equal(verbs.includes("escalate"), false, name);
          if (verbs.includes("bind"))
            assert.ok(
              resourceNames?.every((each) => /^flyte(ops)?-/.test(each)),
              name,
            );
          if (resources.includes("secrets")) assert.ok(kind === "Role" || name === "flyte-sync", name);
          // Who may make pods or act as others everywhere may do anything.
          if (name === "flyteops-controller" && kind === "ClusterRole") {
            assert.equal(resources.includes("pods") && verbs.includes("create"), false);
            assert.equal(verbs.includes("impersonate"), false);
          }
        }
      }
    });

    it("binds nothing but its own roles, everywhere only those that reach everywhere", () => {
      for (const { kind, metadata, ...binding } of installed(flavour).filter(({ kind: each }) => each.endsWith("RoleBinding") || each === "RoleBinding")) {
        assert.match((binding["roleRef"] as { name: string }).name, /^flyteops-(controller|sync|api|platform|facts)$/, `${kind} ${metadata.name}`);
      }
    });

    it("asks for restricted pods and makes none that are not", () => {
      const manifests = installed(flavour);
      assert.equal(manifests[0]?.metadata.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
      const deployments = manifests.filter(({ kind }) => kind === "Deployment");
      assert.deepEqual(deployments.map(containersOf), flavour === "single" ? [["flyteops", "api"]] : [["flyteops"], ["flyteops"], ["api"]]);
      for (const deployment of deployments) {
        const pod = podOf(deployment);
        assert.deepEqual(pod.securityContext["seccompProfile"], { type: "RuntimeDefault" });
        assert.equal(pod.securityContext["runAsNonRoot"], true);
        for (const { securityContext } of pod.containers)
          assert.deepEqual(securityContext, { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true });
      }
    });

    it("comes in the order in which it is applied, all of it labelled as ours", () => {
      const manifests = installed(flavour);
      const at = (wanted: string) => manifests.findIndex(({ kind }) => kind === wanted);
      const last = (wanted: string) => manifests.findLastIndex(({ kind }) => kind === wanted);
      assert.equal(at("Namespace"), 0);
      for (const [before, after] of [
        ["Namespace", "CustomResourceDefinition"],
        ["CustomResourceDefinition", "ServiceAccount"],
        ["ServiceAccount", "ClusterRole"],
        ["RoleBinding", "Deployment"],
        ["ConfigMap", "Deployment"],
      ] as const) {
        assert.ok(last(before) < at(after), `${before} before ${after}`);
      }
      for (const { metadata, kind } of manifests) assert.equal(metadata.labels?.["app.kubernetes.io/part-of"], "flyteops", `${kind} ${metadata.name}`);
    });

    it("is the same for the same values, whatever the order of the controllers' needs", () => {
      const { values } = parseValues(flavour, GIVEN[flavour]);
      const turned = Object.fromEntries(Object.entries(needs).map(([name, rules]) => [name, [...rules].reverse()]));
      assert.equal(
        JSON.stringify(installation({ flavour, values, needs: turned, version: "1" })),
        JSON.stringify(installation({ flavour, values, needs, version: "1" })),
      );
    });
  });
}

describe("copies of the storage Secret", () => {
  const roles = (more: Json) => rolesOf(installed("core", more)).filter(({ name }) => name === "flyteops-storage-secret");

  it("need rights to one Secret, by its name, and nobody has them who did not ask for copies", () => {
    assert.deepEqual(roles({ config: { storage: { secretName: "key" } } }), []);
    const [projects, system] = roles({ config: { storage: { secretName: "key", copySecret: "projects" } } });
    const rule = (verbs: readonly string[], named: boolean) => ({
      apiGroups: [""],
      resources: ["secrets"],
      verbs,
      ...(named ? { resourceNames: ["key"] } : {}),
    });
    assert.deepEqual([projects?.kind, projects?.rules], ["ClusterRole", [rule(["get", "patch"], true), rule(["create"], false)]]);
    assert.deepEqual([system?.kind, system?.rules], ["Role", [rule(["get", "list", "watch"], true)]]);
  });
});

describe("the read-only API of an installation", () => {
  const apiOf = (flavour: Flavour, more: Json = {}) =>
    installed(flavour, more)
      .filter(({ kind }) => kind === "Deployment")
      .flatMap((deployment) => podOf(deployment).containers)
      .find(({ name }) => name === "api");
  const places = (flavour: Flavour, more: Json = {}) => apiOf(flavour, more)?.volumeMounts.map(({ mountPath, readOnly }) => `${mountPath} ${String(readOnly)}`);

  it("has no key of the object store, and beside the controllers a token of its own instead of theirs", () => {
    const [config, database] = ["/etc/flyteops/config.d true", "/etc/flyteops/secrets/database true"];
    assert.deepEqual(places("core"), [config, database]);
    const token = "/var/run/secrets/kubernetes.io/serviceaccount true";
    assert.deepEqual(places("single", { config: { database: { embedded: false, postgres: { host: "db" } } } }), [config, database, token]);
    assert.deepEqual(places("single"), [config, database, "/var/lib/flyteops true", token]);
  });

  it("may read three kinds, and nothing else", () => {
    for (const flavour of FLAVOURS) {
      const rules = rolesOf(installed(flavour)).filter(({ name }) => name === "flyteops-api");
      assert.deepEqual(rules, [
        {
          kind: "ClusterRole",
          name: "flyteops-api",
          rules: [{ apiGroups: ["flyte.org"], resources: ["projects", "runs", "taskactions"], verbs: ["list", "watch"] }],
        },
      ]);
    }
  });

  it("leaves nothing behind where it is not wanted", () => {
    for (const flavour of FLAVOURS) {
      const without = installed(flavour, { api: { enabled: false } });
      assert.equal(apiOf(flavour, { api: { enabled: false } }), undefined);
      assert.deepEqual(
        without.filter(({ kind, metadata: { name } }) => kind !== "FlowSchema" && name.startsWith("flyteops-api")),
        [],
      );
    }
  });
});

describe("rules of roles", () => {
  it("say what several controllers need once, and keep apart what is named", () => {
    const named = { apiGroups: [""], resources: ["a"], verbs: ["get"], resourceNames: ["x"] };
    assert.deepEqual(
      mergedRules([
        { apiGroups: [""], resources: ["b", "a"], verbs: ["list"] },
        { apiGroups: [""], resources: ["a"], verbs: ["get", "list"] },
        { apiGroups: [""], resources: ["b"], verbs: ["get"] },
        named,
      ]),
      [named, { apiGroups: [""], resources: ["a", "b"], verbs: ["get", "list"] }],
    );
  });
});

describe("values", () => {
  it("are merged as Helm merges them: by key, lists replaced, null takes away", () => {
    assert.deepEqual(mergeValues({ a: { b: 1, c: [1, 2], d: 3 }, e: 1 }, { a: { b: 2, c: [3], d: null }, f: 4 }), { a: { b: 2, c: [3] }, e: 1, f: 4 });
  });

  it("are refused with the path of every mistake", () => {
    const { problems } = parseValues("single", { image: { pullPolicy: "Sometimes" }, controller: { replicas: -1 }, config: { logger: { level: "loud" } } });
    assert.deepEqual(problems.map(({ path }) => path).sort(), ["config.logger.level", "controller.replicas", "image.pullPolicy"]);
  });
});

/** Names of metrics that the product declares. */
function declaredMetrics(): Set<string> {
  const sources = ["base", "kube", "controllers", "cmd", "blobs", "records", "gitops"].flatMap((room) =>
    readdirSync(room, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
  );
  return new Set(sources.flatMap((text) => [...text.matchAll(/"(flyteops_[a-z_]+)"/g)].map(([, name]) => name!)));
}

describe("alerts and dashboard", () => {
  const declared = declaredMetrics();
  const named = (text: string) => [...new Set([...text.matchAll(/flyteops_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, "")))];

  it("name only metrics that the programs have", () => {
    const missing = named(`${JSON.stringify(alerts)}${dashboard()}`).filter((name) => !declared.has(name));
    assert.deepEqual(missing, []);
  });

  it("say of every alert what to do", () => {
    for (const { alert, summary, description } of alerts) assert.ok(summary.length > 20 && description.length > 40, alert);
    assert.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
    assert.equal((parse(dashboard()) as { title: string }).title, "flyteops");
  });
});
