import { isIP } from "node:net";
import { type Fields, jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { type Cause, fieldCause } from "../../../schema/structural/index.ts";
import { fieldsOf, listOf } from "./default-pod.ts";
import { labelProblems, labelValueProblems, portNameProblems, qualifiedNameProblems, subdomainProblems } from "./names.ts";

const { duplicate, forbidden, invalid, notSupported, required } = fieldCause;
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PORT_RANGE = "must be between 1 and 65535, inclusive";
const IP_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const each = (field: string, value: unknown, problems: readonly string[]): Cause[] => problems.map((problem) => invalid(field, value, problem));
const isPort = (value: unknown): boolean => typeof value === "number" && value >= 1 && value <= 65535;

function checkTarget(target: unknown, path: string): Cause[] {
  if (typeof target === "string") return each(path, target, portNameProblems(target));
  return isPort(target) ? [] : [invalid(path, target ?? 0, PORT_RANGE)];
}

interface PortRules {
  readonly named: boolean;
  readonly nodePorts: boolean;
  readonly type: unknown;
}

function checkName(port: Fields, path: string, named: boolean, seen: Set<string>): Cause[] {
  const name = textOf(port["name"]);
  if (name === "") return named ? [required(`${path}.name`, "")] : [];
  const causes = each(`${path}.name`, name, labelProblems(name));
  if (seen.has(name)) causes.push(duplicate(`${path}.name`, name));
  seen.add(name);
  return causes;
}

function checkPort(port: Fields, path: string, { named, nodePorts, type }: PortRules, names: Set<string>): Cause[] {
  const causes = checkName(port, path, named, names);
  if (!isPort(port["port"])) causes.push(invalid(`${path}.port`, port["port"] ?? 0, PORT_RANGE));
  if (!PROTOCOLS.includes(textOf(port["protocol"]))) causes.push(notSupported(`${path}.protocol`, port["protocol"] ?? "", PROTOCOLS));
  causes.push(...checkTarget(port["targetPort"], `${path}.targetPort`));
  if (!nodePorts && Number(port["nodePort"] ?? 0) !== 0) causes.push(forbidden(`${path}.nodePort`, `may not be used when \`type\` is '${textOf(type)}'`));
  return causes;
}

/** A port as the real server shows one that stands there twice. */
const shownPort = (port: Fields) => ({ Name: "", Protocol: port["protocol"], AppProtocol: null, Port: port["port"], TargetPort: 0, NodePort: 0 });

function checkPorts(spec: Fields): Cause[] {
  const ports = listOf(spec["ports"]);
  const type = spec["type"];
  const rules = { named: ports.length > 1, nodePorts: type === "NodePort" || type === "LoadBalancer", type };
  const names = new Set<string>();
  const seen = new Set<string>();
  const causes = ports.flatMap((port, index) => checkPort(port, `spec.ports[${index}]`, rules, names));
  for (const [index, port] of ports.entries()) {
    const key = `${textOf(port["protocol"])}/${String(port["port"])}`;
    if (seen.has(key)) causes.push(duplicate(`spec.ports[${index}]`, shownPort(port)));
    seen.add(key);
  }
  const headless = spec["clusterIP"] === "None";
  return ports.length === 0 && !headless && type !== "ExternalName" ? [required("spec.ports", ""), ...causes] : causes;
}

function checkSelector(spec: Fields): Cause[] {
  return Object.entries(fieldsOf(spec["selector"]) ?? {}).flatMap(([key, value]) => [
    ...each("spec.selector", key, qualifiedNameProblems(key)),
    ...each("spec.selector", value, labelValueProblems(textOf(value))),
  ]);
}

function checkType(spec: Fields): Cause[] {
  const type = textOf(spec["type"]);
  if (!TYPES.includes(type)) return [notSupported("spec.type", type, TYPES)];
  const headless = spec["clusterIP"] === "None";
  if (headless && (type === "NodePort" || type === "LoadBalancer"))
    return [invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`)];
  if (type !== "ExternalName") return [];
  const name = textOf(spec["externalName"]);
  return name === "" ? [required("spec.externalName", "")] : each("spec.externalName", name, subdomainProblems(name.replace(/\.$/, "")));
}

function checkAddresses(spec: Fields): Cause[] {
  const list = Array.isArray(spec["clusterIPs"]) ? (spec["clusterIPs"] as unknown[]) : [];
  return list.flatMap((ip, index) => (ip === "None" || isIP(textOf(ip)) > 0 ? [] : [invalid(`spec.clusterIPs[${index}]`, ip, IP_ADDRESS)]));
}

/** The address is the Service's for as long as it has one. */
function checkUpdate(spec: Fields, old: Fields): Cause[] {
  const [now, before] = [spec["clusterIPs"] ?? [], old["clusterIPs"] ?? []];
  if (spec["type"] === "ExternalName" || old["type"] === "ExternalName" || (before as unknown[]).length === 0 || jsonEqual(now, before)) return [];
  return [invalid("spec.clusterIPs[0]", now, "may not change once set")];
}

export function validateService(object: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = fieldsOf(object["spec"]) ?? {};
  const affinity = textOf(spec["sessionAffinity"]);
  return [
    ...checkPorts(spec),
    ...checkSelector(spec),
    ...(["ClientIP", "None"].includes(affinity) ? [] : [notSupported("spec.sessionAffinity", affinity, ["ClientIP", "None"])]),
    ...checkType(spec),
    ...checkAddresses(spec),
    ...(old ? checkUpdate(spec, fieldsOf(old["spec"]) ?? {}) : []),
  ];
}

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];

function checkSliceAddresses(endpoint: Fields, path: string, type: string): Cause[] {
  const addresses = Array.isArray(endpoint["addresses"]) ? (endpoint["addresses"] as unknown[]) : [];
  if (addresses.length === 0) return [required(`${path}.addresses`, "must contain at least 1 address")];
  if (type !== "IPv4" && type !== "IPv6") return [];
  return addresses.flatMap((one, index) => (isIP(textOf(one)) > 0 ? [] : [invalid(`${path}.addresses[${index}]`, one, IP_ADDRESS)]));
}

function checkSlicePorts(object: KubeObject): Cause[] {
  const names = new Set<string>();
  return listOf(object["ports"]).flatMap((port, index) => {
    const path = `ports[${index}]`;
    const name = textOf(port["name"]);
    const causes = names.has(name) ? [duplicate(`${path}.name`, name)] : name === "" ? [] : each(`${path}.name`, name, labelProblems(name));
    names.add(name);
    if (!PROTOCOLS.includes(textOf(port["protocol"]))) causes.push(notSupported(`${path}.protocol`, port["protocol"] ?? "", PROTOCOLS));
    return causes;
  });
}

/** Loopback addresses are accepted, unlike on a cluster: the pods of a laptop have no others. */
export function validateEndpointSlice(object: KubeObject, old: KubeObject | undefined): Cause[] {
  const type = textOf(object["addressType"]);
  const causes = ADDRESS_TYPES.includes(type) ? [] : [notSupported("addressType", type, ADDRESS_TYPES)];
  if (old && old["addressType"] !== type) causes.push(invalid("addressType", type, "field is immutable"));
  return [
    ...causes,
    ...checkSlicePorts(object),
    ...listOf(object["endpoints"]).flatMap((endpoint, index) => checkSliceAddresses(endpoint, `endpoints[${index}]`, type)),
  ];
}

/** Rules of a Scale that is written to a workload. */
export function validateScale(object: KubeObject): Cause[] {
  const replicas = fieldsOf(object["spec"])?.["replicas"];
  return typeof replicas === "number" && replicas < 0 ? [invalid("spec.replicas", replicas, "must be greater than or equal to 0")] : [];
}
