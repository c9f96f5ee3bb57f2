import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { bench } from "../../e2e/support/product.ts";
import { expectExit, flyteops, root, start } from "../../e2e/support/program.ts";
import { kubectlOf, SYSTEM } from "./support/installation.ts";

const LABEL = "app.kubernetes.io/part-of=flyteops";
const OF_THE_CLUSTER = "clusterroles,clusterrolebindings,flowschemas,prioritylevelconfigurations,validatingadmissionpolicies,customresourcedefinitions";
const OF_THE_NAMESPACE = "deployments,services,serviceaccounts,configmaps,roles,rolebindings,networkpolicies,poddisruptionbudgets";

const STORE = { storage: { container: "bucket", connection: { "auth-type": "accesskey" } } };
const FLAVOURS = [
  { flavour: "single", chart: join(root, "charts/flyteops"), values: { config: STORE } },
  { flavour: "core", chart: join(root, "charts/flyteops-core"), values: { config: { ...STORE, database: { postgres: { host: "db.example.com" } } } } },
] as const;

/** As Flyte 2 has it, as far as anybody here looks. */
const FOREIGN = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "taskactions.flyte.org" },
  spec: {
    group: "flyte.org",
    scope: "Namespaced",
    names: { kind: "TaskAction", plural: "taskactions", singular: "taskaction", listKind: "TaskActionList" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

describe("installing, upgrading and uninstalling on a real API server", function () {
  this.timeout(120_000);
  const on = bench();
  const env = { ...on.env, KUBECONFIG: process.env["KUBECONFIG"] };
  const kubectl = kubectlOf(on.directory, { env });
  const cli = (...args: readonly string[]) => flyteops(args, { cwd: on.directory, env });
  const helm = (...args: readonly string[]) => start("helm", [...args, "--namespace", SYSTEM], { env, cwd: root }).ended;
  const valuesOf = ({ flavour, values }: (typeof FLAVOURS)[number]) => {
    const file = on.path(`${flavour}.yaml`);
    writeFileSync(file, stringify(values));
    return file;
  };
  const left = async () =>
    (await kubectl("get", OF_THE_CLUSTER, "-l", LABEL, "-o", "name")) + (await kubectl("get", OF_THE_NAMESPACE, "-n", SYSTEM, "-l", LABEL, "-o", "name"));
  /** The volume of an embedded database holds the history: it stays, until somebody says otherwise. */
  const keepsVolume = async (flavour: string) => {
    const claims = await kubectl("get", "persistentvolumeclaims", "-n", SYSTEM, "-o", "name");
    assert.equal(claims.trim(), flavour === "single" ? "persistentvolumeclaim/flyteops-data" : "");
    await kubectl("delete", "persistentvolumeclaims", "--all", "-n", SYSTEM, "--wait", "--timeout=30s");
  };
  const changesOf = async (file: string) => {
    const { code, out, err } = await start("kubectl", ["diff", "--server-side", "-f", file], { env }).ended;
    return { code, said: out + err };
  };

  after(async () => {
    await kubectl("delete", "namespace", SYSTEM, "--ignore-not-found", "--wait", "--timeout=60s");
    await on.clear();
  });

  it("refuses to share a cluster with Flyte 2, says what to do, and changes nothing", async () => {
    await kubectl.apply([FOREIGN]);
    await kubectl("wait", "--for=condition=Established", "crd/taskactions.flyte.org", "--timeout=30s");
    const says = /Flyte 2 is installed[^]*use another (cluster|one), or remove Flyte 2/;
    for (const each of FLAVOURS) {
      const install = await expectExit(1, cli("install", "--flavour", each.flavour, "--values", valuesOf(each)));
      assert.equal(install.out, "");
      assert.match(install.err, says);
      const chart = await expectExit(1, helm("install", "flyteops", each.chart, "--create-namespace", "--values", valuesOf(each)));
      assert.match(chart.err, says);
    }
    assert.match((await expectExit(1, cli("uninstall", "--yes"))).err, says);
    const checked = await expectExit(1, cli("check"));
    assert.match(checked.out + checked.err, /Flyte 2 is installed/);
    const kinds = await kubectl("get", "crd", "-o", "name");
    assert.deepEqual(
      kinds.split("\n").filter((name) => name.endsWith(".flyte.org")),
      ["customresourcedefinition.apiextensions.k8s.io/taskactions.flyte.org"],
    );
    await kubectl("delete", "crd", "taskactions.flyte.org", "--wait", "--timeout=30s");
  });

  for (const each of FLAVOURS) {
    it(`${each.flavour}: what flyteops install prints is applied by kubectl, twice without a change, checked, and taken away by flyteops uninstall`, async () => {
      const file = on.path(`install-${each.flavour}.yaml`);
      writeFileSync(file, (await expectExit(0, cli("install", "--flavour", each.flavour, "--values", valuesOf(each)))).out);
      await kubectl("apply", "--server-side", "-f", file);
      await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");
      assert.deepEqual(await changesOf(file), { code: 0, said: "" });
      // There is no node here, so no program runs; the check says that, and the Secret that nobody made, each with what to type.
      const { out } = await expectExit(1, cli("check"));
      assert.match(out, /program flyteops-controller: 0 of \d replicas available[^]*kubectl describe deployment flyteops-controller/);
      assert.match(out, /secret flyteops-storage: it is not there[^]*kubectl create secret generic flyteops-storage -n flyteops-system/);
      assert.match(out, /lease flyteops-controller: nobody has ever held one/);
      assert.match(out, /rights of flyteops-controller: has all/);
      await kubectl("delete", "clusterrole", "flyteops-controller");
      const without = await expectExit(1, cli("check"));
      assert.match(without.out, /rights of flyteops-controller: lacks [^]*flyteops install .* kubectl apply/);
      await expectExit(0, cli("uninstall", "--yes", "--timeout", "30s"));
      assert.equal((await left()).trim(), "");
      await keepsVolume(each.flavour);
    });

    it(`${each.flavour}: the chart is installed, upgraded, rolled back and uninstalled by helm; its kinds stay`, async () => {
      const values = ["--values", valuesOf(each)];
      await expectExit(0, helm("template", "flyteops", each.chart, ...values, "--validate"));
      await expectExit(0, helm("install", "flyteops", each.chart, "--create-namespace", ...values));
      const note = async () => kubectl("get", "deployment", "flyteops-controller", "-n", SYSTEM, "-o", "jsonpath={.spec.template.metadata.annotations.note}");
      await expectExit(0, helm("upgrade", "flyteops", each.chart, ...values, "--set", "controller.podAnnotations.note=new"));
      assert.equal(await note(), "new");
      await kubectl("delete", "clusterrole", "flyteops-controller");
      await expectExit(0, helm("rollback", "flyteops", "1"));
      assert.equal(await note(), "");
      await kubectl("get", "clusterrole", "flyteops-controller");
      // Its hook needs a node to run on; the other tier has one.
      await expectExit(0, helm("uninstall", "flyteops", "--no-hooks"));
      const stays = (await left()).trim().split("\n");
      assert.equal(stays.length, 9, stays.join(" "));
      assert.ok(
        stays.every((name) => name.startsWith("customresourcedefinition")),
        stays.join(" "),
      );
      await kubectl("delete", "crd", "-l", LABEL, "--wait", "--timeout=30s");
      await keepsVolume(each.flavour);
    });
  }
});
