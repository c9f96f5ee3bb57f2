import type { KubeObject } from "../../../kube/index.ts";
import { ageOf } from "../wire/age.ts";
import { NAME_COLUMN } from "./custom-columns.ts";
import { jsonPath } from "./json-path.ts";
import { podPhase, podReady, podRestarts } from "./pod-columns.ts";
import type { TableColumn } from "./served-kind.ts";
import { WORKLOAD_COLUMNS } from "./workload-columns.ts";

type Cell = TableColumn["cell"];

const column = (name: string, cell: Cell, more: Partial<TableColumn> = {}): TableColumn => ({ name, type: "string", priority: 0, cell, ...more });
const wide = { priority: 1 } as const;
const AGE = column("Age", (object, now) => ageOf(object.metadata.creationTimestamp, now));

/** The text at a path, or a stand-in. */
function at(path: string, absent = ""): Cell {
  const read = jsonPath(path);
  return (object) => {
    const [value] = read(object);
    return value === undefined || value === null || value === "" ? absent : String(value);
  };
}

function size(path: string): Cell {
  const read = jsonPath(path);
  return (object) => Object.keys((read(object)[0] ?? {}) as object).length;
}

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

function subjects(kind: string): Cell {
  return (object) => {
    const found = ((object["subjects"] ?? []) as Subject[]).filter((subject) => subject.kind === kind);
    return found.map(({ name, namespace }) => (namespace ? `${namespace}/${name}` : name)).join(", ");
  };
}

const BINDING = [
  NAME_COLUMN,
  column("Role", (object) => {
    const role = object["roleRef"] as { kind: string; name: string };
    return `${role.kind}/${role.name}`;
  }),
  AGE,
  column("Users", subjects("User"), wide),
  column("Groups", subjects("Group"), wide),
  column("ServiceAccounts", subjects("ServiceAccount"), wide),
];

const CREATED_AT = column("Created At", (object) => object.metadata.creationTimestamp, { type: "date" });

interface EventFields {
  lastTimestamp?: string;
  eventTime?: string;
  firstTimestamp?: string;
  count?: number;
  series?: { count?: number; lastObservedTime?: string };
  involvedObject?: { kind?: string; name?: string; fieldPath?: string };
  regarding?: { kind?: string; name?: string; fieldPath?: string };
}

const subjectOf = (event: EventFields) => event.involvedObject ?? event.regarding ?? {};

/** The event as its core form, whichever it is shown in. */
function eventFields(object: KubeObject): EventFields & Record<string, unknown> {
  const event = object as unknown as EventFields & Record<string, unknown>;
  const pick = (core: string, grouped: string) => event[core] ?? event[grouped];
  return {
    ...event,
    lastTimestamp: pick("lastTimestamp", "deprecatedLastTimestamp") as string,
    firstTimestamp: pick("firstTimestamp", "deprecatedFirstTimestamp") as string,
    count: pick("count", "deprecatedCount") as number,
  };
}

/** `component, host`, from whichever pair of fields the reporter filled in. */
function eventSource(object: KubeObject): string {
  const { component, host } = (object["source"] ?? object["deprecatedSource"] ?? {}) as { component?: string; host?: string };
  const parts = [component || object["reportingComponent"] || object["reportingController"], host || object["reportingInstance"]];
  return parts.filter(Boolean).join(", ");
}

const eventColumns: readonly TableColumn[] = [
  column("Last Seen", (object, now) => {
    const event = eventFields(object);
    return ageOf(event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp, now);
  }),
  column("Type", at(".type")),
  column("Reason", at(".reason")),
  column("Object", (object) => {
    const { kind = "", name = "" } = subjectOf(eventFields(object));
    return `${kind.toLowerCase()}/${name}`;
  }),
  column("Subobject", (object) => subjectOf(eventFields(object)).fieldPath ?? "", wide),
  column("Source", eventSource, wide),
  column("Message", (object) => String(object["message"] ?? object["note"] ?? "").trim()),
  column("First Seen", (object, now) => ageOf(eventFields(object).firstTimestamp ?? eventFields(object).eventTime, now), wide),
  column("Count", (object) => Number(eventFields(object).series?.count ?? eventFields(object).count ?? 1), wide),
  { ...NAME_COLUMN, priority: 1 },
];

