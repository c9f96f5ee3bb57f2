import type { ServerRequest, User } from "./request.ts";
import { badRequest, unauthorized } from "./status.ts";

const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };
export const ADMINISTRATOR: User = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

/** Paths anybody on this machine may ask: they say that the server lives, and its version. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/version", "/version/", "/healthz", "/livez", "/readyz"]);

function authenticated(request: ServerRequest, tokens: ReadonlyMap<string, User>): User {
  if (request.identity) return request.identity;
  const header = request.headers["authorization"];
  if (header === undefined) return ANONYMOUS;
  const [scheme = "", token = ""] = header.trim().split(/\s+/, 2);
  const user = scheme.toLowerCase() === "bearer" ? tokens.get(token) : undefined;
  if (!user) throw unauthorized();
  return user;
}

function extraKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw badRequest(`the header Impersonate-Extra-${encoded} is not percent-encoded`);
  }
}

function impersonationExtra(headers: ServerRequest["headers"]): Record<string, string[]> {
  const prefix = "impersonate-extra-";
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, value]) => [extraKey(name.slice(prefix.length)), value.split(",").map((one) => one.trim())]));
}

/** The user a request acts as. An impersonation that names no user is refused, never ignored. */
function impersonated(user: User, headers: ServerRequest["headers"]): User {
  const wanted = Object.keys(headers).some((name) => name.startsWith("impersonate-"));
  if (!wanted) return user;
  if (user === ANONYMOUS) throw unauthorized();
  const name = headers["impersonate-user"] ?? "";
  const groups = (headers["impersonate-group"] ?? "")
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
  const uid = headers["impersonate-uid"];
  if (name === "") throw badRequest(`requested impersonation of groups [${groups.join(" ")}] without impersonating a user name`);
  const all = name === ANONYMOUS.name ? ANONYMOUS.groups : [...new Set([...groups, ...serviceAccountGroups(name), "system:authenticated"])];
  return { name, groups: all, ...(uid ? { uid } : {}), extra: impersonationExtra(headers) };
}

function serviceAccountGroups(name: string): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name) ?? [];
  return namespace ? ["system:serviceaccounts", `system:serviceaccounts:${namespace}`] : [];
}

/** Who asks, and as whom. Throws 401 when nobody we know does, 400 for a half impersonation. */
export function authenticate(request: ServerRequest, path: string, tokens: ReadonlyMap<string, User>): User {
  const user = authenticated(request, tokens);
  if (user === ANONYMOUS && !OPEN_PATHS.has(path) && !/^\/(healthz|livez|readyz)\//.test(path)) throw unauthorized();
  return impersonated(user, request.headers);
}
