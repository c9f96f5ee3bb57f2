import type { KubeObject } from "../../../kube/index.ts";
import { ageOf } from "../wire/age.ts";
import { NAME_COLUMN } from "./custom-columns.ts";
import { fieldAt, type LabelSelector, selectorText } from "./scale-paths.ts";
import type { TableColumn } from "./served-kind.ts";

type Cell = TableColumn["cell"];

const column = (name: string, cell: Cell, more: Partial<TableColumn> = {}): TableColumn => ({ name, type: "string", priority: 0, cell, ...more });
const count = (name: string, cell: Cell): TableColumn => column(name, cell, { type: "integer" });
const wide = { priority: 1 } as const;
const AGE = column("Age", (object, now) => ageOf(object.metadata.creationTimestamp, now));

const number = (object: KubeObject, ...path: string[]): number => Number(fieldAt(object, path) ?? 0);
const text = (object: KubeObject, ...path: string[]): string => String(fieldAt(object, path) ?? "");
const list = (object: unknown, ...path: string[]): Record<string, unknown>[] => (fieldAt(object, path) ?? []) as Record<string, unknown>[];
const orNone = (words: string): string => (words === "" ? "<none>" : words);

/** Names of this many are shown; the others are counted. */
function shortened(words: readonly string[], shown: number): string {
  const more = words.length - shown;
  return more > 0 ? `${words.slice(0, shown).join(",")} + ${more} more...` : words.join(",");
}

const containers =
  (field: string): Cell =>
  (object) =>
    list(object, "spec", "template", "spec", "containers")
      .map((one) => String(one[field]))
      .join(",");
const SELECTED = [
  column("Containers", containers("name"), wide),
  column("Images", containers("image"), wide),
  column("Selector", (object) => selectorText(fieldAt(object, ["spec", "selector"]) as LabelSelector | undefined), wide),
];

const DEPLOYMENT = [
  NAME_COLUMN,
  column("Ready", (object) => `${number(object, "status", "readyReplicas")}/${number(object, "spec", "replicas")}`),
  count("Up-to-date", (object) => number(object, "status", "updatedReplicas")),
  count("Available", (object) => number(object, "status", "availableReplicas")),
  AGE,
  ...SELECTED,
];

const REPLICA_SET = [
  NAME_COLUMN,
  count("Desired", (object) => number(object, "spec", "replicas")),
  count("Current", (object) => number(object, "status", "replicas")),
  count("Ready", (object) => number(object, "status", "readyReplicas")),
  AGE,
  ...SELECTED,
];

function externalAddress(object: KubeObject): string {
  const external = (fieldAt(object, ["spec", "externalIPs"]) ?? []) as string[];
  switch (text(object, "spec", "type")) {
    case "ExternalName":
      return text(object, "spec", "externalName");
    case "LoadBalancer": {
      const given = list(object, "status", "loadBalancer", "ingress").map((one) => String(one["ip"] ?? one["hostname"]));
      return [...given, ...external].join(",") || "<pending>";
    }
    default:
      return orNone(external.join(","));
  }
}

function servicePorts(object: KubeObject): string {
  const ports = list(object, "spec", "ports").map(
    ({ port, nodePort, protocol }) => `${String(port)}${nodePort ? `:${String(nodePort)}` : ""}/${String(protocol)}`,
  );
  return orNone(ports.join(","));
}

const SERVICE = [
  NAME_COLUMN,
  column("Type", (object) => text(object, "spec", "type")),
  column("Cluster-IP", (object) => orNone(text(object, "spec", "clusterIP"))),
  column("External-IP", externalAddress),
  column("Port(s)", servicePorts),
  AGE,
  column(
    "Selector",
    (object) => {
      const labels = Object.entries((fieldAt(object, ["spec", "selector"]) ?? {}) as object).map(([key, value]) => `${key}=${String(value)}`);
      return orNone(labels.sort().join(","));
    },
    wide,
  ),
];

function subsetAddresses(object: KubeObject): string {
  const found = list(object, "subsets").flatMap((subset) => {
    const [addresses, ports] = [list(subset, "addresses"), list(subset, "ports")];
    if (ports.length === 0) return addresses.map(({ ip }) => String(ip));
    return ports.flatMap(({ port }) => addresses.map(({ ip }) => `${String(ip)}:${String(port)}`));
  });
  return orNone(shortened(found, 3));
}

const unset = (words: string): string => (words === "" ? "<unset>" : words);

const SLICE = [
  NAME_COLUMN,
  column("AddressType", (object) => text(object, "addressType")),
  column("Ports", (object) =>
    unset(
      shortened(
        list(object, "ports").map(({ port, name }) => String(port ?? (name || "*"))),
        3,
      ),
    ),
  ),
  column("Endpoints", (object) =>
    unset(
      shortened(
        list(object, "endpoints").flatMap(({ addresses }) => addresses as string[]),
        3,
      ),
    ),
  ),
  AGE,
];

/** Columns of what an application is made of, by `<group>/<plural>`. */
export const WORKLOAD_COLUMNS: Readonly<Record<string, readonly TableColumn[]>> = {
  "apps/deployments": DEPLOYMENT,
  "apps/replicasets": REPLICA_SET,
  "/services": SERVICE,
  "/endpoints": [NAME_COLUMN, column("Endpoints", subsetAddresses), AGE],
  "discovery.k8s.io/endpointslices": SLICE,
};
