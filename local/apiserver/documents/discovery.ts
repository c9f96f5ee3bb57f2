import type { Core } from "../core.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import type { ServerResponse } from "../request.ts";
import { notServed } from "../status.ts";
import { jsonResponse } from "../wire/encode.ts";
import type { DiscoveredResource, DiscoveredSubresource } from "./discovered-resource.ts";
import type { DocumentRequest } from "./document-request.ts";
import { REVIEW_KINDS } from "./review-kinds.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/** The same, in the order in which the real server names them for custom kinds. */
const CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

function verbsOf(kind: ServedKind): readonly string[] {
  if (!kind.builtin) return CUSTOM_VERBS;
  return kind.collection === "/namespaces" ? VERBS.filter((verb) => verb !== "deletecollection") : VERBS;
}

const SUBRESOURCE_VERBS: Readonly<Record<string, readonly string[]>> = {
  status: ["get", "patch", "update"],
  scale: ["get", "patch", "update"],
  finalize: ["update"],
  log: ["get"],
  exec: ["create", "get"],
  attach: ["create", "get"],
  portforward: ["create", "get"],
  binding: ["create"],
  token: ["create"],
};

/** Kinds that subresources speak of, where it is not their resource's own. */
const SUBRESOURCE_KINDS: Readonly<Record<string, Pick<DiscoveredSubresource, "kind" | "group" | "version">>> = {
  exec: { kind: "PodExecOptions" },
  attach: { kind: "PodAttachOptions" },
  portforward: { kind: "PodPortForwardOptions" },
  binding: { kind: "Binding" },
  token: { kind: "TokenRequest", group: "authentication.k8s.io", version: "v1" },
  scale: { kind: "Scale", group: "autoscaling", version: "v1" },
};

function discoveredSubresource(kind: ServedKind, name: string): DiscoveredSubresource {
  return { name, kind: kind.kind, ...SUBRESOURCE_KINDS[name], verbs: SUBRESOURCE_VERBS[name] ?? ["get"] };
}

function discovered(kind: ServedKind): DiscoveredResource {
  return {
    group: kind.group,
    version: kind.version,
    name: kind.plural,
    kind: kind.kind,
    singular: kind.singular,
    namespaced: kind.namespaced,
    verbs: verbsOf(kind),
    shortNames: kind.shortNames,
    categories: kind.categories,
    subresources: kind.subresources.map((name) => discoveredSubresource(kind, name)),
  };
}

interface Group {
  readonly name: string;
  readonly versions: ReadonlyMap<string, readonly DiscoveredResource[]>;
}

const VERSION = /^v([0-9]+)(?:(alpha|beta)([0-9]+))?$/;
const STAGES = ["alpha", "beta", undefined];

/** Kubernetes' own order of versions: stable before beta before alpha, newest first, others last by name. */
export function compareVersions(left: string, right: string): number {
  const [one, other] = [VERSION.exec(left), VERSION.exec(right)];
  if (!one || !other) return one ? -1 : other ? 1 : left < right ? -1 : Number(left !== right);
  const stage = STAGES.indexOf(other[2]) - STAGES.indexOf(one[2]);
  return stage || Number(other[1]) - Number(one[1]) || Number(other[3] ?? 0) - Number(one[3] ?? 0);
}

function groupsOf(resources: readonly DiscoveredResource[]): Group[] {
  const groups = new Map<string, Map<string, DiscoveredResource[]>>();
  for (const resource of resources) {
    const versions = groups.get(resource.group) ?? new Map<string, DiscoveredResource[]>();
    groups.set(resource.group, versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource]));
  }
  return [...groups].map(([name, versions]) => ({ name, versions: new Map([...versions].sort(([left], [right]) => compareVersions(left, right))) }));
}

function optional(resource: DiscoveredResource): object {
  const { shortNames, categories } = resource;
  return { ...(shortNames.length > 0 ? { shortNames } : {}), ...(categories.length > 0 ? { categories } : {}) };
}

