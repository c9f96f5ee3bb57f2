import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Json } from "../base/index.ts";
import { type Flavour, installation, type Manifest, parseValues, type ProjectInput, projectManifests, type QuotaInput, quotaManifests } from "./index.ts";

const ROOT = "synth/testdata";
const update = process.env["UPDATE_GOLDEN"] === "1";

/** An installation, or the objects of it that a case is about. */
interface InstallationCase {
  readonly flavour: Flavour;
  readonly values: Json;
  readonly only: readonly string[];
}

const needs = {
  api: [{ apiGroups: ["flyte.org"], resources: ["runs"], verbs: ["watch", "list"] }],
  program: [{ apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "update"], in: "system" }],
  run: [
    { apiGroups: ["flyte.org"], resources: ["runs"], verbs: ["watch", "list"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["create"], in: "projects" },
  ],
  sync: [
    { apiGroups: ["flyte.org"], resources: ["runs"], verbs: ["get"] },
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"], in: "gitsyncs" },
  ],
} as const;

function renderInstallation({ flavour, values: written, only }: InstallationCase): Manifest[] {
  const { values, problems } = parseValues(flavour, written);
  assert.deepEqual(problems, []);
  const all = installation({ flavour, values, needs, version: "1.2.3" });
  return all.filter(({ kind, metadata }) => only.includes(`${kind}/${metadata.name}`));
}

function renderCase(input: { render: string } & Record<string, unknown>): Manifest[] {
  if (input.render === "project") return projectManifests(input as unknown as ProjectInput);
  if (input.render === "quota") return quotaManifests(input as unknown as QuotaInput);
  if (input.render === "installation") return renderInstallation(input as unknown as InstallationCase);
  throw new Error(`no renderer ${input.render}`);
}

const print = (manifests: readonly Manifest[]) => manifests.map((manifest) => `---\n${stringify(manifest)}`).join("");

describe("synth", () => {
  it("refuses to rewrite its golden files in CI", () => assert.ok(!(update && process.env["CI"]), "UPDATE_GOLDEN is set in CI"));

  for (const name of readdirSync(ROOT)) {
    it(`renders ${name} exactly as its golden file says`, () => {
      const text = print(renderCase(parse(readFileSync(join(ROOT, name, "input.yaml"), "utf8"))));
      const golden = join(ROOT, name, "want.yaml");
      if (update) writeFileSync(golden, text);
      assert.ok(existsSync(golden), `${golden} is missing: UPDATE_GOLDEN=1 npx mocha --import=tsx synth/golden.test.ts`);
      assert.equal(text, readFileSync(golden, "utf8"));
    });
  }

  it("gives the same bytes for the same input", () => {
    const input: ProjectInput = { name: "ml", uid: "u", domain: "staging", access: { viewers: [{ group: "a" }, { user: "b" }] } };
    assert.equal(print(projectManifests(input)), print(projectManifests({ ...input })));
  });

  it("puts the namespace first and gives nothing an owner", () => {
    const manifests = projectManifests({ name: "ml", uid: "u", domain: "staging" });
    assert.equal(manifests[0]?.kind, "Namespace");
    for (const manifest of manifests) assert.equal("ownerReferences" in manifest.metadata, false);
  });
});
