import { stringify } from "yaml";
import { addCommand, type Registry } from "../command.ts";
import { EXIT } from "../context.ts";

export function registerCrds(registry: Registry): void {
  addCommand(registry, "crds", {
    summary: "print the CustomResourceDefinitions, for kubectl apply",
    examples: ["flyteops crds | kubectl apply --server-side -f -"],
  })
    .option("-o, --output <format>", "yaml or json", "yaml")
    .action(async (options: { output: string }) => {
      const { allKinds } = await import("../../crds/index.ts");
      const manifests = allKinds.map((kind) => kind.crd());
      if (options.output === "json") registry.deps.out.write(`${JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }, null, 2)}\n`);
      else registry.deps.out.write(manifests.map((manifest) => `---\n${stringify(manifest, { aliasDuplicateObjects: false })}`).join(""));
      registry.finish(EXIT.ok);
    });
}