function nodeStatus(object: KubeObject): string {
  const conditions = ((object["status"] as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? []).filter(
    ({ type }) => type === "Ready",
  );
  const ready = conditions.map(({ status }) => (status === "True" ? "Ready" : "NotReady"))[0] ?? "Unknown";
  return (object["spec"] as { unschedulable?: boolean } | undefined)?.unschedulable ? `${ready},SchedulingDisabled` : ready;
}

function nodeRoles(object: KubeObject): string {
  const prefix = "node-role.kubernetes.io/";
  const labels = Object.keys(object.metadata.labels ?? {});
  const roles = labels.filter((label) => label.startsWith(prefix)).map((label) => label.slice(prefix.length));
  return roles.length > 0 ? roles.sort().join(",") : "<none>";
}

const address = (type: string): Cell => at(`.status.addresses[?(@.type=="${type}")].address`, "<none>");

function quotaUse(prefix: RegExp): Cell {
  return (object) => {
    const { hard = {}, used = {} } = (object["status"] ?? {}) as { hard?: Record<string, unknown>; used?: Record<string, unknown> };
    const names = Object.keys(hard)
      .sort()
      .filter((name) => prefix.test(name));
    return names.map((name) => `${name}: ${String(used[name] ?? 0)}/${String(hard[name])}`).join(", ");
  };
}

function podSelector(object: KubeObject): string {
  const selector = (object["spec"] as { podSelector?: { matchLabels?: Record<string, string> } } | undefined)?.podSelector?.matchLabels ?? {};
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  return labels.length > 0 ? labels.join(",") : "<none>";
}

const COLUMNS: Readonly<Record<string, readonly TableColumn[]>> = {
  ...WORKLOAD_COLUMNS,
  "/configmaps": [NAME_COLUMN, column("Data", (object, now) => Number(size(".data")(object, now)) + Number(size(".binaryData")(object, now))), AGE],
  "/secrets": [NAME_COLUMN, column("Type", at(".type")), column("Data", size(".data")), AGE],
  "/serviceaccounts": [NAME_COLUMN, AGE],
  "/namespaces": [NAME_COLUMN, column("Status", at(".status.phase")), AGE],
  "/limitranges": [NAME_COLUMN, CREATED_AT],
  "/resourcequotas": [NAME_COLUMN, column("Request", quotaUse(/^(?!limits\.)/)), column("Limit", quotaUse(/^limits\./)), AGE],
  "/events": eventColumns,
  "events.k8s.io/events": eventColumns,
  "/nodes": [
    NAME_COLUMN,
    column("Status", nodeStatus),
    column("Roles", nodeRoles),
    AGE,
    column("Version", at(".status.nodeInfo.kubeletVersion")),
    column("Internal-IP", address("InternalIP"), wide),
    column("External-IP", address("ExternalIP"), wide),
    column("OS-Image", at(".status.nodeInfo.osImage", "<unknown>"), wide),
    column("Kernel-Version", at(".status.nodeInfo.kernelVersion", "<unknown>"), wide),
    column("Container-Runtime", at(".status.nodeInfo.containerRuntimeVersion", "<unknown>"), wide),
  ],
  "/pods": [
    NAME_COLUMN,
    column("Ready", podReady),
    column("Status", podPhase),
    column("Restarts", podRestarts),
    AGE,
    column("IP", at(".status.podIP", "<none>"), wide),
    column("Node", at(".spec.nodeName", "<none>"), wide),
    column("Nominated Node", at(".status.nominatedNodeName", "<none>"), wide),
    column("Readiness Gates", () => "<none>", wide),
  ],
  "coordination.k8s.io/leases": [NAME_COLUMN, column("Holder", at(".spec.holderIdentity")), AGE],
  "networking.k8s.io/networkpolicies": [NAME_COLUMN, column("Pod-Selector", podSelector), AGE],
  "rbac.authorization.k8s.io/roles": [NAME_COLUMN, CREATED_AT],
  "rbac.authorization.k8s.io/clusterroles": [NAME_COLUMN, CREATED_AT],
  "rbac.authorization.k8s.io/rolebindings": BINDING,
  "rbac.authorization.k8s.io/clusterrolebindings": BINDING,
  "apiextensions.k8s.io/customresourcedefinitions": [NAME_COLUMN, CREATED_AT],
};

/** What `kubectl get` shows of a built-in kind. */
export function builtinColumns(group: string, plural: string): readonly TableColumn[] {
  return COLUMNS[`${group}/${plural}`] ?? [NAME_COLUMN, AGE];
}
