import type { KubeObject } from "../../kube/index.ts";
import { type Complaint, warning } from "./candidate.ts";

interface TaskLike {
  readonly container?: { readonly command?: readonly string[]; readonly args?: readonly string[] };
  readonly data?: { readonly inputPath?: string; readonly outputPath?: string };
}

const DEFAULTS = { inputPath: "/var/flyte/inputs", outputPath: "/var/flyte/outputs" } as const;
const WAYS = {
  inputPath: "{{.inputs.<name>}} or the variable FLYTEOPS_INPUTS",
  outputPath: "the variable FLYTEOPS_OUTPUTS",
} as const;

function mentions(argument: string, directory: string): boolean {
  const at = argument.indexOf(directory);
  return at >= 0 && !/^[A-Za-z0-9_.-]/.test(argument.slice(at + directory.length));
}

/** Paths written out in command and args do not exist where mount namespaces are not available: say what works everywhere. */
export function portabilityWarnings(object: KubeObject): Complaint[] {
  if (object.kind !== "Task") return [];
  const { container, data } = object["spec"] as TaskLike;
  return (["command", "args"] as const).flatMap((field) =>
    (container?.[field] ?? []).flatMap((argument, index) =>
      (["inputPath", "outputPath"] as const)
        .filter((which) => mentions(String(argument), data?.[which] ?? DEFAULTS[which]))
        .map((which) =>
          warning("LiteralPath", `${data?.[which] ?? DEFAULTS[which]} is not at this path on every machine: use ${WAYS[which]}`, [
            "spec",
            "container",
            field,
            index,
          ]),
        ),
    ),
  );
}
