import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { Json } from "../../base/index.ts";
import type { Manifest } from "../../synth/index.ts";

/** Helm, as HELM or PATH names it; undefined when there is none. */
export function findHelm(): string | undefined {
  const named = process.env["HELM"];
  if (named) return named;
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, "helm"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export interface Rendered {
  readonly status: number;
  readonly manifests: readonly Manifest[];
  readonly error: string;
}

/** What a chart renders for these values, in the order in which Helm prints it. */
export function rendered(helm: string, chart: string, values: Json, more: readonly string[] = []): Rendered {
  const directory = mkdtempSync(join(tmpdir(), "flyteops-charts-"));
  try {
    const file = join(directory, "values.yaml");
    writeFileSync(file, stringify(values, { version: "1.1" }));
    const where = ["--namespace", "flyteops-system", "--kube-version", "1.33.0", "--values", file];
    const { status, stdout, stderr } = spawnSync(helm, ["template", "flyteops", chart, ...where, ...more], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
      env: { ...process.env, HOME: directory },
    });
    const documents = status === 0 ? parseAllDocuments(stdout).map((document) => document.toJS() as Manifest | null) : [];
    return { status: status ?? -1, manifests: documents.filter((each): each is Manifest => each !== null), error: stderr };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

/** What only Helm knows: hooks, and what it keeps. */
export function isHook({ metadata }: Manifest): boolean {
  return metadata.annotations?.["helm.sh/hook"] !== undefined;
}

function withoutHelm(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith("helm.sh/")));
}

/** A digest says that something changed, and is computed over a text that each side writes in its own way. */
function sameDigest(manifest: Manifest): void {
  const template = (manifest["spec"] as { template?: { metadata?: { annotations?: Record<string, string> } } } | undefined)?.template;
  const annotations = template?.metadata?.annotations;
  if (annotations?.["flyte.org/config-digest"]?.startsWith("sha256:")) annotations["flyte.org/config-digest"] = "sha256:…";
}

/** A manifest as the API server would understand it: texts that hold YAML or JSON as what they hold. */
export function meaningOf(manifest: Manifest): Manifest {
  const copy = structuredClone(manifest);
  const annotations = withoutHelm(copy.metadata.annotations ?? {});
  delete copy.metadata.annotations;
  if (Object.keys(annotations).length > 0) copy.metadata.annotations = annotations;
  const data = copy["data"] as Record<string, unknown> | undefined;
  for (const [key, text] of Object.entries(data ?? {})) if (/\.(yaml|json)$/.test(key)) data![key] = parse(String(text));
  sameDigest(copy);
  return copy;
}