function kindOf({ group, version, kind }: DiscoveredSubresource): object {
  return group === undefined ? { kind } : { group, version, kind };
}

function resourceList(groupVersion: string, resources: readonly DiscoveredResource[]): object {
  const entries = resources.flatMap((resource) => {
    const { name, namespaced, kind, verbs } = resource;
    const own = { name, singularName: resource.singular, namespaced, kind, verbs, ...optional(resource) };
    const below = resource.subresources.map((sub) => ({ name: `${name}/${sub.name}`, singularName: "", namespaced, ...kindOf(sub), verbs: sub.verbs }));
    return [own, ...below];
  });
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources: entries };
}

function aggregatedResource(resource: DiscoveredResource): object {
  const { group, version } = resource.group === "" ? { group: "", version: "" } : resource;
  const responseKind = (kind: string) => ({ group, version, kind });
  const subresources = resource.subresources.map((sub) => ({
    subresource: sub.name,
    responseKind: { ...responseKind(sub.kind), ...kindOf(sub) },
    verbs: sub.verbs,
  }));
  return {
    resource: resource.name,
    responseKind: responseKind(resource.kind),
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...optional(resource),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

function aggregated(groups: readonly Group[], apiVersion: string): object {
  const items = groups.map(({ name, versions }) => ({
    metadata: name === "" ? {} : { name },
    versions: [...versions].map(([version, resources]) => ({ version, resources: resources.map(aggregatedResource), freshness: "Current" })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion, metadata: {}, items };
}

function groupObject({ name, versions }: Group): object {
  const all = [...versions.keys()].map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

const AGGREGATED = /application\/json;[^,]*g=apidiscovery\.k8s\.io;[^,]*v=(v2|v2beta1)\b;?[^,]*as=APIGroupDiscoveryList/;

/** Everything about one state of the registry, by path; `accept` chooses the aggregated form of the two roots. */
function documentOf(groups: readonly Group[], path: string, accept: string): { body: object; type: string } | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const json = (body: object) => ({ body, type: "application/json" });
  const core = groups.filter(({ name }) => name === "");
  const named = groups.filter(({ name }) => name !== "");
  if (parts.length === 1) {
    const version = AGGREGATED.exec(accept.replaceAll(" ", ""))?.[1];
    const list = parts[0] === "api" ? core : named;
    if (version)
      return { body: aggregated(list, `apidiscovery.k8s.io/${version}`), type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList` };
    if (parts[0] === "api") return json({ kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] });
    return json({ kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupObject) });
  }
  const group = parts[0] === "api" ? core[0] : named.find(({ name }) => name === parts[1]);
  const version = parts[0] === "api" ? parts[1] : parts[2];
  if (!group) return undefined;
  if (version === undefined) return json({ kind: "APIGroup", apiVersion: "v1", ...groupObject(group) });
  const resources = group.versions.get(version);
  if (!resources) throw notServed();
  return json(resourceList(group.name === "" ? version : `${group.name}/${version}`, resources));
}

const PATH = /^\/(api(\/[^/]+)?|apis(\/[^/]+){0,2})\/?$/;

/** Answers /api, /apis and what is below them down to one version. */
export function discovery(core: Core): (request: DocumentRequest) => ServerResponse | undefined {
  let groups: readonly Group[] = [];
  let revision = -1;
  return ({ method, path, headers }) => {
    if (!PATH.test(path) || (method !== "GET" && method !== "HEAD")) return undefined;
    if (revision !== core.kinds.revision) groups = groupsOf([...core.kinds.all().map(discovered), ...REVIEW_KINDS]);
    revision = core.kinds.revision;
    const found = documentOf(groups, path, headers["accept"] ?? "");
    if (!found) return undefined;
    const response = jsonResponse(200, found.body);
    return { ...response, headers: { "content-type": found.type, vary: "Accept" } };
  };
}
