import type { Attributes } from "../authorize.ts";
import { flag } from "../wire/options.ts";
import type { ResourceRoute } from "../wire/route.ts";

const VERBS: Readonly<Record<string, string>> = { GET: "get", HEAD: "get", POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** The name that a field selector pins a list to, so that a role for one name allows to watch it. */
function selectedName(query: URLSearchParams): string {
  const selector = query.get("fieldSelector") ?? "";
  const names = selector
    .split(",")
    .map((part) => /^metadata\.name==?([^=!]+)$/.exec(part)?.[1])
    .filter((name) => name !== undefined);
  return names.length === 1 ? (names[0] ?? "") : "";
}

function collectionVerb(verb: string, query: URLSearchParams): string {
  if (verb === "delete") return "deletecollection";
  if (verb !== "get") return verb;
  return flag(query, "watch") === true ? "watch" : "list";
}

/** What a request to a resource is called when rights are asked about, whether or not such a resource is served. */
function resourceAttributes(method: string, route: ResourceRoute, query: URLSearchParams): Attributes {
  const { group, plural, subresource } = route;
  const verb = VERBS[method] ?? "";
  const own = group === "" && plural === "namespaces" && route.namespace === "";
  const wanted = { group, resource: plural, subresource: subresource.split("/", 1)[0] ?? "", namespace: own ? route.name : route.namespace, path: "" };
  if (route.name !== "") return { ...wanted, verb, name: route.name };
  const chosen = collectionVerb(verb, query);
  return { ...wanted, verb: chosen, name: chosen === verb ? "" : selectedName(query) };
}

/** What a request asks for, in the words of RBAC. */
export function requestAttributes(method: string, path: string, query: URLSearchParams, route: ResourceRoute | undefined): Attributes {
  if (route) return resourceAttributes(method, route, query);
  return { verb: method.toLowerCase(), group: "", resource: "", subresource: "", namespace: "", name: "", path };
}
