import { App, Chart, type ApiObject } from "cdk8s";

/** A plain manifest, ready to be applied. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/**
 * Runs one cdk8s chart in memory and gives its manifests in dependency order. Same input, same bytes: one App per call,
 * no files, no environment, names exactly as given.
 */
export function render(build: (chart: Chart) => void): Manifest[] {
  const chart = new Chart(new App(), "chart", { disableResourceNameHashes: true });
  build(chart);
  return chart.toJson() as Manifest[];
}

/** Says that every later object waits for the earlier ones, so that the order of the output is the order of the code. */
export function inOrder(objects: readonly ApiObject[]): void {
  objects.forEach((object, index) => {
    const previous = objects[index - 1];
    if (previous) object.addDependency(previous);
  });
}
