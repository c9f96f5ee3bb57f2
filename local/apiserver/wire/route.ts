/** What a path under /api/v1 or /apis/GROUP/VERSION addresses. */
export interface ResourceRoute {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** "" for cluster scope, and for a list over all namespaces. */
  readonly namespace: string;
  /** "" for the collection. */
  readonly name: string;
  /** "" for the object itself; the rest of the path otherwise. */
  readonly subresource: string;
}

/** Parts of a namespace's own path that are not a namespaced resource. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(["status", "finalize"]);

function prefixOf(parts: readonly string[]): { group: string; version: string; rest: readonly string[] } | undefined {
  const [root, ...tail] = parts;
  if (root === "api" && tail.length >= 2) return { group: "", version: tail[0] ?? "", rest: tail.slice(1) };
  if (root === "apis" && tail.length >= 3) return { group: tail[0] ?? "", version: tail[1] ?? "", rest: tail.slice(2) };
  return undefined;
}

function decodedParts(parts: readonly string[]): string[] | undefined {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return undefined; // not percent-encoded text: nothing is there
  }
}

/** The resource a path addresses; undefined for discovery, health and everything else. Parts are decoded. */
export function resourceRoute(path: string): ResourceRoute | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const prefix = prefixOf(parts);
  if (!prefix) return undefined;
  const { group, version, rest } = prefix;
  const decoded = decodedParts(rest);
  if (!decoded) return undefined;
  const scoped = decoded[0] === "namespaces" && decoded.length > 2 && !(group === "" && NAMESPACE_SUBRESOURCES.has(decoded[2] ?? ""));
  const [namespace, tail] = scoped ? [decoded[1] ?? "", decoded.slice(2)] : ["", decoded];
  const [plural = "", name = "", ...subresource] = tail;
  return { group, version, plural, namespace, name, subresource: subresource.join("/") };
}
