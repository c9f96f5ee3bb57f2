import { PART_OF } from "../../base/index.ts";
import type { Manifest } from "../render.ts";

interface Facts {
  readonly version: string;
  /** Which part of flyteops an object belongs to: controller, sync, access, crds, … */
  readonly component: string;
  readonly namespace?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Labels that every object of an installation has. */
export function commonLabels(version: string, component: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": "flyteops",
    "app.kubernetes.io/component": component,
    [PART_OF.label]: PART_OF.value,
    "app.kubernetes.io/version": version,
  };
}

/** Labels that pods of a program are found by; they never change, not with the version either. */
export function selectorLabels(component: string): Record<string, string> {
  return { "app.kubernetes.io/name": "flyteops", "app.kubernetes.io/component": component };
}

export function metadata(name: string, { version, component, namespace, annotations = {}, labels = {} }: Facts): Manifest["metadata"] {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...commonLabels(version, component), ...labels },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
  };
}
