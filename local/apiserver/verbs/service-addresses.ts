import type { Fields, Random } from "../../../base/index.ts";
import { isFields, jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import type { Cause } from "../../../schema/structural/index.ts";
import type { Core } from "../core.ts";
import { invalid } from "../status.ts";

/**
 * Addresses of Services. They lie in 127.96.0.0/12, which is this machine itself: pods run as its processes, so whoever
 * forwards connections can listen on an address of its own for each Service.
 */
const FIRST = (127 << 24) | (96 << 16);
const COUNT = 1 << 20;
const NODE_PORTS = { first: 30_000, last: 32_767 } as const;
/** So many allocations back an address or port is not given again: by then the write that took it is committed or has failed. */
const REMEMBERED = 1_024;
const TRIES = 10_000;

/** What was handed out lately, per server. */
const recent = new WeakMap<Core, Set<string>>();

function remember(core: Core, taken: string): void {
  const set = recent.get(core) ?? new Set<string>();
  recent.set(core, set.add(taken));
  for (const oldest of set) {
    if (set.size <= REMEMBERED) break;
    set.delete(oldest);
  }
}

const specOf = (object: KubeObject): Fields => (isFields(object["spec"]) ? object["spec"] : {});
const portsOf = (spec: Fields): Fields[] => (Array.isArray(spec["ports"]) ? spec["ports"].filter(isFields) : []);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

function textOfAddress(offset: number): string {
  const address = FIRST + offset;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

function inRange(text: string): boolean {
  const parts = text.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return false;
  const value = parts.reduce((sum, part) => sum * 256 + part, 0);
  return value > FIRST && value < FIRST + COUNT - 1;
}

interface Taken {
  readonly addresses: ReadonlySet<unknown>;
  readonly nodePorts: ReadonlySet<unknown>;
}

function taken(core: Core, except: string): Taken {
  const others = core.store.list("/services", "").filter(({ object }) => object.metadata.uid !== except);
  const specs = others.map(({ object }) => specOf(object));
  return {
    addresses: new Set(specs.flatMap((spec) => listOf(spec["clusterIPs"]))),
    nodePorts: new Set(specs.flatMap((spec) => portsOf(spec).map((port) => port["nodePort"]))),
  };
}

function pick(random: Random, count: number, isFree: (offset: number) => boolean): number | undefined {
  for (let tries = 0; tries < TRIES; tries++) {
    const offset = Math.floor(random.next() * count);
    if (isFree(offset)) return offset;
  }
  return undefined;
}

function refuse(object: KubeObject, field: string, value: unknown, why: string): never {
  const cause: Cause = { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
  throw invalid({ group: "", kind: "Service" }, object.metadata.name ?? "", [cause]);
}

function giveAddress(core: Core, object: KubeObject, spec: Fields, used: Taken): void {
  const [asked] = listOf(spec["clusterIPs"]);
  if (asked === "None") return;
  const wasRecent = (text: string) => recent.get(core)?.has(text) ?? false;
  if (typeof asked === "string" && asked !== "") {
    const failed = `failed to allocate IP ${asked}: `;
    if (!/^[0-9.]+$/.test(asked)) return;
    if (!inRange(asked)) refuse(object, "spec.clusterIPs", [asked], `${failed}the provided network does not match the current range`);
    if (used.addresses.has(asked)) refuse(object, "spec.clusterIPs", [asked], `${failed}provided IP is already allocated`);
    return;
  }
  const free = (offset: number) => offset > 0 && offset < COUNT - 1 && !used.addresses.has(textOfAddress(offset)) && !wasRecent(textOfAddress(offset));
  const address = textOfAddress(pick(core.random, COUNT, free) ?? refuse(object, "spec.clusterIPs", null, "failed to allocate a serviceIP: range is full"));
  remember(core, address);
  spec["clusterIP"] = address;
  spec["clusterIPs"] = [address];
}

/** Families are those of a laptop: IPv4. A headless Service without a selector may have any. */
function giveFamilies(spec: Fields): void {
  const open = spec["clusterIP"] === "None" && Object.keys((spec["selector"] ?? {}) as object).length === 0;
  spec["ipFamilies"] ??= open ? ["IPv4", "IPv6"] : ["IPv4"];
  spec["ipFamilyPolicy"] ??= open ? "RequireDualStack" : "SingleStack";
}

const hasNodePorts = (spec: Fields): boolean =>
  spec["type"] === "NodePort" || (spec["type"] === "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] !== false);

function giveNodePorts(core: Core, object: KubeObject, spec: Fields, used: Taken): void {
  const { first, last } = NODE_PORTS;
  const own = new Set(portsOf(spec).map((port) => port["nodePort"]));
  for (const [index, port] of portsOf(spec).entries()) {
    const field = `spec.ports[${index}].nodePort`;
    const asked = Number(port["nodePort"] ?? 0);
    if (asked !== 0) {
      if (asked < first || asked > last) refuse(object, field, asked, `provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
      if (used.nodePorts.has(asked)) refuse(object, field, asked, "provided port is already allocated");
      continue;
    }
    const free = (offset: number) =>
      !used.nodePorts.has(first + offset) && !own.has(first + offset) && !(recent.get(core)?.has(String(first + offset)) ?? false);
    const given = first + (pick(core.random, last - first + 1, free) ?? refuse(object, field, null, "failed to allocate a nodePort: range is full"));
    remember(core, String(given));
    own.add(given);
    port["nodePort"] = given;
  }
}

/** Gives a Service what it does not have yet: an address, ports of the node. In place. */
export function giveAddresses(core: Core, object: KubeObject, live?: KubeObject): void {
  const spec = specOf(object);
  if (spec["type"] === "ExternalName") return;
  const used = taken(core, object.metadata.uid ?? "");
  // The address of a Service that has one is not for this function to judge: it may not change.
  if (live === undefined || listOf(specOf(live)["clusterIPs"]).length === 0) giveAddress(core, object, spec, used);
  giveFamilies(spec);
  if (hasNodePorts(spec)) giveNodePorts(core, object, spec, used);
}

/** Carries over what the server gave the live Service and the update does not say, and takes away what its new type does not have. In place. */
export function keepAddresses(object: KubeObject, live: KubeObject): void {
  const [spec, old] = [specOf(object), specOf(live)];
  if (spec["type"] === "ExternalName") {
    for (const field of ["clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy", "clusterIP"])
      if (jsonEqual(spec[field], old[field]) || field === "internalTrafficPolicy") delete spec[field];
    return;
  }
  if (old["type"] !== "ExternalName") for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) spec[field] ??= old[field];
  const before = portsOf(old);
  if (!hasNodePorts(spec)) {
    if (hasNodePorts(old)) {
      for (const port of portsOf(spec)) if (before.some((one) => one["nodePort"] === port["nodePort"])) delete port["nodePort"];
      if (jsonEqual(spec["externalTrafficPolicy"], old["externalTrafficPolicy"])) delete spec["externalTrafficPolicy"];
    }
    return;
  }
  for (const port of portsOf(spec)) {
    const same = before.find((one) => one["port"] === port["port"] && one["protocol"] === port["protocol"]);
    if (port["nodePort"] === undefined && same?.["nodePort"] !== undefined) port["nodePort"] = same["nodePort"];
  }
}
