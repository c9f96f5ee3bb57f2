import type { Fields } from "../../../base/index.ts";
import { type Cause, fieldCause } from "../../../schema/structural/index.ts";
import { fieldsOf, listOf } from "./default-pod.ts";
import { configKeyProblems, labelProblems, portNameProblems } from "./names.ts";
import { quantityNanos } from "./quantity.ts";

const { duplicate, forbidden, invalid, notFound, notSupported, required } = fieldCause;
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES = ["File", "FallbackToLogsOnError"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const ENV_SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
const FIELD_PATH =
  /^(metadata\.(name|namespace|uid|labels\['[^']+'\]|annotations\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$/;
const ACTIONS = ["exec", "httpGet", "tcpSocket", "grpc"];

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const each = (field: string, value: unknown, problems: readonly string[]): Cause[] => problems.map((problem) => invalid(field, value, problem));

/** What the containers of a pod may refer to. */
export interface PodNames {
  readonly volumes: ReadonlySet<string>;
}

function checkPort(port: Fields, path: string, names: Set<string>): Cause[] {
  const causes: Cause[] = [];
  const name = textOf(port["name"]);
  if (name !== "") {
    const problems = portNameProblems(name);
    causes.push(...each(`${path}.name`, name, problems));
    if (problems.length === 0 && names.has(name)) causes.push(duplicate(`${path}.name`, name));
    names.add(name);
  }
  const number = Number(port["containerPort"] ?? 0);
  if (number === 0) causes.push(required(`${path}.containerPort`, ""));
  else if (number < 1 || number > 65535) causes.push(invalid(`${path}.containerPort`, number, "must be between 1 and 65535, inclusive"));
  const host = Number(port["hostPort"] ?? 0);
  if (host < 0 || host > 65535) causes.push(invalid(`${path}.hostPort`, host, "must be between 1 and 65535, inclusive"));
  if (!PROTOCOLS.includes(textOf(port["protocol"]))) causes.push(notSupported(`${path}.protocol`, port["protocol"] ?? "", PROTOCOLS));
  return causes;
}

function checkEnvSource(variable: Fields, source: Fields, path: string): Cause[] {
  const causes: Cause[] = [];
  const fieldPath = fieldsOf(source["fieldRef"])?.["fieldPath"];
  if (source["fieldRef"] !== undefined) {
    if (!fieldPath) causes.push(required(`${path}.fieldRef.fieldPath`, ""));
    else if (!FIELD_PATH.test(textOf(fieldPath)))
      causes.push(invalid(`${path}.fieldRef.fieldPath`, fieldPath, `error converting fieldPath: field label not supported: ${textOf(fieldPath)}`));
  }
  for (const reference of ["configMapKeyRef", "secretKeyRef"]) {
    const selector = fieldsOf(source[reference]);
    if (!selector) continue;
    if (!selector["key"]) causes.push(required(`${path}.${reference}.key`, ""));
    else causes.push(...each(`${path}.${reference}.key`, selector["key"], configKeyProblems(textOf(selector["key"]))));
  }
  const count = ENV_SOURCES.filter((name) => source[name] !== undefined).length;
  if (count === 0) causes.push(invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"));
  if (textOf(variable["value"]) !== "" && count > 0) causes.push(invalid(path, "", "may not be specified when `value` is not empty"));
  else if (count > 1) causes.push(invalid(path, "", "may not have more than one field specified at a time"));
  return causes;
}

function checkEnv(variable: Fields, path: string): Cause[] {
  const name = textOf(variable["name"]);
  const causes: Cause[] = [];
  if (name === "") causes.push(required(`${path}.name`, ""));
  else if (!/^[ -<>-~]+$/.test(name)) {
    causes.push(invalid(`${path}.name`, name, "a valid environment variable name must consist only of printable ASCII characters other than '='"));
  }
  const source = fieldsOf(variable["valueFrom"]);
  return source ? [...causes, ...checkEnvSource(variable, source, `${path}.valueFrom`)] : causes;
}

function checkMount(mount: Fields, path: string, names: PodNames, mounted: Set<string>): Cause[] {
  const causes: Cause[] = [];
  const name = textOf(mount["name"]);
  if (name === "") causes.push(required(`${path}.name`, ""));
  if (!names.volumes.has(name)) causes.push(notFound(`${path}.name`, name));
  const mountPath = textOf(mount["mountPath"]);
  if (mountPath === "") causes.push(required(`${path}.mountPath`, ""));
  if (mounted.has(mountPath)) causes.push(invalid(`${path}.mountPath`, mountPath, "must be unique"));
  mounted.add(mountPath);
  const subPath = textOf(mount["subPath"]);
  // The real server leaves the index out of this one.
  const listPath = path.slice(0, path.lastIndexOf("["));
  if (subPath !== "") {
    if (mount["subPathExpr"]) causes.push(invalid(`${path}.subPathExpr`, mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive"));
    if (subPath.startsWith("/")) causes.push(invalid(`${listPath}.subPath`, subPath, "must be a relative path"));
    if (subPath.split("/").includes("..")) causes.push(invalid(`${listPath}.subPath`, subPath, "must not contain '..'"));
  }
  return causes;
}

function checkResources(resources: Fields | undefined, path: string): Cause[] {
  const causes: Cause[] = [];
  const [limits, requests] = [fieldsOf(resources?.["limits"]) ?? {}, fieldsOf(resources?.["requests"]) ?? {}];
  for (const [list, quantities] of [
    ["limits", limits],
    ["requests", requests],
  ] as const) {
    for (const [name, quantity] of Object.entries(quantities)) {
      if ((quantityNanos(quantity) ?? 0n) < 0n) causes.push(invalid(`${path}.${list}[${name}]`, quantity, "must be greater than or equal to 0"));
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const [asked, limit] = [quantityNanos(request), quantityNanos(limits[name])];
    if (asked === undefined || limit === undefined) continue;
    if (asked > limit) causes.push(invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${textOf(limits[name])}`));
  }
  return causes;
}

function checkProbe(probe: Fields | undefined, path: string): Cause[] {
  if (!probe) return [];
  const actions = ACTIONS.filter((name) => probe[name] !== undefined);
  if (actions.length === 0) return [required(path, "must specify a handler type")];
  const causes = actions.slice(1).map((name) => forbidden(`${path}.${name}`, "may not specify more than 1 handler type"));
  const exec = fieldsOf(probe["exec"]);
  if (exec && listLength(exec["command"]) === 0) causes.push(required(`${path}.exec.command`, ""));
  const negative = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"].filter(
    (name) => Number(probe[name] ?? 0) < 0,
  );
  return [...causes, ...negative.map((name) => invalid(`${path}.${name}`, probe[name], "must be greater than or equal to 0"))];
}

const listLength = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

function checkIndexed(list: unknown, path: string, check: (item: Fields, path: string) => Cause[]): Cause[] {
  return listOf(list).flatMap((item, index) => check(item, `${path}[${index}]`));
}

/** Everything about one container but whether its name is taken. */
export function checkContainer(container: Fields, path: string, names: PodNames): Cause[] {
  const ports = new Set<string>();
  const mounted = new Set<string>();
  const causes: Cause[] = [];
  const name = textOf(container["name"]);
  if (name === "") causes.push(required(`${path}.name`, ""));
  else causes.push(...each(`${path}.name`, name, labelProblems(name)));
  const image = textOf(container["image"]);
  if (image === "") causes.push(required(`${path}.image`, ""));
  else if (image !== image.trim()) causes.push(invalid(`${path}.image`, image, "must not have leading or trailing whitespace"));
  if (!MESSAGE_POLICIES.includes(textOf(container["terminationMessagePolicy"]))) {
    causes.push(notSupported(`${path}.terminationMessagePolicy`, container["terminationMessagePolicy"] ?? "", MESSAGE_POLICIES));
  }
  causes.push(...checkIndexed(container["ports"], `${path}.ports`, (port, portPath) => checkPort(port, portPath, ports)));
  causes.push(...checkIndexed(container["env"], `${path}.env`, checkEnv));
  causes.push(...checkIndexed(container["volumeMounts"], `${path}.volumeMounts`, (mount, mountPath) => checkMount(mount, mountPath, names, mounted)));
  if (!PULL_POLICIES.includes(textOf(container["imagePullPolicy"])))
    causes.push(notSupported(`${path}.imagePullPolicy`, container["imagePullPolicy"] ?? "", PULL_POLICIES));
  causes.push(...checkResources(fieldsOf(container["resources"]), `${path}.resources`));
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) causes.push(...checkProbe(fieldsOf(container[probe]), `${path}.${probe}`));
  return causes;
}
